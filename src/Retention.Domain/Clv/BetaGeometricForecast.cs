using MathNet.Numerics.Integration;

namespace Retention.Domain.Clv;

/// <summary>
/// What BG/NBD and MBG/NBD expect of customers who are active at T. Both see the same future: purchases at the rate λ, gamma distributed
/// with r + x and α + T, each followed by dropout with p, beta distributed with a and <c>b + x + j</c>.
/// </summary>
internal sealed class BetaGeometricForecast(double r, double alpha, double a, double b, int firstDropout, double unit)
{
    private const int MostTerms = 100_000;

    // Ten points in the logarithm of time give the discount to nine digits over ten years, and to more over one.
    private static readonly GaussLegendreRule Points = new(-1, 1, 10);
    private static readonly GaussLegendreRule PanelPoints = new(-1, 1, 20);

    private readonly double b = b + firstDropout;

    public Outlook Of(int x, int age, Horizon horizon)
    {
        var (k, now, length) = (r + x, alpha + age / unit, horizon.Days / unit);
        var logAlive = -k * Math.Log(now);
        var purchases = Purchases(x, length / now);
        return new Outlook(
            logAlive, logAlive, purchases, Discounted(x, now, length, purchases, horizon.DailyForce * unit),
            -Special.ExpM1(-k * Special.Log1P(length / now)), NextPurchase.Of(share => now * Special.ExpM1(-Special.Log1P(-share) / k) * unit));
    }

    /// <summary>
    /// The expected purchases of an active customer: with k = r + x, A = a + b − 1 − r and c = a + b + x − 1,
    /// <code>c · (1 − (1 + s)^(1 − a) · ₂F₁(A, a − 1; c; s / (1 + s))) / (a − 1)</code>
    /// Fader, Hardie &amp; Lee (2005), equation 10, after Euler's transformation (Abramowitz &amp; Stegun 1964, 15.3.3), by which the
    /// power of k is gone. The factor a − 1 of all terms but the first is divided out, and so is the c below them: a = 1 is as any
    /// other a, and c may be 0 or negative, as it is for x = 0 with a + b &lt; 1.
    /// </summary>
    /// <param name="s">The time ahead over α + T.</param>
    public double Purchases(int x, double s)
    {
        var (upper, c, z, v) = (a + b - 1 - r, a + b + x - 1, s / (1 + s), Special.Log1P(s));
        // With a negative parameter the terms change signs and cancel.
        if (upper < -30) return Integrated(x, s);

        var term = upper * z;
        var sum = term;
        for (var n = 1; n < MostTerms; n++)
        {
            var ratio = (upper + n) * (a + n - 1) / ((c + n) * (n + 1.0)) * z;
            term *= ratio;
            sum += term;
            var bound = Math.Max(ratio, z);
            if (bound < 1 && Math.Abs(term) * bound <= 1e-15 * Math.Abs(sum) * (1 - bound))
                return c * Special.ExponentialIntegral(a - 1, v) - Math.Exp((1 - a) * v) * sum;
        }
        return Integrated(x, s);
    }

    /// <summary>
    /// The same where the series is of no use, as the mean of (1 − (1 + ps)^−k) / p over the beta distribution of p, which is positive and
    /// smooth in the logit of p, by Gauss-Legendre in panels. Beyond the panels p is so near to 0 or 1 that the mean is known.
    /// </summary>
    public double Integrated(int x, double s)
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

    // By parts: the purchases discounted from the horizon's end, and the interest that the earlier ones save, with δ the force of interest:
    // e^(−δt)·E(t) + δ·∫ e^(−δy)·E(y) dy from 0 to t.
    private double Discounted(int x, double now, double length, double purchases, double force)
    {
        if (force == 0) return purchases;
        var half = Special.Log1P(length / now) / 2;
        var saved = 0.0;
        for (var index = 0; index < Points.Order; index++)
        {
            var v = half * (1 + Points.GetAbscissa(index));
            var s = Special.ExpM1(v);
            saved += Points.GetWeight(index) * Math.Exp(v - force * now * s) * Purchases(x, s);
        }
        return Math.Exp(-force * length) * purchases + force * now * half * saved;
    }
}
