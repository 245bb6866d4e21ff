using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>How many lifetimes ended at one time, and how many were seen up to it and no further.</summary>
public record struct LifetimeCounts(long Lapsed, long Censored) : ICounts<LifetimeCounts>
{
    public static LifetimeCounts operator +(LifetimeCounts a, LifetimeCounts b) => new(a.Lapsed + b.Lapsed, a.Censored + b.Censored);

    public static LifetimeCounts operator -(LifetimeCounts a, LifetimeCounts b) => new(a.Lapsed - b.Lapsed, a.Censored - b.Censored);
}

/// <summary>
/// The product-limit estimate of survival, <c>S(t) = ∏ (1 − dᵢ / nᵢ)</c> over the times <c>tᵢ ≤ t</c>, with <c>dᵢ</c> lapsed at
/// <c>tᵢ</c> of <c>nᵢ</c> at risk just before it; who is censored at <c>tᵢ</c> is still at risk at it. Kaplan &amp; Meier (1958),
/// JASA 53(282). Its variance is Greenwood's, <c>S²·V</c> with <c>V = Σ dᵢ / (nᵢ(nᵢ − dᵢ))</c>: Greenwood (1926), Reports on Public
/// Health 33. The 95 % interval is <c>S^exp(±z·√V / ln S)</c>, symmetric for <c>ln(−ln S)</c> and so always within 0 … 1:
/// Kalbfleisch &amp; Prentice (1980), <em>The Statistical Analysis of Failure Time Data</em>.
/// </summary>
public static class KaplanMeier
{
    // 3/4 · 2/3 need not be 0.5 to the last bit.
    private const double Half = 0.5 * (1 + 1e-12);

    /// <summary>
    /// A customer's first span of activity [start, end), <c>end − start</c> days long; a departure is a lapse, and ends the span on its
    /// day. A lapse is seen once the day <paramref name="end"/> is over, which is when it counts as a flow. Until then the lifetime is
    /// censored at the last whole day before the moment, the day before <paramref name="asOf"/>: what is known of the customer is not to
    /// have lapsed by the end of that day, so that the time is <c>asOf − 1 − start</c>. Who began on the day of the moment was not seen
    /// for a whole day, and adds nothing.
    /// </summary>
    /// <param name="start">Number of the first purchase's day.</param>
    /// <param name="end">Number of the day of the lapse, at least <paramref name="start"/>.</param>
    /// <param name="asOf">Number of the local day that the moment falls in, whatever its time of day.</param>
    /// <param name="cells">By time, in days.</param>
    public static void Contribute(int start, int end, int asOf, DenseCells<LifetimeCounts> cells)
    {
        if (end < asOf) cells.At(end - start).Lapsed++;
        else if (start < asOf) cells.At(asOf - 1 - start).Censored++;
    }

    /// <summary>Adds the customer's first span, in the period that it begins in.</summary>
    public static void Contribute(CustomerView customer, AsOf asOf, PeriodCells<LifetimeCounts> cells)
    {
        if (customer.Spans.IsEmpty) return;
        var first = customer.Spans[0];
        if (cells.BeginningOn(first.Start) is { } own) Contribute(first.Start.DayNumber, first.End.DayNumber, asOf.Day.DayNumber, own);
    }

    /// <param name="cells">By time, in days; sums of several parts give what all their lifetimes together give.</param>
    public static SurvivalCurve Estimate(DenseCells<LifetimeCounts> cells)
    {
        var lifetimes = cells.Aggregate(new LifetimeCounts(), (sum, cell) => sum + cell.Value);
        var atRisk = lifetimes.Lapsed + lifetimes.Censored;
        var steps = new List<SurvivalStep>();
        var (survival, sum) = (1.0, 0.0);
        foreach (var (time, counts) in cells)
        {
            if (counts.Lapsed > 0)
            {
                survival *= (double)(atRisk - counts.Lapsed) / atRisk;
                sum += counts.Lapsed / ((double)atRisk * (atRisk - counts.Lapsed));
                steps.Add(Step(time, atRisk, counts.Lapsed, (survival, sum)));
            }
            atRisk -= counts.Lapsed + counts.Censored;
        }
        return new SurvivalCurve(lifetimes, steps, steps.Find(step => step.Survival <= Half)?.Time);
    }

    private static SurvivalStep Step(int time, long atRisk, long lapsed, (double Survival, double Sum) estimate)
    {
        var (survival, sum) = estimate;
        if (survival == 0) return new SurvivalStep(time, atRisk, lapsed, 0, null, null);

        var theta = Interval.Z * Math.Sqrt(sum) / Math.Log(survival);
        var interval = new Interval(Math.Pow(survival, Math.Exp(-theta)), Math.Pow(survival, Math.Exp(theta)));
        return new SurvivalStep(time, atRisk, lapsed, survival, survival * Math.Sqrt(sum), interval);
    }
}

/// <param name="Lifetimes">Of all whom the curve describes: lapsed and censored.</param>
/// <param name="Steps">One for each distinct lapse time, ascending; empty when nobody lapsed. Before the first, S = 1.</param>
/// <param name="Median">The first time with S ≤ 0.5, in days; null while more than half survive.</param>
public sealed record SurvivalCurve(LifetimeCounts Lifetimes, IReadOnlyList<SurvivalStep> Steps, int? Median);

/// <param name="Time">In days.</param>
/// <param name="AtRisk">Neither lapsed nor censored before the time.</param>
/// <param name="Lapsed">At the time.</param>
/// <param name="Survival">S, just after the time.</param>
/// <param name="StandardError">√ of Greenwood's variance; null where nobody survives, since the formula then divides by 0.</param>
/// <param name="Interval">95 %, log-log; null where nobody survives.</param>
public sealed record SurvivalStep(int Time, long AtRisk, long Lapsed, double Survival, double? StandardError, Interval? Interval);
