using MathNet.Numerics.Integration;

namespace Retention.Domain.Clv;

/// <summary>What Pareto/NBD expects of customers who are active at T.</summary>
internal sealed class ParetoForecast(double r, double alpha, double s, double beta, double unit)
{
    // Sixteen points in the logarithm of time give the discounted purchases to ten digits.
    private static readonly GaussLegendreRule Points = new(-1, 1, 16);

    private readonly TailIntegral tail = new(alpha, beta);

    public Outlook Of(int x, int age, Horizon horizon)
    {
        var (k, time, length) = (r + x, age / unit, horizon.Days / unit);
        var logAlive = -k * Math.Log(alpha + time) - s * Math.Log(beta + time);
        var logTail = tail.Log(k + 1, s, time);
        var logKept = Math.Log(k) + logTail;
        var (rate, scale) = (k / (alpha + time), beta + time);
        var buysAgain = Math.Min(1, -Special.ExpM1(tail.Log(k + 1, s, time + length) - logTail) * Math.Exp(logKept - logAlive));
        return new Outlook(
            logAlive, logKept, rate * Active(scale, length), rate * Discounted(scale, length, horizon.DailyForce * unit), buysAgain,
            NextPurchase.Of(share => Wait(k, time, logTail, Special.Log1P(-share)) * unit));
    }

    // The expected time active within a length: ∫ (scale / (scale + y))^s dy, for any s, 1 included. Fader & Hardie (2005), equation 41.
    private double Active(double scale, double length) => scale * Special.ExponentialIntegral(s - 1, Special.Log1P(length / scale));

    // The same integral with e^(−δy) in it.
    private double Discounted(double scale, double length, double force)
    {
        if (force == 0) return Active(scale, length);
        var half = Special.Log1P(length / scale) / 2;
        var sum = 0.0;
        for (var index = 0; index < Points.Order; index++)
        {
            var v = half * (1 + Points.GetAbscissa(index));
            sum += Points.GetWeight(index) * Math.Exp((1 - s) * v - force * scale * Special.ExpM1(v));
        }
        return scale * half * sum;
    }

    // The time at which ln J has fallen by so much: Newton's method in the logarithm of time, in which ln J is almost a straight line.
    private double Wait(double k, double time, double logTail, double fall)
    {
        var v = -fall / (k + s);
        for (var round = 0; round < 50; round++)
        {
            var wait = (alpha + time) * Special.ExpM1(v);
            if (!double.IsFinite(wait)) return double.PositiveInfinity;
            var later = tail.Log(k + 1, s, time + wait);
            var slope = Math.Exp(-k * Math.Log(alpha + time + wait) - s * Math.Log(beta + time + wait) - later);
            var step = (later - logTail - fall) / slope;
            v = Math.Max(v + step, v / 2);
            if (Math.Abs(step) <= 1e-10 * v) return (alpha + time) * Special.ExpM1(v);
        }
        return double.NaN;
    }
}
