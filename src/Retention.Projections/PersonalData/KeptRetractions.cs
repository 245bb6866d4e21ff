using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Projections.PersonalData;

/// <summary>What had become of the events of a name by a position at which a customer was erased who had a part in it.</summary>
/// <param name="EventId">The name's id without retractions.</param>
/// <param name="Position">What came later is in the log.</param>
/// <param name="Retractions">0 where nothing of the name was retracted, whatever said so.</param>
/// <param name="Waiting">Whether a retraction waits for the name's first event.</param>
/// <param name="Known">The positions of retracted events of others, and until which they were known.</param>
internal sealed record KeptRetraction(string Tenant, Guid EventId, long Position, int Retractions, bool Waiting, IReadOnlyList<(long From, long Until)> Known);

/// <summary>
/// Retractions in which an erased customer had a part: its events retracted others', were retracted, or had names that others have now. What
/// came of them stays, although the log has these events no more, and histories that are made anew follow it.
/// </summary>
internal sealed class KeptRetractions(NpgsqlConnection connection, Place place)
{
    public async Task<IReadOnlyList<KeptRetraction>> AllAsync(CancellationToken ct)
    {
        const string sql = "select tenant_id, event_id, position, retractions, waiting, known_from, known_until from {schema}.kept_retractions order by 1, 2";
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var kept = new List<KeptRetraction>();
        while (await reader.ReadAsync(ct))
            kept.Add(new KeptRetraction(
                reader.GetString(0), reader.GetGuid(1), reader.GetInt64(2), reader.GetInt32(3), reader.GetBoolean(4),
                [.. reader.GetFieldValue<long[]>(5).Zip(reader.GetFieldValue<long[]>(6))]));
        return kept;
    }

    /// <summary>Keeps what came of the names that a customer's events have or retract, before the customer is erased.</summary>
    /// <param name="position">Up to which the tenant's events are reflected. What a later one retracts has no effect, and never will.</param>
    public async Task KeepAsync(string tenant, JoinedCustomer erased, long position, CancellationToken ct)
    {
        var entries = erased.History.Entries.ToList();
        var names = entries.Select(entry => new SentId(entry.Source, entry.Id))
            .Concat(entries.Select(entry => entry.Fact).OfType<Fact.Retraction>().Select(said => new SentId(said.Source, said.Id)))
            .Distinct().ToDictionary(name => name.ToEventId(tenant));
        var counts = await CountsAsync(tenant, names.Keys, ct);
        // Whatever retracted a retraction did nothing.
        foreach (var said in entries.Where(entry => entry.Fact is Fact.Retraction)) counts.TryAdd(new SentId(said.Source, said.Id).ToEventId(tenant), (0, false));
        if (counts.Count == 0) return;
        var others = await OthersAsync(tenant, erased.Members, counts.SelectMany(count => IdsOf(tenant, names[count.Key], count.Value.Times)), ct);
        var histories = await CustomerHistories.OfAsync(connection, place, (tenant, [.. others.Values.Distinct(StringComparer.Ordinal)]), ct);
        var known = histories.Values.SelectMany(history => history.Entries).Where(entry => entry.KnownUntil != 0 && others.ContainsKey(entry.KnownFrom))
            .ToLookup(entry => new SentId(entry.Source, entry.Id).ToEventId(tenant), entry => (entry.KnownFrom, entry.KnownUntil));
        await using var batch = new NpgsqlBatch(connection);
        foreach (var (id, (times, waiting)) in counts) batch.BatchCommands.Add(Keep(new KeptRetraction(tenant, id, position, times, waiting, [.. known[id]])));
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>How often the events of names were retracted; names of which none was are left out.</summary>
    private async Task<Dictionary<Guid, (int Times, bool Waiting)>> CountsAsync(string tenant, IEnumerable<Guid> names, CancellationToken ct)
    {
        const string sql = "select event_id, retractions, waiting from {schema}.retractions where tenant_id = $1 and event_id = any($2)";
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(names.ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        var counts = new Dictionary<Guid, (int, bool)>();
        while (await reader.ReadAsync(ct)) counts[reader.GetGuid(0)] = (reader.GetInt32(1), reader.GetBoolean(2));
        return counts;
    }

    /// <summary>Events of other customers, by position, and whose they are.</summary>
    private async Task<Dictionary<long, string>> OthersAsync(string tenant, IReadOnlyList<string> erased, IEnumerable<Guid> ids, CancellationToken ct)
    {
        const string sql = "select seq_id, stream_id from {schema}.mt_events where id = any($2) and tenant_id = $1 and not is_archived and stream_id <> all($3)";
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(ids.Distinct().ToArray());
        command.Parameters.AddWithValue(erased.Select(CustomerStream.Of).ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        var others = new Dictionary<long, string>();
        while (await reader.ReadAsync(ct))
            if (CustomerStream.TryCustomer(reader.GetString(1), out var customer)) others[reader.GetInt64(0)] = customer;
        return others;
    }

    /// <summary>All ids under which events of a name may be stored; those of other clients of the tables are called by their own.</summary>
    private static IEnumerable<Guid> IdsOf(string tenant, SentId name, int retractions) =>
        Enumerable.Range(0, retractions + 1).Select(times => name.ToEventId(tenant, times)).Concat(Guid.TryParseExact(name.Id, "D", out var own) ? [own] : []);

    private NpgsqlBatchCommand Keep(KeptRetraction kept)
    {
        const string sql = """
            insert into {schema}.kept_retractions (tenant_id, event_id, position, retractions, waiting, known_from, known_until) values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (tenant_id, event_id) do update set position = excluded.position, retractions = excluded.retractions, waiting = excluded.waiting,
                known_from = excluded.known_from, known_until = excluded.known_until
            """;
        return new NpgsqlBatchCommand(place.Qualify(sql))
        {
            Parameters =
            {
                new() { Value = kept.Tenant, NpgsqlDbType = NpgsqlDbType.Varchar }, new() { Value = kept.EventId }, new() { Value = kept.Position },
                new() { Value = kept.Retractions }, new() { Value = kept.Waiting }, new() { Value = kept.Known.Select(known => known.From).ToArray() },
                new() { Value = kept.Known.Select(known => known.Until).ToArray() },
            },
        };
    }
}
