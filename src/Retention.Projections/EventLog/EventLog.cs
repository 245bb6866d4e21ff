using System.Diagnostics;
using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;

namespace Retention.Projections.EventLog;

/// <summary>
/// The facts, in Marten's tables: events in streams, every event at a position of its own. An append that returned is durable; one that
/// threw an error of the connection may have been committed, and is repeated with the same ids.
/// </summary>
public sealed class EventLog(Place place)
{
    /// <summary>An append that collided so often with other writers keeps them out the next time.</summary>
    private const int CollisionsUntilAlone = 2;

    /// <summary>An append that collided so often gives up.</summary>
    private const int MostCollisions = 6;

    /// <summary>A page of large events ends earlier than its limit says.</summary>
    private const long MostPageBytes = 16L * 1024 * 1024;

    private const string Select = $$"""
        select {{Row.Columns}} from {schema}.mt_events
        where seq_id > $1 and seq_id <= $2 and not is_archived and type <> 'tombstone'
          and ($4::varchar is null or tenant_id = $4) and ($5::varchar[] is null or tenant_id <> all($5))
        order by seq_id limit $3
        """;

    /// <summary>
    /// Stores what is new of a batch, in its order, for any mix of the tenant's streams. A repeat (same id, same content) changes nothing.
    /// </summary>
    /// <returns>A verdict for each event, in the batch's order. Nothing but what is stored draws a number.</returns>
    /// <exception cref="VersionConflictException">A new event expects another version of its stream; nothing was stored.</exception>
    /// <exception cref="PostgresException">
    /// unique_violation or deadlock_detected: other writers sent the same ids for other streams, again and again; nothing was stored.
    /// </exception>
    /// <exception cref="NpgsqlException">The connection failed: whether the batch was committed is unknown.</exception>
    public async Task<IReadOnlyList<Appended>> AppendAsync(
        string tenant, IReadOnlyList<NewEvent> events, AppendMode mode, CancellationToken ct)
    {
        if (events.Count == 0) return [];
        var (transaction, started) = (new AppendTransaction(place, tenant, events), Stopwatch.GetTimestamp());
        for (var collisions = 0; ;)
        {
            try
            {
                var appended = await transaction.RunAsync(mode, alone: collisions >= CollisionsUntilAlone, ct);
                Instruments.Append.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
                return appended;
            }
            catch (PostgresException collision)
                when (collision.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected
                    && ++collisions < MostCollisions)
            {
                // Another writer has, or had first, one of the ids for another stream; in the next run its event is found as known. Or
                // another client of the tables, which writes its events before it locks the stream's row, closed a circle with us.
            }
        }
    }

    /// <summary>
    /// One page of the log. Read up to the safe position, by a statement that begins after the position was learned: only then is the
    /// page complete for ever.
    /// </summary>
    public async Task<LogPage> ReadAsync(LogRange range, CancellationToken ct)
    {
        await using var command = place.Command(Select);
        AddTo(command, range);
        var (rows, bytes) = (new List<Row>(), 0L);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (bytes < MostPageBytes && await reader.ReadAsync(ct))
        {
            rows.Add(Row.From(reader));
            bytes += rows[^1].Data.Length;
        }
        var events = rows.AsParallel().AsOrdered().Select(row => row.ToEvent()).ToList();
        var whole = bytes < MostPageBytes && events.Count < range.Limit;
        return new LogPage(events, whole ? Math.Max(range.After, range.UpTo) : events[^1].Position);
    }

    /// <summary>A stream's events from a version on, in order; archived ones are left out.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ReadStreamAsync(
        string tenant, string stream, long fromVersion = 1, CancellationToken ct = default)
    {
        const string sql = $$"""
            select {{Row.Columns}} from {schema}.mt_events
            where tenant_id = $1 and stream_id = $2 and version >= $3 and not is_archived and type <> 'tombstone'
            order by version
            """;
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(stream);
        command.Parameters.AddWithValue(fromVersion);
        return await ReadAllAsync(command, ct);
    }

    /// <summary>A tenant's events at some positions, by position.</summary>
    public async Task<IReadOnlyDictionary<long, StoredEvent>> ReadAtAsync(string tenant, long[] positions, CancellationToken ct)
    {
        const string sql = $$"""
            select {{Row.Columns}} from {schema}.mt_events where tenant_id = $1 and seq_id = any($2) and type <> 'tombstone'
            """;
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(positions);
        return (await ReadAllAsync(command, ct)).ToDictionary(stored => stored.Position);
    }

    /// <summary>A stream's last event; null for a stream without events.</summary>
    public async Task<StoredEvent?> ReadLastAsync(string tenant, string stream, CancellationToken ct)
    {
        const string sql = $$"""
            select {{Row.Columns}} from {schema}.mt_events
            where tenant_id = $1 and stream_id = $2 and not is_archived and type <> 'tombstone'
            order by version desc limit 1
            """;
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(stream);
        return (await ReadAllAsync(command, ct)).SingleOrDefault();
    }

    /// <summary>
    /// The events of a long stretch, one by one, by binary COPY: the same as page by page, in constant memory and one snapshot. Whoever
    /// lingers between two events keeps a connection and a snapshot of the server.
    /// </summary>
    public async IAsyncEnumerable<StoredEvent> ScanAsync(LogRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        await using var copy = await connection.BeginBinaryExportAsync(await CopyAsync(connection, range, ct), ct);
        var whole = false;
        try
        {
            while (await copy.StartRowAsync(ct) >= 0) yield return (await Row.FromAsync(copy, ct)).ToEvent();
            whole = true;
        }
        finally
        {
            if (!whole) await copy.CancelAsync();
        }
    }

    /// <summary>The highest number ever drawn, 0 for a fresh log; transactions that are still open may hold numbers up to it.</summary>
    public async Task<long> LastIssuedAsync(CancellationToken ct)
    {
        await using var command = place.Command(SafePosition.LastIssued);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>COPY takes no parameters: the server itself writes them into the statement, as literals.</summary>
    private async Task<string> CopyAsync(NpgsqlConnection connection, LogRange range, CancellationToken ct)
    {
        var template = Enumerable.Range(1, 5).Aggregate(place.Qualify(Select), (sql, number) =>
            sql.Replace($"${number}", $"%{number}$L", StringComparison.Ordinal));
        await using var command = new NpgsqlCommand("select format($6, $1, $2, $3, $4, $5)", connection);
        AddTo(command, range);
        command.Parameters.AddWithValue($"copy ({template}) to stdout (format binary)");
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    private static void AddTo(NpgsqlCommand command, LogRange range)
    {
        command.Parameters.AddWithValue(range.After);
        command.Parameters.AddWithValue(range.UpTo);
        command.Parameters.AddWithValue(range.Limit);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)range.Tenant ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter
        {
            Value = (object?)range.ExceptTenants?.ToArray() ?? DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar,
        });
    }

    private static async Task<List<StoredEvent>> ReadAllAsync(NpgsqlCommand command, CancellationToken ct)
    {
        var events = new List<StoredEvent>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) events.Add(Row.From(reader).ToEvent());
        return events;
    }
}
