using System.Runtime.Intrinsics;
using MathNet.Numerics.Integration;

namespace Retention.Domain.Clv;

/// <summary>
/// <c>J(m, n; t) = ∫ (α + y)^−m (β + y)^−n dy</c> from t to ∞, for m + n &gt; 1. With l the smaller and h the larger of α and β, p and q
/// their exponents and k = m + n − 1, the better-conditioned substitution of two gives (Abramowitz &amp; Stegun 1964, 15.3.1 and 15.3.3)
/// <code>J = (l + t)^(1 − p) (h + t)^−q / k · ₂F₁(q, 1; k + 1; z),   z = (h − l) / (h + t)</code>
/// with 0 ≤ z &lt; 1 and a series of positive terms, which is 1 for α = β and in which integers are nothing special. Where it converges
/// slowly, up to the t₁ from which on it does not, J is integrated by Gauss-Legendre in the logarithm of l + y.
/// </summary>
internal sealed class TailIntegral(double alpha, double beta)
{
    private const double SlowFrom = 0.9;
    private const double FastUpTo = 0.6;
    private static readonly GaussLegendreRule Points = new(-1, 1, 16);

    private readonly bool betaIsLarger = beta >= alpha;
    private readonly double low = Math.Min(alpha, beta);
    private readonly double high = Math.Max(alpha, beta);

    /// <summary>ln J(m, n; t).</summary>
    public double Log(double m, double n, double t) => Log(Vector256.Create(m), n, Vector256.Create(t))[0];

    /// <summary>The same for four pairs of m and t, each as if it were alone.</summary>
    public Vector256<double> Log(Vector256<double> m, double n, Vector256<double> t)
    {
        if (Slow(t)) return Vector256.Create(Alone(0), Alone(1), Alone(2), Alone(3));

        var (one, nn) = (Vector256<double>.One, Vector256.Create(n));
        var (p, q) = betaIsLarger ? (m, nn) : (nn, m);
        var (l, h, k) = (Vector256.Create(low) + t, Vector256.Create(high) + t, m + nn - one);
        return (one - p) * Vector256.Log(l) - q * Vector256.Log(h) + Vector256.Log(Gauss2F1.Of(q, k + one, Vector256.Create(high - low) / h) / k);

        double Alone(int lane)
        {
            var time = Vector256.Create(t[lane]);
            return Slow(time) ? LogWithGradient(Vector256.Create(m[lane]), n, time).Log[0] : Log(Vector256.Create(m[lane]), n, time)[0];
        }
    }

    /// <summary>ln J and its derivatives by m, n, α and β, for four pairs of m and t.</summary>
    public Tail LogWithGradient(Vector256<double> m, double n, Vector256<double> t)
    {
        var nn = Vector256.Create(n);
        var (p, q) = betaIsLarger ? (m, nn) : (nn, m);
        var tail = Slow(t) ? Integrated(p, q, t) : Series(p, q, t);
        return betaIsLarger ? tail : new Tail(tail.Log, tail.ByN, tail.ByM, tail.ByBeta, tail.ByAlpha);
    }

    private bool Slow(Vector256<double> t) =>
        Vector256.GreaterThanAny(Vector256.Create(high - low), Vector256.Create(SlowFrom) * (Vector256.Create(high) + t));

    // As if α were the smaller.
    private Tail Series(Vector256<double> p, Vector256<double> q, Vector256<double> t)
    {
        var one = Vector256<double>.One;
        var (l, h) = (Vector256.Create(low) + t, Vector256.Create(high) + t);
        var (logL, logH) = (Vector256.Log(l), Vector256.Log(h));
        var k = p + q - one;
        var z = Vector256.Create(high - low) / h;
        var (f, byUpper, byLower, byZ) = Gauss2F1.WithDerivatives(q, k + one, z);
        var common = byLower / f - one / k;
        var slope = byZ / f;
        return new Tail(
            (one - p) * logL - q * logH - Vector256.Log(k) + Vector256.Log(f),
            common - logL, common + byUpper / f - logH, (one - p) / l - slope / h, (slope * (one - z) - q) / h);
    }

    // The integral from t to t₁ and the series from there on, both as multiples of (l + t)^(1 − p) (h + t)^−q.
    private Tail Integrated(Vector256<double> p, Vector256<double> q, Vector256<double> t)
    {
        var one = Vector256<double>.One;
        var (l, h) = (Vector256.Create(low) + t, Vector256.Create(high) + t);
        var (logL, logH) = (Vector256.Log(l), Vector256.Log(h));
        var later = Vector256.Max(t, Vector256.Create((high - low) / FastUpTo - high));
        var rest = Series(p, q, later);
        var log = (one - p) * logL - q * logH;
        var share = Vector256.Exp(rest.Log - log);
        var (sum, byP, byQ, byLow, byHigh) = (share, share * rest.ByM, share * rest.ByN, share * rest.ByAlpha, share * rest.ByBeta);

        // Both powers fall. Where they have fallen by e^42 the rest does not count, be m < 1 and the first one growing; a panel is at most
        // two wide, and its integrand falls by at most e^15.
        var fall = Vector256.Max(p - one, Vector256.Create(1e-9));
        var length = Vector256.Log((Vector256.Create(low) + later) / l);
        length = Vector256.Min(length, Vector256.Create(42.0) / fall);
        length = Vector256.Min(length, Vector256.Log(one + h / l * (Vector256.Exp(Vector256.Create(60.0) / q) - one)));
        var fallen = fall * length + q * Vector256.Log(one + l / h * (Vector256.Exp(length) - one));
        var needed = Vector256.Max(length / 2.0, fallen / 15.0);
        var panels = Math.Max(1, (int)Math.Ceiling(Math.Max(Math.Max(needed[0], needed[1]), Math.Max(needed[2], needed[3]))));
        var half = length / (2.0 * panels);
        for (var panel = 0; panel < panels; panel++)
        {
            for (var point = 0; point < Points.Order; point++)
            {
                var w = half * Vector256.Create(2 * panel + 1 + Points.GetAbscissa(point));
                var grown = l * Vector256.Exp(w);
                var larger = h + (grown - l);
                var logLarger = Vector256.Log(larger);
                var value = half * Vector256.Create(Points.GetWeight(point)) * Vector256.Exp((one - p) * w - q * (logLarger - logH));
                sum += value;
                byP -= value * (logL + w);
                byQ -= value * logLarger;
                byLow -= value * p / grown;
                byHigh -= value * q / larger;
            }
        }
        return new Tail(log + Vector256.Log(sum), byP / sum, byQ / sum, byLow / sum, byHigh / sum);
    }
}

/// <summary>ln J of four pairs and its derivatives.</summary>
internal readonly record struct Tail(
    Vector256<double> Log, Vector256<double> ByM, Vector256<double> ByN, Vector256<double> ByAlpha, Vector256<double> ByBeta);
