namespace Retention.Domain.Metrics;

/// <summary>
/// The interval of a Net Promoter Score: three answers are added, ¾ a promoter, ¾ a detractor and 1½ a passive, and with the adjusted
/// shares <c>p = (promoters + ¾) / (n + 3)</c> and <c>d = (detractors + ¾) / (n + 3)</c> it is
/// <c>p − d ± z·√((p + d − (p − d)²) / (n + 3))</c>. Rocks (2016), The American Statistician 70(4), adjusted Wald; the adjustment
/// follows Bonett &amp; Price (2012), JEBS 37(4). It is centred on the adjusted estimate, not on the score.
/// </summary>
public static class AdjustedWald
{
    /// <returns>Points of the score, cut to −100 … 100; null without answers.</returns>
    public static Interval? Of(long promoters, long passives, long detractors)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(promoters);
        ArgumentOutOfRangeException.ThrowIfNegative(passives);
        ArgumentOutOfRangeException.ThrowIfNegative(detractors);
        if (promoters + passives + detractors == 0) return null;

        var (estimate, variance) = Estimate(promoters, passives, detractors);
        var half = Interval.Z * Math.Sqrt(variance);
        return new Interval(Math.Max(-100, 100 * (estimate - half)), Math.Min(100, 100 * (estimate + half)));
    }

    /// <summary>The adjusted <c>p − d</c>, as a fraction, and its variance <c>(p + d − (p − d)²) / (n + 3)</c>.</summary>
    internal static (double Estimate, double Variance) Estimate(long promoters, long passives, long detractors)
    {
        var n = promoters + passives + detractors + 3.0;
        var p = (promoters + 0.75) / n;
        var d = (detractors + 0.75) / n;
        return (p - d, (p + d - (p - d) * (p - d)) / n);
    }
}
