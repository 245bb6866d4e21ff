using System.Runtime.Intrinsics;
using MathNet.Numerics.Integration;

namespace Retention.Domain.Clv;

/// <summary>
/// What BG/NBD and MBG/NBD expect of customers who are active at T. Both see the same future: purchases at the rate λ, gamma distributed
/// with r + x and α + T, each followed by dropout with p, beta distributed with a and <c>b + x + j</c>.
/// </summary>
internal sealed class BetaGeometricForecast(double r, double alpha, double a, double b, int firstDropout, double unit)
{
    private const int MostTerms = 100_000;

    // Fifteen points in the logarithm of time give the discount to ten digits over ten years, and make sixteen with the horizon itself.
    private static readonly GaussLegendreRule Points = new(-1, 1, 15);
    private static readonly GaussLegendreRule PanelPoints = new(-1, 1, 20);
    private static readonly (Vector512<double> First, Vector512<double> Second) Abscissas = Pair(index => (1 + Points.GetAbscissa(index)) / 2, 1);
    private static readonly (Vector512<double> First, Vector512<double> Second) Weights = Pair(index => Points.GetWeight(index) / 2, 0);

    private readonly double b = b + firstDropout;

    public Outlook Of(int x, int age, Horizon horizon)
    {
        var (k, now, length) = (r + x, alpha + age / unit, horizon.Days / unit);
        var v = Special.Log1P(length / now);
        var (purchases, discounted) = Purchases(x, now, v, horizon.DailyForce * unit);
        var logAlive = -k * Math.Log(now);
        double Wait(double share) => now * Special.ExpM1(-Special.Log1P(-share) / k) * unit;
        return new Outlook(
            logAlive, logAlive, purchases, discounted, -Special.ExpM1(-k * v), NextPurchase.Of(Wait(0.5), Wait(0.1), Wait(0.9)));
    }

    /// <summary>
    /// The mean of (1 − (1 + ps)^−k) / p over the beta distribution of p, which is positive and smooth in the logit of p, by Gauss-Legendre
    /// in panels. Beyond the panels p is so near to 0 or 1 that the mean is known.
    /// </summary>
    /// <param name="s">The time ahead over α + T.</param>
    internal double Integrated(int x, double s)
    {
        var (k, stayed) = (r + x, b + x);
        var logBeta = Special.LogBeta(a, stayed);
        var (low, high) = (-37 - Special.Log1P(s * (k + 1)), 37.0);
        var panels = (int)Math.Ceiling((high - low) / Math.Min(1, 3 * Math.Sqrt(1 / a + 1 / stayed)));
        var half = (high - low) / panels / 2;
        var sum = 0.0;
        for (var panel = 0; panel < panels; panel++)
        {
            for (var index = 0; index < PanelPoints.Order; index++)
            {
                var logit = low + half * (2 * panel + 1 + PanelPoints.GetAbscissa(index));
                var (logP, logQ) = (-Special.Log1P(Math.Exp(-logit)), -Special.Log1P(Math.Exp(logit)));
                var gain = -Special.ExpM1(-k * Special.Log1P(s * Math.Exp(logP)));
                sum += half * PanelPoints.GetWeight(index) * gain * Math.Exp((a - 1) * logP + stayed * logQ - logBeta);
            }
        }
        return sum + k * s * Math.Exp(a * low - logBeta) / a - Special.ExpM1(-k * Special.Log1P(s)) * Math.Exp(-stayed * high - logBeta) / stayed;
    }

    // The purchases within the time v, a logarithm, and the same discounted, by parts: those discounted from the horizon's end, and the
    // interest that the earlier ones save, e^(−δt)·E(t) + δ·∫ e^(−δy)·E(y) dy from 0 to t with δ the force of interest.
    private (double Purchases, double Discounted) Purchases(int x, double now, double v, double force)
    {
        var (first, second) = (Vector512.Create(v) * Abscissas.First, Vector512.Create(v) * Abscissas.Second);
        var (growth, laterGrowth) = (Special.ExpM1(first), Special.ExpM1(second));
        var (expected, laterExpected) = Purchases(x, first, second) ?? (Integrated(x, growth), Integrated(x, laterGrowth));
        var purchases = laterExpected[7];
        if (force == 0) return (purchases, purchases);

        var interest = Vector512.Create(force * now);
        var saved = Vector512.Sum(
            Weights.First * expected * Vector512.Exp(first - interest * growth) +
            Weights.Second * laterExpected * Vector512.Exp(second - interest * laterGrowth));
        return (purchases, Math.Exp(-force * now * laterGrowth[7]) * purchases + force * now * v * saved);
    }

    /// <summary>
    /// The expected purchases of an active customer up to sixteen times: with k = r + x, A = a + b − 1 − r, c = a + b + x − 1 and the
    /// time t as <c>v = ln(1 + t / (α + T))</c>
    /// <code>c · (1 − e^((1 − a)v) · ₂F₁(A, a − 1; c; 1 − e^−v)) / (a − 1)</code>
    /// Fader, Hardie &amp; Lee (2005), equation 10, after Euler's transformation (Abramowitz &amp; Stegun 1964, 15.3.3), by which the
    /// power of k is gone. The factor a − 1 of all terms but the first is divided out, and so is the c below them: a = 1 is as any
    /// other a, and c may be 0 or negative, as it is for x = 0 with a + b &lt; 1. Up to a factor z the terms are the same for all times.
    /// </summary>
    /// <returns>Null where the series is of no use.</returns>
    private (Vector512<double> First, Vector512<double> Second)? Purchases(int x, Vector512<double> v, Vector512<double> later)
    {
        var (upper, c, one) = (a + b - 1 - r, a + b + x - 1, Vector512<double>.One);
        // With a negative parameter the terms change signs, and cancel where it is large.
        if (upper < -30) return null;

        var (z, zLater) = (-Special.ExpM1(-v), -Special.ExpM1(-later));
        var (term, termLater) = (z * upper, zLater * upper);
        var (sum, sumLater) = (term, termLater);
        for (var n = 1; n < MostTerms; n++)
        {
            var ratio = (upper + n) * (a + n - 1) / ((c + n) * (n + 1.0));
            term *= z * ratio;
            termLater *= zLater * ratio;
            sum += term;
            sumLater += termLater;
            // The last time is the farthest, with the slowest series.
            var bound = Math.Max(ratio, 1) * zLater[7];
            if ((n & 3) == 0 && bound < 1 && Math.Abs(termLater[7]) * bound <= 1e-15 * Math.Abs(sumLater[7]) * (1 - bound))
                return (Purchases(c, v, sum), Purchases(c, later, sumLater));
        }
        return null;
    }

    private Vector512<double> Purchases(double c, Vector512<double> v, Vector512<double> sum)
    {
        var power = v * (1 - a);
        var first = Math.Abs(1 - a) < 1e-300 ? v : Special.ExpM1(power) / (1 - a);
        return first * c - Vector512.Exp(power) * sum;
    }

    private Vector512<double> Integrated(int x, Vector512<double> s)
    {
        var values = new double[8];
        for (var index = 0; index < 8; index++) values[index] = Integrated(x, s[index]);
        return Vector512.Create(values);
    }

    private static (Vector512<double>, Vector512<double>) Pair(Func<int, double> value, double last)
    {
        double[] values = [.. Enumerable.Range(0, 15).Select(value), last];
        return (Vector512.Create(values, 0), Vector512.Create(values, 8));
    }
}
