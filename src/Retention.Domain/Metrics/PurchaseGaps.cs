using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>Gaps of one length, in days.</summary>
/// <param name="Closed">Between two purchase days before the moment.</param>
/// <param name="Ended">Of them, those whose second day is over at the moment.</param>
/// <param name="Censored">Not ended when last seen.</param>
public record struct GapCounts(long Closed, long Ended, long Censored) : ICounts<GapCounts>
{
    public static GapCounts operator +(GapCounts a, GapCounts b) => new(a.Closed + b.Closed, a.Ended + b.Ended, a.Censored + b.Censored);

    public static GapCounts operator -(GapCounts a, GapCounts b) => new(a.Closed - b.Closed, a.Ended - b.Ended, a.Censored - b.Censored);
}

/// <summary>
/// Time between purchases: the days from each purchase day to the customer's next. Their mean and percentiles (type 7, see
/// <see cref="Percentiles"/>) speak of closed gaps only, and so of those who came back, the quick ones first. The product-limit estimate
/// (see <see cref="KaplanMeier"/>) counts the open gap of every customer too, as censored.
/// </summary>
public static class PurchaseGaps
{
    /// <summary>
    /// Adds the closed gaps, and the open one as censored at the last whole day before the moment. For the curve, a gap that was closed on
    /// the moment's own day is open still: that day is not over, and who may yet buy on it cannot be told from who will not.
    /// </summary>
    /// <param name="days">Numbers of the purchase days before the moment, ascending, each once.</param>
    /// <param name="asOf">Number of the local day that the moment falls in.</param>
    /// <param name="cells">By length, in days.</param>
    public static void Contribute(ReadOnlySpan<int> days, int asOf, DenseCells<GapCounts> cells)
    {
        for (var i = 0; i < days.Length; i++) Add(days[i], i + 1 < days.Length ? days[i + 1] : null, asOf, cells);
    }

    /// <summary>Adds the gap after each purchase day, in the period of that day.</summary>
    public static void Contribute(CustomerView customer, AsOf asOf, PeriodCells<GapCounts> cells)
    {
        DateOnly? day = null;
        foreach (var order in customer.Orders)
        {
            if (order.Day == day) continue;
            if (day is { } begun && cells.BeginningOn(begun) is { } own) Add(begun.DayNumber, order.Day.DayNumber, asOf.Day.DayNumber, own);
            day = order.Day;
        }
        if (day is { } last && cells.BeginningOn(last) is { } open) Add(last.DayNumber, null, asOf.Day.DayNumber, open);
    }

    private static void Add(int day, int? next, int asOf, DenseCells<GapCounts> cells)
    {
        if (next is { } closed)
        {
            ref var counts = ref cells.At(closed - day);
            counts.Closed++;
            if (closed < asOf) counts.Ended++;
        }
        if (day < asOf && (next is null || next >= asOf)) cells.At(asOf - 1 - day).Censored++;
    }

    public static PurchaseGapFigures Figures(DenseCells<GapCounts> cells)
    {
        var (count, sum) = (0L, 0L);
        var closed = new List<KeyValuePair<long, long>>();
        var lifetimes = new DenseCells<LifetimeCounts>();
        foreach (var (length, gaps) in cells)
        {
            count += gaps.Closed;
            sum += gaps.Closed * length;
            closed.Add(KeyValuePair.Create((long)length, gaps.Closed));
            lifetimes.At(length) = new LifetimeCounts(gaps.Ended, gaps.Censored);
        }
        return new PurchaseGapFigures(
            count, count == 0 ? null : (double)sum / count, Percentiles.OfCounts(closed, 0.5), Percentiles.OfCounts(closed, 0.9), lifetimes);
    }
}

/// <summary>In days; null without a closed gap.</summary>
/// <param name="Count">Closed gaps.</param>
/// <param name="Lifetimes">By length, with the open gaps: for <see cref="KaplanMeier.Estimate"/>, and by group for <see cref="LogRank"/>.</param>
public sealed record PurchaseGapFigures(long Count, double? Mean, double? Median, double? P90, DenseCells<LifetimeCounts> Lifetimes);
