using Npgsql;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Running;

/// <summary>A batch of a tenant's events, put into the record: what it changes in the store, and the difference that it makes to the cells.</summary>
internal sealed class RecordBatch
{
    /// <summary>Fewer customers are not worth the cores.</summary>
    private const int Few = 200;

    private readonly Place place;
    private readonly string tenant;
    private readonly Dictionary<string, CustomerHistory> known;
    private readonly IReadOnlyList<Link> links;
    private readonly Retractions retractions;
    private readonly Recording recording;

    private RecordBatch(Place place, TenantEvents events, Dictionary<string, CustomerHistory> known, IReadOnlyList<Link> links, Retractions retractions)
    {
        (this.place, tenant, this.known, this.links, this.retractions) = (place, events.Tenant, known, links, retractions);
        recording = new Recording(known, links, retractions);
        foreach (var arrival in events.Arrivals) recording.Add(arrival);
    }

    /// <summary>The customers whose histories the batch changes.</summary>
    public string[] Changed => [.. recording.Changed.Keys];

    /// <summary>Reads the histories of the batch's own customers and of those whose events it retracts, and who these are.</summary>
    public static async Task<RecordBatch> LoadAsync(NpgsqlConnection connection, Place place, TenantEvents events, CancellationToken ct)
    {
        var (anyWait, anyLinked) = await CorrectedAsync(connection, place, events.Tenant, ct);
        var retractions = await Retractions.OfAsync(connection, place, events, anyWait, ct);
        var customers = events.Arrivals.Select(arrival => arrival.Customer).Concat(retractions.Customers).Distinct(StringComparer.Ordinal).ToArray();
        var named = events.Arrivals.Select(arrival => Link.Of(arrival.Customer, arrival.Entry)?.Into).OfType<string>();
        var links = anyLinked ? await CustomerLinks.AroundAsync(connection, place, (events.Tenant, [.. customers.Union(named, StringComparer.Ordinal)]), ct) : [];
        var known = await CustomerHistories.OfManyAsync(place, (events.Tenant, customers), ct);
        return new RecordBatch(place, events, known, links, retractions);
    }

    /// <summary>The statements that store histories, links and counts of retractions.</summary>
    public IEnumerable<NpgsqlBatchCommand> Write()
    {
        var changed = new List<(string, Chunk)>();
        var removed = new List<(string, long)>();
        foreach (var (customer, grown) in recording.Changed)
        {
            var before = known.GetValueOrDefault(customer) ?? CustomerHistory.Empty;
            changed.AddRange(grown.ChangedSince(before).Select(chunk => (customer, chunk)));
            removed.AddRange(grown.RemovedSince(before).Select(number => (customer, number)));
        }
        if (removed.Count > 0) yield return CustomerHistories.Delete(place, tenant, removed);
        if (changed.Count > 0) yield return CustomerHistories.Write(place, tenant, changed);
        if (recording.ChangedLinks is { Count: > 0 } changedLinks) yield return CustomerLinks.Write(place, tenant, changedLinks);
        foreach (var command in retractions.Write(place)) yield return command;
    }

    /// <summary>
    /// The contributions after the batch less those before it, of everybody whose history or identity it changes: with all their members, as
    /// the customers that they were before, and as those that they are now.
    /// </summary>
    public async Task<MaintainedCells> DifferenceAsync(NpgsqlConnection connection, Definition definition, CancellationToken ct)
    {
        var touched = recording.Changed.Keys.Concat(recording.ChangedLinks.SelectMany(link => (string[])[link.Customer, link.Into]))
            .Distinct(StringComparer.Ordinal).ToList();
        var (were, are) = (IdentitiesOf(touched, Identities.Of(links)), IdentitiesOf(touched, Identities.Of(recording.Links)));
        await LoadAsync(connection, were.Concat(are).SelectMany(identity => identity.Members), ct);

        var changes = Changes(were, are);
        var parts = Enumerable.Range(0, changes.Count < Few ? 1 : Environment.ProcessorCount).Select(_ => new MaintainedCells(definition)).ToArray();
        Parallel.For(0, parts.Length, part =>
        {
            for (var i = part; i < changes.Count; i += parts.Length) parts[part].Replace(changes[i].Earlier, changes[i].Later);
        });
        foreach (var part in parts.Skip(1)) parts[0].Add(part);
        return parts[0];
    }

    /// <summary>The histories of customers before and after; null where one was not, or is no more.</summary>
    private List<(CustomerHistory? Earlier, CustomerHistory? Later)> Changes(List<Identity> were, List<Identity> are)
    {
        var changes = new List<(CustomerHistory?, CustomerHistory?)>(are.Count);
        var later = are.ToDictionary(identity => identity.Members[0], StringComparer.Ordinal);
        foreach (var was in were)
        {
            var same = later.TryGetValue(was.Members[0], out var now) && now.Members.SequenceEqual(was.Members, StringComparer.Ordinal);
            if (same) later.Remove(was.Members[0]);
            changes.Add((HistoryOf(was, known.GetValueOrDefault), same ? HistoryOf(now!, NewestOf) : null));
        }
        changes.AddRange(later.Values.Select(now => ((CustomerHistory?)null, HistoryOf(now, NewestOf))));
        return changes;
    }

    private CustomerHistory? NewestOf(string member) => recording.Changed.GetValueOrDefault(member) ?? known.GetValueOrDefault(member);

    /// <summary>What the tenant has besides plain facts, so that the ordinary one is asked for nothing else.</summary>
    private static async Task<(bool AnyWait, bool AnyLinked)> CorrectedAsync(NpgsqlConnection connection, Place place, string tenant, CancellationToken ct)
    {
        const string sql = """
            select exists (select from {schema}.retractions where tenant_id = $1 and waiting), exists (select from {schema}.customer_links where tenant_id = $1)
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(tenant);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetBoolean(0), reader.GetBoolean(1));
    }

    private static List<Identity> IdentitiesOf(IEnumerable<string> customers, Identities identities) =>
        [.. customers.Select(identities.Of).DistinctBy(identity => identity.Members[0], StringComparer.Ordinal)];

    /// <summary>Everything known of a customer; null for one without a history.</summary>
    private static CustomerHistory? HistoryOf(Identity identity, Func<string, CustomerHistory?> historyOf)
    {
        var own = identity.Members.Select(historyOf).OfType<CustomerHistory>().ToList();
        return own.Count == 0 ? null : own is [var one] ? one : CustomerHistory.Joined(own);
    }

    /// <summary>Reads the histories of members that the batch itself does not touch.</summary>
    private async Task LoadAsync(NpgsqlConnection connection, IEnumerable<string> members, CancellationToken ct)
    {
        var others = members.Where(member => !known.ContainsKey(member) && !recording.Changed.ContainsKey(member)).Distinct(StringComparer.Ordinal).ToArray();
        if (others.Length == 0) return;
        foreach (var (member, history) in await CustomerHistories.OfAsync(connection, place, (tenant, others), ct)) known.Add(member, history);
    }
}
