using Npgsql;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>
/// Which events a batch retracts, and which of its events are retracted already: how often the ids that it names were retracted before,
/// and in whose history the events lie. It decides nothing; <see cref="Recording"/> does.
/// </summary>
internal sealed class Retractions(string tenant)
{
    private readonly Dictionary<SentId, (int Times, bool Waiting)> counts = [];
    private readonly Dictionary<SentId, HashSet<(string Customer, long OccurredAt)>> places = [];
    private readonly HashSet<SentId> changed = [];
    private readonly HashSet<SentId> foreign = [];

    /// <summary>Customers in whose histories events may be retracted.</summary>
    public IEnumerable<string> Customers => places.Values.SelectMany(lying => lying).Select(place => place.Customer);

    /// <param name="anyWait">Whether any retraction of the tenant waits for its event.</param>
    public static async Task<Retractions> OfAsync(NpgsqlConnection connection, Place place, TenantEvents events, bool anyWait, CancellationToken ct)
    {
        var retractions = new Retractions(events.Tenant);
        var targets = events.Arrivals.Select(arrival => arrival.Target).OfType<SentId>().Distinct().ToList();
        var names = targets.Select(target => (Name: target, Id: target.ToEventId(events.Tenant)));
        if (anyWait) names = names.Concat(events.Arrivals.Select(arrival => (Name: arrival.Sent, Id: arrival.FirstIdIn(events.Tenant))));
        var byId = names.DistinctBy(item => item.Id).ToDictionary(item => item.Id, item => item.Name);
        if (byId.Count == 0) return retractions;
        await retractions.CountAsync(connection, place, byId, ct);
        if (targets.Count > 0) await retractions.FindAsync(connection, place, targets, ct);
        return retractions;
    }

    /// <summary>Where an event of a name may lie that is in force.</summary>
    public IEnumerable<(string Customer, long OccurredAt)> PlacesOf(SentId name) => places.GetValueOrDefault(name) ?? [];

    /// <summary>Notes where an event of this batch lies, if one of its retractions may be of it.</summary>
    public void Place(Arrival arrival)
    {
        if (places.TryGetValue(arrival.Sent, out var lying)) lying.Add((arrival.Customer, arrival.Entry.OccurredAt));
    }

    /// <summary>Whether a retraction has waited for this event; now none does.</summary>
    public bool Awaited(SentId name)
    {
        if (!counts.TryGetValue(name, out var count) || !count.Waiting) return false;
        counts[name] = count with { Waiting = false };
        changed.Add(name);
        return true;
    }

    /// <summary>Counts that an event was retracted.</summary>
    public void Count(SentId name, Arrival by) => Set(name, (counts.GetValueOrDefault(name).Times + 1, false), by);

    /// <summary>Lets a retraction wait for its event, unless the event came and is retracted already.</summary>
    public void Await(SentId name, Arrival by)
    {
        if (!counts.ContainsKey(name)) Set(name, (1, true), by);
    }

    public IEnumerable<NpgsqlBatchCommand> Write(Place place)
    {
        const string own = """
            insert into {schema}.retractions (tenant_id, event_id, retractions, waiting) select $1, * from unnest($2, $3, $4)
            on conflict (tenant_id, event_id) do update set retractions = excluded.retractions, waiting = excluded.waiting
            """;
        // Whoever appends with the tables alone does not count for the append.
        const string others = """
            insert into {schema}.retracted_ids as known (tenant_id, event_id, retractions) select $1, id, times from unnest($2, $3) as new (id, times) order by id
            on conflict (tenant_id, event_id) do update set retractions = greatest(known.retractions, excluded.retractions)
            """;
        if (changed.Count > 0)
            yield return new NpgsqlBatchCommand(place.Qualify(own))
            {
                Parameters = { new() { Value = tenant }, Ids(changed), Times(changed), new() { Value = changed.Select(name => counts[name].Waiting).ToArray() } },
            };
        if (foreign.Count > 0)
            yield return new NpgsqlBatchCommand(place.Qualify(others)) { Parameters = { new() { Value = tenant }, Ids(foreign), Times(foreign) } };
    }

    private void Set(SentId name, (int Times, bool Waiting) count, Arrival by)
    {
        counts[name] = count;
        changed.Add(name);
        if (by.Foreign) foreign.Add(name);
    }

    private NpgsqlParameter Ids(IEnumerable<SentId> names) => new() { Value = names.Select(name => name.ToEventId(tenant)).ToArray() };

    private NpgsqlParameter Times(IEnumerable<SentId> names) => new() { Value = names.Select(name => counts[name].Times).ToArray() };

    private async Task CountAsync(NpgsqlConnection connection, Place place, Dictionary<Guid, SentId> byId, CancellationToken ct)
    {
        const string sql = "select event_id, retractions, waiting from {schema}.retractions where tenant_id = $1 and event_id = any($2)";
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(byId.Keys.ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) counts[byId[reader.GetGuid(0)]] = (reader.GetInt32(1), reader.GetBoolean(2));
    }

    /// <summary>
    /// Asks the log where the targets lie: after n retractions, what is in force under an id is stored as the event of n retractions. An
    /// event of another client, which has no sender's id, is called by its own. Rows that no history has yet do no harm.
    /// </summary>
    private async Task FindAsync(NpgsqlConnection connection, Place place, List<SentId> targets, CancellationToken ct)
    {
        const string sql = $$"""select {{Row.Columns}} from {schema}.mt_events where id = any($2) and tenant_id = $1""";
        foreach (var target in targets) places[target] = [];
        var ids = targets.Select(target => target.ToEventId(tenant, counts.GetValueOrDefault(target).Times))
            .Concat(targets.Where(target => Guid.TryParseExact(target.Id, "D", out _)).Select(target => Guid.ParseExact(target.Id, "D")));
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(ids.ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var stored = Row.From(reader).ToEvent();
            if (CustomerStream.TryCustomer(stored.Stream, out var customer) && Timestamp.TryParse(stored.Headers.OccurredAt) is { } occurredAt
                && places.TryGetValue(new SentId(stored.Headers.Source, stored.Headers.Id), out var lying))
                lying.Add((customer, occurredAt.UtcTicks));
        }
    }
}
