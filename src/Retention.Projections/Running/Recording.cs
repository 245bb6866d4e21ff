using Retention.Domain.Customers;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>
/// Puts the events of a batch into the record, one after the other in the order of the log: each into its customer's history, and what it
/// says about the record into effect. Nothing is overwritten; what is retracted was known until then.
/// </summary>
/// <param name="known">The histories before the batch, of the customers that it touches.</param>
/// <param name="links">The links before the batch, of these customers.</param>
internal sealed class Recording(IReadOnlyDictionary<string, CustomerHistory> known, IEnumerable<Link> links, Retractions retractions)
{
    private readonly Dictionary<string, CustomerHistory> grown = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Customer, long Position), Link> linked = links.ToDictionary(link => (link.Customer, link.KnownFrom));
    private readonly HashSet<(string Customer, long Position)> changed = [];

    /// <summary>The histories that the batch changes, as they are after it.</summary>
    public IReadOnlyDictionary<string, CustomerHistory> Changed => grown;

    /// <summary>All links, after the batch.</summary>
    public IEnumerable<Link> Links => linked.Values;

    /// <summary>The links that are new or retracted.</summary>
    public IReadOnlyCollection<Link> ChangedLinks => [.. changed.Select(key => linked[key])];

    public void Add(Arrival arrival)
    {
        var entry = arrival.Entry;
        if (retractions.Awaited(arrival.Sent) && entry.Fact is not Fact.Retraction) entry = entry with { KnownUntil = entry.KnownFrom };
        grown[arrival.Customer] = HistoryOf(arrival.Customer).With(entry);
        if (Link.Of(arrival.Customer, entry) is { } link) Set(link);
        retractions.Place(arrival);
        if (arrival.Target is { } target) Retract(target, arrival);
    }

    private CustomerHistory HistoryOf(string customer) =>
        grown.GetValueOrDefault(customer) ?? known.GetValueOrDefault(customer) ?? CustomerHistory.Empty;

    /// <summary>A retraction of what is retracted already does nothing, nor does one of another retraction.</summary>
    private void Retract(SentId target, Arrival by)
    {
        foreach (var (customer, occurredAt) in retractions.PlacesOf(target))
        {
            var history = HistoryOf(customer);
            if (history.InForce(occurredAt, target.Source, target.Id) is not { } entry) continue;
            if (entry.Fact is Fact.Retraction) return;
            grown[customer] = history.Retract(entry, by.Entry.KnownFrom);
            if (linked.TryGetValue((customer, entry.KnownFrom), out var link)) Set(link with { KnownUntil = by.Entry.KnownFrom });
            retractions.Count(target, by);
            return;
        }
        retractions.Await(target, by);
    }

    private void Set(Link link)
    {
        linked[(link.Customer, link.KnownFrom)] = link;
        changed.Add((link.Customer, link.KnownFrom));
    }
}
