using Retention.Domain.Customers;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Api.Lineage;

/// <summary>An event that decides what its customer adds to a cell.</summary>
public sealed record DecidingEvent(long Position, Guid EventId, string Source, string Id, string Type, DateTimeOffset OccurredAt)
{
    public override string ToString() => $"{Source}/{Id}";
}

/// <summary>
/// The events that decide what customers add to a cell: those that change its part of numerator or denominator (of a customer in neither, whatever
/// else it adds) when a customer's events are told one after the other, in order of
/// business time. The first order of a cohort's customer is one, the order with which it came back another; a further order in the
/// same month changes nothing any more, and is none.
/// </summary>
internal static class DecidingEvents
{
    /// <summary>Of a customer with more events, only so many of the latest are looked at.</summary>
    private const int Most = 64;

    public static async Task<Dictionary<string, IReadOnlyList<DecidingEvent>>> OfAsync(
        HttpContext http, LineageCell cell, Snapshot snapshot, IReadOnlyDictionary<string, CustomerHistory> customers)
    {
        var told = customers.ToDictionary(
            customer => customer.Key,
            customer => customer.Value.Entries.Where(entry => entry.Fact is not Fact.Retraction && IsKnown(entry, cell.Position))
                .Select(entry => entry with { KnownUntil = 0 }).ToArray(), StringComparer.Ordinal);
        var shortened = told.SelectMany(customer => Enumerable.Range(First(customer.Value), customer.Value.Length - First(customer.Value) + 1)
            .Select(length => (NameOf(customer.Key, length), (IReadOnlyList<Entry>)customer.Value[..length]))).ToList();
        var added = await cell.EachAsync(http, new FoldScope { Instead = shortened });

        var deciding = told.ToDictionary(customer => customer.Key, customer => Deciding(cell, customer.Key, customer.Value, added), StringComparer.Ordinal);
        var stored = await http.RequestServices.GetRequiredService<EventLog>()
            .ReadAtAsync(snapshot.Tenant, [.. deciding.Values.SelectMany(positions => positions)], http.RequestAborted);
        return deciding.ToDictionary(customer => customer.Key, customer => (IReadOnlyList<DecidingEvent>)[.. customer.Value.Select(position => Of(stored[position]))], StringComparer.Ordinal);
    }

    private static List<long> Deciding(LineageCell cell, string customer, Entry[] told, IReadOnlyDictionary<string, IReadOnlyDictionary<string, decimal?>> added)
    {
        var positions = new List<long>();
        var counted = added.TryGetValue(NameOf(customer, told.Length), out var whole) && (cell.Share.NumeratorOf(whole) != 0 || cell.Share.DenominatorOf(whole) != 0);
        for (var length = First(told) + 1; length <= told.Length; length++)
        {
            if (Text(length - 1) != Text(length)) positions.Add(told[length - 1].KnownFrom);
        }
        return positions;

        // What is 0 or not known adds nothing, like a row that is not there.
        string Text(int length) =>
            !added.TryGetValue(NameOf(customer, length), out var figures) ? counted ? "0 0" : ""
            : counted ? $"{cell.Share.NumeratorOf(figures):0.############} {cell.Share.DenominatorOf(figures):0.############}"
            : string.Join(' ', cell.Added(figures).Select(figure => $"{figure.Key}={figure.Value:0.############}"));
    }

    private static int First(Entry[] told) => Math.Max(0, told.Length - Most);

    private static string NameOf(string customer, int length) => $"{customer}\0{length}";

    private static bool IsKnown(Entry entry, long position) => entry.KnownFrom <= position && (entry.KnownUntil == 0 || entry.KnownUntil > position);

    private static DecidingEvent Of(StoredEvent stored) => new(
        stored.Position, stored.EventId, stored.Headers.Source, stored.Headers.Id, stored.Type, Domain.Events.Timestamp.Parse(stored.Headers.OccurredAt));
}
