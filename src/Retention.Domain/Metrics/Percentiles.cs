namespace Retention.Domain.Metrics;

/// <summary>
/// Sample quantiles of type 7, linear between the order statistics: <c>Q(p) = x₍ⱼ₎ + (h − j)·(x₍ⱼ₊₁₎ − x₍ⱼ₎)</c> with
/// <c>h = (n − 1)p + 1</c> and <c>j = ⌊h⌋</c>. Hyndman &amp; Fan (1996), The American Statistician 50(4).
/// </summary>
public static class Percentiles
{
    /// <param name="ascending">The values in ascending order.</param>
    /// <param name="p">0 … 1: 0.5 is the median.</param>
    /// <returns>In the unit of the values; null without values.</returns>
    public static double? Of(IReadOnlyList<double> ascending, double p)
    {
        if (ascending.Count == 0) return null;
        var (below, share) = Position(ascending.Count, p);
        return Between(ascending[(int)below], ascending[(int)Math.Min(below + 1, ascending.Count - 1)], share);
    }

    /// <summary>The same from how often each value occurs, for sums of histograms.</summary>
    /// <param name="ascending">Counts ≥ 0 by value, in ascending order of the values.</param>
    public static double? OfCounts(IReadOnlyCollection<KeyValuePair<long, long>> ascending, double p)
    {
        var n = ascending.Sum(bin => bin.Value);
        if (n == 0) return null;

        var (below, share) = Position(n, p);
        long? lower = null;
        var seen = 0L;
        foreach (var (value, count) in ascending)
        {
            seen += count;
            if (lower is null && seen > below) lower = value;
            if (seen > Math.Min(below + 1, n - 1)) return Between(lower!.Value, value, share);
        }
        throw new ArgumentOutOfRangeException(nameof(ascending), "A count is negative.");
    }

    // Zero-based: the order statistic just below Q(p), and how far Q(p) is on the way to the next.
    private static (long Below, double Share) Position(long n, double p)
    {
        if (p is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "A share from 0 to 1.");
        var h = (n - 1) * p;
        var below = Math.Floor(h);
        return ((long)below, h - below);
    }

    private static double Between(double lower, double upper, double share) => lower + share * (upper - lower);
}
