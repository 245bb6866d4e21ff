using MathNet.Numerics.Distributions;

namespace Retention.Domain.Metrics;

/// <summary>
/// The t-interval of a mean, <c>x̄ ± t₀.₉₇₅,ₙ₋₁ · s / √n</c> with <c>s² = (n·Σx² − (Σx)²) / (n(n − 1))</c>. Student (1908),
/// Biometrika 6(1). The sums are integers, so that merging parts in any order gives the same interval to the last bit.
/// </summary>
public static class MeanInterval
{
    /// <param name="sum">Σx.</param>
    /// <param name="sumOfSquares">Σx².</param>
    /// <returns>In the unit of x, a point where all values are equal; null for n &lt; 2, where no spread can be seen.</returns>
    public static Interval? Of(long n, long sum, long sumOfSquares)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        if (n < 2) return null;

        var spread = (Int128)n * sumOfSquares - (Int128)sum * sum;
        if (spread < 0) throw new ArgumentOutOfRangeException(nameof(sumOfSquares), "No n values have these sums.");

        var mean = (double)sum / n;
        var half = T(n - 1) * Math.Sqrt((double)spread / (n - 1)) / n;
        return new Interval(mean - half, mean + half);
    }

    /// <summary>The same from how often each value was given.</summary>
    /// <exception cref="OverflowException">A sum is beyond a long.</exception>
    public static Interval? Of(IEnumerable<KeyValuePair<int, long>> histogram)
    {
        var (n, sum, sumOfSquares) = (0L, 0L, 0L);
        foreach (var (value, count) in histogram)
        {
            checked
            {
                n += count;
                sum += count * value;
                sumOfSquares += count * value * value;
            }
        }
        return Of(n, sum, sumOfSquares);
    }

    /// <summary>The 97.5 % quantile of Student's t distribution.</summary>
    /// <param name="degreesOfFreedom">ν ≥ 1.</param>
    public static double T(long degreesOfFreedom) => StudentT.InvCDF(location: 0, scale: 1, degreesOfFreedom, p: 0.975);
}
