using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>Regular customers who lapsed, and how far each came on the way back: every step is one of those before it.</summary>
/// <param name="Asked">Of those lapsed, asked for an answer since, before any return; a request that bounced asks nobody.</param>
/// <param name="Answered">Of those asked, who answered a survey or gave a reason since.</param>
/// <param name="Returned">Of those answered, with an order since the answer.</param>
/// <param name="AskedReturned">Of those asked, with an order since, answered or not.</param>
/// <param name="UnaskedReturned">Of those lapsed and not asked, with an order since.</param>
public readonly record struct WinBackCounts(long Lapsed, long Asked, long Answered, long Returned, long AskedReturned, long UnaskedReturned)
    : ICounts<WinBackCounts>
{
    public static WinBackCounts operator +(WinBackCounts a, WinBackCounts b) => new(
        a.Lapsed + b.Lapsed, a.Asked + b.Asked, a.Answered + b.Answered, a.Returned + b.Returned, a.AskedReturned + b.AskedReturned,
        a.UnaskedReturned + b.UnaskedReturned);

    public static WinBackCounts operator -(WinBackCounts a, WinBackCounts b) => new(
        a.Lapsed - b.Lapsed, a.Asked - b.Asked, a.Answered - b.Answered, a.Returned - b.Returned, a.AskedReturned - b.AskedReturned,
        a.UnaskedReturned - b.UnaskedReturned);
}

/// <summary>
/// The way back of lapsed regulars (<see cref="LapsedRegulars"/>): asked → answered → returned. A regular lapses on the first day on which it
/// has stayed away for more than m of its own median gaps, by the purchase days up to then, and counts in the row of that day; each time that
/// it happens. Whether it was asked before is no matter, a complaint that is open on that day is.
/// </summary>
public static class WinBack
{
    /// <param name="customer">With the lines of its orders.</param>
    public static void Contribute(CustomerView customer, (Partition Partition, AsOf AsOf, LapsedRegularRules Rules) by, ICells<int, WinBackCounts> cells)
    {
        if (customer.Orders.Length < by.Rules.PurchaseDays || LapsedRegularFacts.Of(customer).OnlyOneOff) return;
        foreach (var (day, returned) in Lapses(customer, by.AsOf, by.Rules))
        {
            var start = customer.Definition.Calendar.StartOf(day).UtcTicks;
            if (customer.Complaints.Any(complaint => complaint.IsOpenAt(start))) continue;
            cells.Add(by.Partition.IndexOf(day), Follow(customer, start, returned));
        }
    }

    /// <summary>Whether the customer may count on some of the days, half-open; who buys only one-off products is said to, since that takes the lines of orders.</summary>
    public static bool MayCount(CustomerView customer, (AsOf AsOf, LapsedRegularRules Rules) by, (DateOnly From, DateOnly To) days) =>
        customer.Orders.Length >= by.Rules.PurchaseDays && Lapses(customer, by.AsOf, by.Rules).Exists(lapse => lapse.Day >= days.From && lapse.Day < days.To);

    /// <summary>The days on which the customer lapsed as a regular, each with its next order, if any.</summary>
    private static List<(DateOnly Day, long? Returned)> Lapses(CustomerView customer, AsOf asOf, LapsedRegularRules rules)
    {
        var lapses = new List<(DateOnly, long?)>();
        var days = new List<(int Day, long At)>();
        foreach (var order in customer.Orders)
        {
            if (days.Count == 0 || days[^1].Day != order.Day.DayNumber) days.Add((order.Day.DayNumber, order.OccurredAt));
        }
        var gaps = new List<int>();
        var (sum, squares) = (0L, 0L);
        for (var i = 0; i < days.Count; i++)
        {
            if (i > 0)
            {
                var gap = days[i].Day - days[i - 1].Day;
                var place = gaps.BinarySearch(gap);
                gaps.Insert(place < 0 ? ~place : place, gap);
                (sum, squares) = (sum + gap, squares + (long)gap * gap);
            }
            if (i + 1 < rules.PurchaseDays || LapsedRegulars.Variation(gaps.Count, sum, squares) is not { } variation || variation > rules.Variation) continue;
            var lapse = days[i].Day + (int)Math.Floor(rules.Gaps * (gaps[(gaps.Count - 1) / 2] + gaps[gaps.Count / 2]) / 2.0) + 1;
            var (next, returned) = i + 1 < days.Count ? (days[i + 1].Day, days[i + 1].At) : (int.MaxValue, (long?)null);
            if (next > lapse && lapse <= asOf.Day.DayNumber) lapses.Add((DateOnly.FromDayNumber(lapse), returned));
        }
        return lapses;
    }

    private static WinBackCounts Follow(CustomerView customer, long lapsed, long? returned)
    {
        var until = returned ?? long.MaxValue;
        long? asked = null, answered = null;
        foreach (var request in customer.Requests)
        {
            if (!request.Bounced && request.OccurredAt >= lapsed && request.OccurredAt < until) asked ??= request.OccurredAt;
        }
        if (asked is null) return new(1, 0, 0, 0, 0, returned is null ? 0 : 1);
        foreach (var given in customer.Answers)
        {
            if (given.OccurredAt >= asked && given.OccurredAt < until) answered ??= given.OccurredAt;
        }
        foreach (var (at, fact) in customer.Others)
        {
            if (fact is Fact.LapseReason && at >= asked && at < until) answered = Math.Min(answered ?? at, at);
        }
        var back = returned is null ? 0 : 1;
        return new(1, 1, answered is null ? 0 : 1, answered is null ? 0 : back, back, 0);
    }
}
