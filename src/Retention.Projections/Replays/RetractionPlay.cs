using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.PersonalData;

namespace Retention.Projections.Replays;

/// <summary>
/// Plays the retractions of a tenant through, name by name: what batches decide one after the other, see
/// <see cref="Running.Recording"/>, depends only on the retractions of a name and on the events that were sent under it. Where some of these
/// were erased, what had come of them by then is known, and what came later is played.
/// </summary>
internal sealed class RetractionPlay(Place place, TenantNotes tenant, BuildInputs inputs)
{
    private const int NamesAtOnce = 2_000;

    private readonly Dictionary<Guid, KeptRetraction> kept = inputs.Kept.Where(kept => kept.Tenant == tenant.Tenant).ToDictionary(kept => kept.EventId);

    // By the event's id without retractions.
    private readonly List<(Guid Event, int Times, bool Waiting)> counts = [];

    /// <param name="knownUntil">Takes the position until which an event was known, by its own position.</param>
    public async Task PlayAsync(NpgsqlConnection connection, long upTo, Dictionary<long, long> knownUntil, CancellationToken ct)
    {
        foreach (var names in tenant.Retractions.GroupBy(retracting => retracting.Target, retracting => retracting.Position).Chunk(NamesAtOnce))
        {
            var sent = await SentAsync(connection, names.Select(name => (name.Key, name.Count())), upTo, ct);
            foreach (var name in names)
            {
                kept.Remove(name.Key.ToEventId(tenant.Tenant), out var settled);
                Play(name.Key.ToEventId(tenant.Tenant), settled, [.. name.Order()], sent.GetValueOrDefault(name.Key) ?? [], knownUntil);
            }
        }
        // Of these names the log holds no retraction any more; the first event that comes has its id.
        var awaited = await FindAsync(connection, kept.Values.Where(name => name.Waiting).Select(name => name.EventId), upTo, ct);
        foreach (var name in kept.Values) Play(name.EventId, name, [], [.. awaited.Where(found => found.Row == name.EventId).Select(found => found.Sent)], knownUntil);
        foreach (var (from, _) in knownUntil.Where(known => known.Value > upTo).ToList()) knownUntil.Remove(from);
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

    private void Play(Guid name, KeptRetraction? settled, List<long> retractions, List<Sent> events, Dictionary<long, long> knownUntil)
    {
        (int Times, bool Waiting)? count = settled is not { Retractions: > 0 } ? null : (settled.Retractions, settled.Waiting);
        foreach (var (from, until) in settled?.Known ?? []) knownUntil[from] = until;
        var lying = events.Where(sent => sent.Position <= settled?.Position).OrderBy(sent => sent.Position).ToList();
        var happened = events.Select(sent => (sent.Position, Sent: (Sent?)sent)).Concat(retractions.Select(position => (Position: position, Sent: (Sent?)null)));
        foreach (var (position, arrived) in happened.Where(next => !(next.Position <= settled?.Position)).OrderBy(next => next.Position))
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
        if (count is { } found) counts.Add((name, found.Times, found.Waiting));
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
        var ids = names.SelectMany(name => Enumerable.Range(0, name.Retractions + KeptTimes(name.Name) + 1).Select(times => name.Name.ToEventId(tenant.Tenant, times))
            .Concat(Guid.TryParseExact(name.Name.Id, "D", out var own) ? [own] : []));
        var found = await FindAsync(connection, ids, upTo, ct);
        return found.GroupBy(each => each.Name, each => each.Sent).ToDictionary(each => each.Key, each => each.ToList());
    }

    /// <summary>How often the events of a name were retracted by what the log holds no more, or holds still.</summary>
    private int KeptTimes(SentId name) => kept.GetValueOrDefault(name.ToEventId(tenant.Tenant))?.Retractions ?? 0;

    private async Task<List<(Guid Row, SentId Name, Sent Sent)>> FindAsync(NpgsqlConnection connection, IEnumerable<Guid> ids, long upTo, CancellationToken ct)
    {
        const string sql = $$"""select {{Row.Columns}} from {schema}.mt_events where id = any($2) and tenant_id = $1 and seq_id <= $3 and not is_archived""";
        var (found, wanted) = (new List<(Guid, SentId, Sent)>(), ids.Distinct().ToArray());
        if (wanted.Length == 0) return found;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.Add(new() { Value = tenant.Tenant, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.AddWithValue(wanted);
        command.Parameters.AddWithValue(upTo);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var stored = Row.From(reader).ToEvent();
            if (!tenant.Counts(stored.Position) || inputs.Skipped.Contains(stored.EventId)) continue;
            if (!CustomerStream.TryCustomer(stored.Stream, out _) || EventType.Named(stored.Type) is not { } type) continue;
            var retracts = type.ClrType == typeof(CustomerEvent.EventRetracted);
            found.Add((stored.EventId, new SentId(stored.Headers.Source, stored.Headers.Id), new Sent(stored.Position, retracts)));
        }
        return found;
    }

    /// <summary>An event under a name.</summary>
    private readonly record struct Sent(long Position, bool Retracts);
}
