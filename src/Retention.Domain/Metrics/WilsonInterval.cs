namespace Retention.Domain.Metrics;

/// <summary>
/// The score interval of a share, <c>(2n·p̂ + z² ± z·√(z² + 4n·p̂·q̂)) / (2(n + z²))</c> with <c>p̂ = x / n</c> and <c>q̂ = 1 − p̂</c>.
/// Wilson (1927), JASA 22(158); method 3 of Newcombe (1998), Statistics in Medicine 17.
/// </summary>
public static class WilsonInterval
{
    /// <param name="x">Those who have the property, 0 … n.</param>
    /// <returns>Fractions in 0 … 1, exactly 0 below none of n and 1 above all of n; null when nobody was asked (n = 0).</returns>
    public static Interval? Of(long x, long n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(x, n);
        if (n == 0) return null;

        const double zSquared = Interval.Z * Interval.Z;
        var centre = 2.0 * x + zSquared;
        var half = Interval.Z * Math.Sqrt(zSquared + 4.0 * x * (n - x) / n);
        var scale = 2 * (n + zSquared);
        return new Interval(x == 0 ? 0 : (centre - half) / scale, x == n ? 1 : (centre + half) / scale);
    }
}
