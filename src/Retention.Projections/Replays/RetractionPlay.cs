using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Projections.Replays;

/// <summary>
/// Plays the retractions of a tenant through, name by name: what batches decide one after the other, see
/// <see cref="Running.Recording"/>, depends only on the retractions of a name and on the events that were sent under it.
/// </summary>
internal sealed class RetractionPlay(Place place, TenantNotes tenant, IReadOnlySet<Guid> skipped)
{
    private const int NamesAtOnce = 2_000;

    // By the event's id without retractions.
    private readonly List<(Guid Event, int Times, bool Waiting)> counts = [];

    /// <param name="knownUntil">Takes the position until which an event was known, by its own position.</param>
    public async Task PlayAsync(NpgsqlConnection connection, long upTo, Dictionary<long, long> knownUntil, CancellationToken ct)
    {
        foreach (var names in tenant.Retractions.GroupBy(retracting => retracting.Target, retracting => retracting.Position).Chunk(NamesAtOnce))
        {
            var sent = await SentAsync(connection, names.Select(name => (name.Key, name.Count())), upTo, ct);
            foreach (var name in names) Play(name.Key, [.. name.Order()], sent.GetValueOrDefault(name.Key) ?? [], knownUntil);
        }
    }

    /// <summary>Writes how often each name was retracted.</summary>
    /// <param name="copy">The place whose rows they are.</param>
    public async Task WriteAsync(NpgsqlConnection connection, Place copy, CancellationToken ct)
    {
        await using var rows = await connection.BeginBinaryImportAsync(
            copy.Qualify("copy {schema}.retractions (tenant_id, event_id, retractions, waiting) from stdin (format binary)"), ct);
        foreach (var (id, times, waiting) in counts) await rows.WriteRowAsync(ct, tenant.Tenant, id, times, waiting);
        await rows.CompleteAsync(ct);
    }

    private void Play(SentId name, List<long> retractions, List<Sent> events, Dictionary<long, long> knownUntil)
    {
        (int Times, bool Waiting)? count = null;
        var lying = new List<Sent>();
        var happened = events.Select(sent => (sent.Position, Sent: (Sent?)sent)).Concat(retractions.Select(position => (Position: position, Sent: (Sent?)null)));
        foreach (var (position, arrived) in happened.OrderBy(next => next.Position))
        {
            if (arrived is { } sent)
            {
                if (count is { Waiting: true } waiting)
                {
                    count = waiting with { Waiting = false };
                    if (!sent.Retracts) knownUntil[position] = position;
                }
                lying.Add(sent);
            }
            else if (InForce(lying, knownUntil) is not { } target) count ??= (1, true);
            else if (!target.Retracts)
            {
                knownUntil[target.Position] = position;
                count = ((count?.Times ?? 0) + 1, false);
            }
        }
        if (count is { } found) counts.Add((name.ToEventId(tenant.Tenant), found.Times, found.Waiting));
    }

    private static Sent? InForce(List<Sent> lying, Dictionary<long, long> knownUntil)
    {
        for (var i = 0; i < lying.Count; i++)
            if (!knownUntil.ContainsKey(lying[i].Position)) return lying[i];
        return null;
    }

    /// <summary>Every event that was sent under the names, those sent again after retractions among them.</summary>
    private async Task<Dictionary<SentId, List<Sent>>> SentAsync(
        NpgsqlConnection connection, IEnumerable<(SentId Name, int Retractions)> names, long upTo, CancellationToken ct)
    {
        const string sql = $$"""select {{Row.Columns}} from {schema}.mt_events where id = any($2) and tenant_id = $1 and seq_id <= $3 and not is_archived""";
        var ids = names.SelectMany(name => Enumerable.Range(0, name.Retractions + 1).Select(times => name.Name.ToEventId(tenant.Tenant, times))
            .Concat(Guid.TryParseExact(name.Name.Id, "D", out var own) ? [own] : []));
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.Add(new() { Value = tenant.Tenant, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.AddWithValue(ids.Distinct().ToArray());
        command.Parameters.AddWithValue(upTo);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var sent = new Dictionary<SentId, List<Sent>>();
        while (await reader.ReadAsync(ct))
        {
            var stored = Row.From(reader).ToEvent();
            if (!tenant.Counts(stored.Position) || skipped.Contains(stored.EventId)) continue;
            if (!CustomerStream.TryCustomer(stored.Stream, out _) || EventType.Named(stored.Type) is not { } type) continue;
            var name = new SentId(stored.Headers.Source, stored.Headers.Id);
            if (!sent.TryGetValue(name, out var own)) sent[name] = own = [];
            own.Add(new Sent(stored.Position, type.ClrType == typeof(CustomerEvent.EventRetracted)));
        }
        return sent;
    }

    /// <summary>An event under a name.</summary>
    private readonly record struct Sent(long Position, bool Retracts);
}
