using System.Collections.Concurrent;
using Npgsql;
using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Projections.Replays;

/// <summary>A stretch of the log, read by binary COPY on the calling thread, row by row and without keeping any.</summary>
/// <param name="After">The position before its first.</param>
/// <param name="UpTo">Its last position; at most the safe position.</param>
internal readonly record struct LogStretch(long After, long UpTo)
{
    /// <param name="tenant">The one tenant that is read; null for all.</param>
    public void Read(NpgsqlConnection connection, Place place, string? tenant, Action<Row> take)
    {
        // COPY takes no parameters; tenant names are [a-z0-9-], and quoted all the same.
        var own = tenant is null ? "" : $"and tenant_id = '{tenant.Replace("'", "''", StringComparison.Ordinal)}'";
        var sql = $$"""
            copy (select {{Row.Columns}} from {schema}.mt_events
                  where seq_id > {{After}} and seq_id <= {{UpTo}} and not is_archived and type <> 'tombstone' {{own}} order by seq_id)
            to stdout (format binary)
            """;
        using var copy = connection.BeginBinaryExport(place.Qualify(sql));
        var whole = false;
        try
        {
            while (copy.StartRow() >= 0) take(RowOf(copy));
            whole = true;
        }
        finally
        {
            if (!whole) copy.Cancel();
        }
    }

    private static Row RowOf(NpgsqlBinaryExporter copy) => new(
        Position: copy.Read<long>(NpgsqlDbType.Bigint),
        EventId: copy.Read<Guid>(NpgsqlDbType.Uuid),
        Tenant: copy.Read<string>(NpgsqlDbType.Varchar),
        Stream: copy.Read<string>(NpgsqlDbType.Varchar),
        Version: copy.Read<long>(NpgsqlDbType.Bigint),
        Type: copy.Read<string>(NpgsqlDbType.Varchar),
        Data: copy.Read<byte[]>(NpgsqlDbType.Jsonb),
        Headers: HeadersOf(copy),
        RecordedAt: copy.Read<DateTimeOffset>(NpgsqlDbType.TimestampTz));

    private static byte[]? HeadersOf(NpgsqlBinaryExporter copy)
    {
        if (!copy.IsNull) return copy.Read<byte[]>(NpgsqlDbType.Jsonb);
        copy.Skip();
        return null;
    }
}

/// <summary>The log cut into stretches, which readers take one after the other.</summary>
/// <param name="Events">About how many events it has; positions have gaps.</param>
internal sealed record LogStretches(long Events, ConcurrentQueue<LogStretch> Left)
{
    private const long Longest = 200_000;

    public static async Task<LogStretches> OfAsync(Place place, ReplayPlan plan, CancellationToken ct)
    {
        var (first, last) = await BoundsAsync(place, plan.UpTo, ct);
        var length = Math.Clamp((last - first + 1) / plan.Workers / 4, 1, Longest);
        var stretches = new ConcurrentQueue<LogStretch>();
        for (var after = first - 1; after < last; after += length) stretches.Enqueue(new LogStretch(after, Math.Min(after + length, last)));
        return new LogStretches(last - first + 1, stretches);
    }

    /// <summary>The first and the last position; the last lies before the first where there is nothing.</summary>
    private static async Task<(long First, long Last)> BoundsAsync(Place place, long upTo, CancellationToken ct)
    {
        await using var command = place.Command("select coalesce(min(seq_id), 1), coalesce(max(seq_id), 0) from {schema}.mt_events where seq_id <= $1");
        command.Parameters.AddWithValue(upTo);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
