using Npgsql;
using NpgsqlTypes;

namespace Retention.Projections.EventLog;

/// <summary>
/// How often ids were retracted, counted by the append in its own transaction. A retraction and an event that follows another one of its
/// id wait for each other at the id's row, so that the order in which they count is the order of their numbers in the log.
/// </summary>
internal sealed class RetractedIds(Place place, string tenant)
{
    private const string Make = """
        insert into {schema}.retracted_ids (tenant_id, event_id, retractions) select $1, id, 0 from unnest($2) as wanted (id) order by id
        on conflict (tenant_id, event_id) do nothing
        """;

    private const string Lock = """
        select event_id, retractions from {schema}.retracted_ids where tenant_id = $1 and event_id = any($2) order by event_id for update
        """;

    /// <summary>
    /// Locks and reads the counts of ids that are known, that the batch has twice or that it retracts, and adds what was stored under them
    /// after retractions to the known. The ordinary batch has none of them, and asks nothing.
    /// </summary>
    public async Task<IReadOnlyDictionary<Guid, int>> LockAsync(
        NpgsqlConnection connection, IReadOnlyList<NewEvent> events, Dictionary<Guid, Known> known, CancellationToken ct)
    {
        var targets = events.Select(next => next.Retracts?.ToEventId(tenant)).OfType<Guid>().Distinct().ToArray();
        var repeated = events.CountBy(next => next.Id).Where(id => id.Value > 1).Select(id => id.Key);
        var ids = targets.Concat(known.Keys).Concat(repeated).Distinct().ToArray();
        var counts = new Dictionary<Guid, int>();
        if (ids.Length == 0) return counts;
        await using (var batch = new NpgsqlBatch(connection))
        {
            if (targets.Length > 0) batch.BatchCommands.Add(Statement(Make, targets));
            batch.BatchCommands.Add(Statement(Lock, ids));
            await batch.PrepareAsync(ct);
            await using var reader = await batch.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct)) counts.Add(reader.GetGuid(0), reader.GetInt32(1));
        }
        if (counts.Count > 0) await FindLaterAsync(connection, events, (counts, known), ct);
        return counts;
    }

    /// <summary>Stores counts; their rows are locked by this transaction.</summary>
    public NpgsqlBatchCommand Set(IReadOnlyDictionary<Guid, int> counts)
    {
        const string sql = """
            update {schema}.retracted_ids r set retractions = new.retractions
            from unnest($2, $3) as new (id, retractions) where r.tenant_id = $1 and r.event_id = new.id
            """;
        var statement = Statement(sql, [.. counts.Keys]);
        statement.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. counts.Values] });
        return statement;
    }

    /// <summary>Looks for what was stored under ids that were retracted; after the counts are locked, by a newer snapshot.</summary>
    private async Task FindLaterAsync(
        NpgsqlConnection connection, IReadOnlyList<NewEvent> events, (Dictionary<Guid, int> Counts, Dictionary<Guid, Known> Known) ids, CancellationToken ct)
    {
        var names = events.SelectMany(next => next.Retracts is { } target ? (SentId[])[next.Sent, target] : [next.Sent]).Distinct();
        await using var command = new NpgsqlCommand(place.Qualify(Known.Find), connection);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. names.SelectMany(IdsOf)] });
        await using var reader = await command.ExecuteReaderAsync(ct);
        foreach (var (id, later) in await Known.ReadAsync(reader, ct)) ids.Known.TryAdd(id, later);

        // Of a name that was not retracted, the only id was looked for before.
        IEnumerable<Guid> IdsOf(SentId name) => ids.Counts.GetValueOrDefault(name.ToEventId(tenant)) is > 0 and var times
            ? Enumerable.Range(0, times + 1).Select(number => name.ToEventId(tenant, number))
            : [];
    }

    private NpgsqlBatchCommand Statement(string sql, Guid[] ids) => new(place.Qualify(sql))
    {
        Parameters = { new NpgsqlParameter<string> { TypedValue = tenant, NpgsqlDbType = NpgsqlDbType.Varchar }, new NpgsqlParameter<Guid[]> { TypedValue = ids } },
    };
}

/// <summary>What the log says of the ids of a batch.</summary>
/// <param name="Known">The rows found, by their ids; those that are stored after retractions, too.</param>
/// <param name="Retractions">How often an id was retracted, by the id without retractions; absent for never.</param>
internal sealed record FoundIds(Dictionary<Guid, Known> Known, IReadOnlyDictionary<Guid, int> Retractions);

/// <summary>An event that the log already holds.</summary>
/// <param name="Hash">Null for a row of another client, whose content cannot be compared.</param>
/// <param name="Retracts">Whether it is a retraction.</param>
internal sealed record Known(long Position, string? Hash, bool Retracts)
{
    public const string Find = "select id, seq_id, headers ->> 'hash', type = 'event_retracted' from {schema}.mt_events where id = any($1)";

    /// <summary>The rows of <see cref="Find"/>, by their ids.</summary>
    public static async Task<Dictionary<Guid, Known>> ReadAsync(NpgsqlDataReader reader, CancellationToken ct)
    {
        var known = new Dictionary<Guid, Known>();
        while (await reader.ReadAsync(ct))
            known.Add(reader.GetGuid(0), new Known(reader.GetInt64(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.GetBoolean(3)));
        return known;
    }
}
