using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>
/// Ends appends whose process has frozen, or can no longer be reached, while it copies events. PostgreSQL's own time-outs end whatever else
/// such a process holds, but no COPY that waits for its client; and each holds the safe position and its customers' streams.
/// </summary>
internal sealed partial class StalledAppends(Place place, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(int Pid, DateTime Started), long> copied = [];
    private long? lookedAt;

    /// <summary>A copy that began later is left alone.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Ends those that wait for their client and have not got a byte since the look before.</summary>
    public async Task EndAsync(CancellationToken ct)
    {
        if (lookedAt is { } before && time.GetElapsedTime(before) < BetweenLooks) return;
        var waiting = await WaitingAsync(ct);
        lookedAt = time.GetTimestamp();
        foreach (var (copy, bytes) in waiting.Where(copy => copied.TryGetValue(copy.Key, out var then) && then == copy.Value))
        {
            await using var end = place.BatchOfUser(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and query_start = $2",
                new NpgsqlParameter<int> { TypedValue = copy.Pid }, new NpgsqlParameter<DateTime> { TypedValue = copy.Started });
            await using var ended = await end.ExecuteReaderAsync(ct);
            await ended.NextResultAsync(ct);
            if (await ended.ReadAsync(ct) && ended.GetBoolean(0)) LogEnded(logger, copy.Pid, bytes);
        }
        copied.Clear();
        foreach (var (copy, bytes) in waiting) copied.Add(copy, bytes);
    }

    private async Task<Dictionary<(int Pid, DateTime Started), long>> WaitingAsync(CancellationToken ct)
    {
        const string sql = """
            select a.pid, a.query_start, c.bytes_processed
            from pg_stat_progress_copy c join pg_stat_activity a on a.pid = c.pid
            join pg_class r on r.oid = c.relid and r.relname = 'mt_events' join pg_namespace n on n.oid = r.relnamespace and n.nspname = '{schema}'
            where c.datid = (select oid from pg_database where datname = current_database())
              and c.command = 'COPY FROM' and a.usename = session_user and a.wait_event = 'ClientRead' and a.query_start < clock_timestamp() - $1
            """;
        await using var batch = place.BatchOfUser(sql, new NpgsqlParameter<TimeSpan> { TypedValue = Patience });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var waiting = new Dictionary<(int, DateTime), long>();
        while (await reader.ReadAsync(ct)) waiting.Add((reader.GetInt32(0), reader.GetDateTime(1)), reader.GetInt64(2));
        return waiting;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Ended the append of PostgreSQL's process {Pid}, whose client was not heard of after {Bytes} bytes.")]
    private static partial void LogEnded(ILogger logger, int pid, long bytes);
}
