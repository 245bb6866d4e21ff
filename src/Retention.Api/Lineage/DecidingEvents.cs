using Retention.Api.Polling;
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
    /// <summary>Of each customer, so many events are looked at: the latest, or those before others.</summary>
    private const int Most = 64;

    /// <param name="of">Histories by customer, and how many events come before those that were looked at already; null to look at the latest.</param>
    public static async Task<Dictionary<string, Decided>> OfAsync(
        HttpContext http, LineageCell cell, Snapshot snapshot, (IReadOnlyDictionary<string, CustomerHistory> Customers, int? Before) of)
    {
        var told = of.Customers.ToDictionary(customer => customer.Key, customer => Told.Of(customer.Value, cell.Position, of.Before), StringComparer.Ordinal);
        var shortened = told.SelectMany(customer => customer.Value.Lengths.Select(length =>
            (NameOf(customer.Key, length), (IReadOnlyList<Entry>)new ArraySegment<Entry>(customer.Value.Entries, 0, length)))).ToList();
        var added = await cell.EachAsync(http, new FoldScope { Instead = shortened });

        var deciding = told.ToDictionary(customer => customer.Key, customer => Deciding(cell, customer.Key, customer.Value, added), StringComparer.Ordinal);
        var stored = await http.RequestServices.GetRequiredService<EventLog>()
            .ReadAtAsync(snapshot.Tenant, [.. deciding.Values.SelectMany(positions => positions)], http.RequestAborted);
        return deciding.ToDictionary(
            customer => customer.Key, customer => new Decided([.. customer.Value.Select(position => Of(stored[position]))], told[customer.Key].First), StringComparer.Ordinal);
    }

    private static List<long> Deciding(LineageCell cell, string customer, Told told, IReadOnlyDictionary<string, IReadOnlyDictionary<string, decimal?>> added)
    {
        var positions = new List<long>();
        var counted = added.TryGetValue(NameOf(customer, told.Entries.Length), out var whole) && (cell.Share.NumeratorOf(whole) != 0 || cell.Share.DenominatorOf(whole) != 0);
        for (var length = told.First + 1; length <= told.Last; length++)
        {
            if (Text(length - 1) != Text(length)) positions.Add(told.Entries[length - 1].KnownFrom);
        }
        return positions;

        // What is 0 or not known adds nothing, like a row that is not there.
        string Text(int length) =>
            !added.TryGetValue(NameOf(customer, length), out var figures) ? counted ? "0 0" : ""
            : counted ? $"{cell.Share.NumeratorOf(figures):0.############} {cell.Share.DenominatorOf(figures):0.############}"
            : string.Join(' ', cell.Added(figures).Select(figure => $"{figure.Key}={figure.Value:0.############}"));
    }

    private static string NameOf(string customer, int length) => $"{customer}\0{length}";

    private static DecidingEvent Of(StoredEvent stored) => new(
        stored.Position, stored.EventId, stored.Headers.Source, stored.Headers.Id, stored.Type, Domain.Events.Timestamp.Parse(stored.Headers.OccurredAt));

    /// <summary>The events of a customer, in order of business time, and which of them are looked at: those after the first ones.</summary>
    /// <param name="Last">How many there are up to the last that is looked at.</param>
    private sealed record Told(Entry[] Entries, int First, int Last)
    {
        /// <summary>How many events are told at a time, before and after each that is looked at; and all, which say whether the customer counts.</summary>
        public IEnumerable<int> Lengths => Enumerable.Range(First, Last - First + 1).Append(Entries.Length).Distinct();

        public static Told Of(CustomerHistory history, long position, int? before)
        {
            var entries = history.Entries.Where(entry => entry.Fact is not Fact.Retraction && IsKnown(entry, position)).Select(entry => entry with { KnownUntil = 0 }).ToArray();
            var last = Math.Min(before ?? entries.Length, entries.Length);
            return new(entries, Math.Max(0, last - Most), last);
        }

        private static bool IsKnown(Entry entry, long position) => entry.KnownFrom <= position && (entry.KnownUntil == 0 || entry.KnownUntil > position);
    }
}

/// <summary>The deciding ones among the events of a customer that were looked at.</summary>
/// <param name="Before">How many events come before these.</param>
internal sealed record Decided(IReadOnlyList<DecidingEvent> Events, int Before)
{
    /// <summary>Asks for those before; null where there are none.</summary>
    public string? Earlier(HttpContext http, LineageCell cell) => Before == 0 ? null : EpochGate.Stamp(http, new EventsCursor((cell.Position, cell.AsOf), Before).ToString());
}
