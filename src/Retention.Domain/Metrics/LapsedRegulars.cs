using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <param name="PurchaseDays">k: a regular bought on at least so many days.</param>
/// <param name="Variation">The greatest coefficient of variation of a regular's gaps.</param>
/// <param name="Gaps">m: lapsed is who stays away for more than so many of the own median gap.</param>
/// <param name="ThrottleDays">Who was asked less than so many days ago is not asked again; 0 for no throttle.</param>
public sealed record LapsedRegularRules(int PurchaseDays = 3, double Variation = 0.5, double Gaps = 2, int ThrottleDays = 0);

/// <summary>What besides the purchase days decides.</summary>
/// <param name="OnlyOneOff">Whether everything that the customer bought is a one-off product, which nobody buys regularly.</param>
/// <param name="OpenComplaint">Whether a complaint is received, and neither resolved nor withdrawn.</param>
/// <param name="LastAsked">Number of the day on which the customer was last asked for an answer, requests that bounced left out; null for never.</param>
public readonly record struct LapsedRegularFacts(bool OnlyOneOff, bool OpenComplaint, int? LastAsked)
{
    /// <param name="customer">With the lines of its orders.</param>
    public static LapsedRegularFacts Of(CustomerView customer)
    {
        int? asked = AskedRequest.LastDelivered(customer.Others) is { } at ? customer.DayOf(at).DayNumber : null;
        return new(BoughtOnlyOneOff(customer), customer.Complaints.Any(complaint => complaint.IsOpen), asked);
    }

    /// <summary>Whether there are orders, and every line of each is a one-off product; an order without lines may be anything.</summary>
    private static bool BoughtOnlyOneOff(CustomerView customer)
    {
        foreach (var order in customer.Orders)
        {
            if (customer.DetailsOf(order) is not { Lines: [_, ..] lines }) return false;
            foreach (var line in lines)
            {
                if (!line.OneOff) return false;
            }
        }
        return !customer.Orders.IsEmpty;
    }
}

/// <summary>What one criterion looks at, and whether it lets the customer into the list.</summary>
public readonly record struct Criterion<T>(T Value, bool Met);

/// <summary>All criteria of one customer; who meets all of them is a lapsed regular.</summary>
/// <param name="Variation">Standard deviation (n − 1) / mean of the gaps; null, and not met, with fewer than two gaps.</param>
/// <param name="DaysSinceLast">Since the last purchase day; null without one.</param>
/// <param name="MedianGap">In days; null without a gap, so that <paramref name="DaysSinceLast"/> is not met.</param>
/// <param name="OnlyOneOff">Met when false.</param>
/// <param name="OpenComplaint">Met when false.</param>
/// <param name="DaysSinceAsked">Null, and met, when never asked.</param>
public readonly record struct LapsedRegularCriteria(
    Criterion<int> PurchaseDays, Criterion<double?> Variation, Criterion<int?> DaysSinceLast, double? MedianGap, Criterion<bool> OnlyOneOff,
    Criterion<bool> OpenComplaint, Criterion<int?> DaysSinceAsked)
{
    /// <summary>How many criteria are not met.</summary>
    public int Misses => Miss(PurchaseDays) + Miss(Variation) + Miss(DaysSinceLast) + Miss(OnlyOneOff) + Miss(OpenComplaint) + Miss(DaysSinceAsked);

    public bool IsLapsedRegular => Misses == 0;

    private static int Miss<T>(Criterion<T> criterion) => criterion.Met ? 0 : 1;
}

/// <summary>
/// Customers who used to buy regularly and stay away for longer than is usual for themselves: enough purchase days, gaps that vary
/// little, and days since the last purchase &gt; m × the own median gap. The own rhythm decides, not a number of days for all. Left out
/// are those who bought one-off products only, who have an open complaint, or who were asked within the throttle.
/// </summary>
public static class LapsedRegulars
{
    /// <summary>How many criteria there are.</summary>
    public const int Criteria = 6;

    private const int OnStack = 128;

    /// <param name="customer">With the lines of its orders.</param>
    public static LapsedRegularCriteria Of(CustomerView customer, AsOf asOf, LapsedRegularRules rules)
    {
        var orders = customer.Orders;
        var days = orders.Length <= OnStack ? stackalloc int[orders.Length] : new int[orders.Length];
        var count = 0;
        foreach (var order in orders)
        {
            if (count == 0 || days[count - 1] != order.Day.DayNumber) days[count++] = order.Day.DayNumber;
        }
        return Of(days[..count], LapsedRegularFacts.Of(customer), asOf.Day.DayNumber, rules);
    }

    /// <param name="days">Numbers of the purchase days before the moment, ascending, each once.</param>
    /// <param name="asOf">Number of the local day that the moment falls in.</param>
    public static LapsedRegularCriteria Of(ReadOnlySpan<int> days, LapsedRegularFacts facts, int asOf, LapsedRegularRules rules)
    {
        var count = Math.Max(0, days.Length - 1);
        var gaps = count <= OnStack ? stackalloc int[count] : new int[count];
        for (var i = 0; i < count; i++) gaps[i] = days[i + 1] - days[i];

        var variation = Variation(gaps);
        var median = Median(gaps);
        int? sinceLast = days.IsEmpty ? null : asOf - days[^1];
        var sinceAsked = asOf - facts.LastAsked;
        return new LapsedRegularCriteria(
            new(days.Length, days.Length >= rules.PurchaseDays),
            new(variation, variation <= rules.Variation),
            new(sinceLast, sinceLast > rules.Gaps * median),
            median,
            new(facts.OnlyOneOff, !facts.OnlyOneOff),
            new(facts.OpenComplaint, !facts.OpenComplaint),
            new(sinceAsked, sinceAsked is null || sinceAsked >= rules.ThrottleDays));
    }

    private static double? Variation(ReadOnlySpan<int> gaps)
    {
        var (sum, squares) = (0L, 0L);
        foreach (var gap in gaps)
        {
            sum += gap;
            squares += (long)gap * gap;
        }
        return Variation(gaps.Length, sum, squares);
    }

    /// <summary>
    /// The coefficient of variation of n gaps, <c>s / x̄ = √(n·(n·Σx² − (Σx)²) / (n − 1)) / Σx</c>: exact where the result is, so that a
    /// customer on the threshold is on it. Null for fewer than two.
    /// </summary>
    internal static double? Variation(int n, long sum, long squares) => n < 2 ? null
        : Math.Sqrt((double)(n * ((Int128)n * squares - (Int128)sum * sum)) / (n - 1)) / sum;

    // Of type 7, see Percentiles; sorts the gaps.
    private static double? Median(Span<int> gaps)
    {
        if (gaps.IsEmpty) return null;
        gaps.Sort();
        return (gaps[(gaps.Length - 1) / 2] + gaps[gaps.Length / 2]) / 2.0;
    }
}
