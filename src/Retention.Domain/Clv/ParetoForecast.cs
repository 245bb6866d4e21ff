using System.Runtime.Intrinsics;
using MathNet.Numerics.Integration;

namespace Retention.Domain.Clv;

/// <summary>What Pareto/NBD expects of customers who are active at T.</summary>
internal sealed class ParetoForecast(double r, double alpha, double s, double beta, double unit)
{
    // Sixteen points in the logarithm of time give the discounted purchases to ten digits.
    private static readonly GaussLegendreRule Points = new(0, 1, 16);
    private static readonly (Vector512<double> First, Vector512<double> Second) Abscissas = Pair(Points.GetAbscissa);
    private static readonly (Vector512<double> First, Vector512<double> Second) Weights = Pair(Points.GetWeight);

    // e^60 times α + T is beyond every century.
    private const double Farthest = 60;
    private const int MostRounds = 50;

    // Of the median, the 10 % and the 90 % quantile, and the median again.
    private static readonly Vector256<double> Falls = Vector256.Create(Math.Log(0.5), Math.Log(0.9), Math.Log(0.1), Math.Log(0.5));

    private readonly TailIntegral tail = new(alpha, beta);

    public Outlook Of(int x, int age, Horizon horizon)
    {
        var (k, time, length) = (r + x, age / unit, horizon.Days / unit);
        var tails = tail.Log(Vector256.Create(k + 1), s, Vector256.Create(time, time + length, time, time));
        var (logAlive, logKept) = (-k * Math.Log(alpha + time) - s * Math.Log(beta + time), Math.Log(k) + tails[0]);
        var (rate, scale) = (k / (alpha + time), beta + time);
        var buysAgain = Math.Min(1, -Special.ExpM1(tails[1] - tails[0]) * Math.Exp(logKept - logAlive));
        var waits = Waits(k, time, tails[0]) * unit;
        return new Outlook(
            logAlive, logKept, rate * Active(scale, length), rate * Discounted(scale, length, horizon.DailyForce * unit), buysAgain,
            NextPurchase.Of(waits[0], waits[1], waits[2]));
    }

    // The expected time active within a length: ∫ (scale / (scale + y))^s dy, for any s, 1 included. Fader & Hardie (2005), equation 41.
    private double Active(double scale, double length) => scale * Special.ExponentialIntegral(s - 1, Special.Log1P(length / scale));

    // The same integral with e^(−δy) in it.
    private double Discounted(double scale, double length, double force)
    {
        if (force == 0) return Active(scale, length);
        var v = Special.Log1P(length / scale);
        return scale * v * (Part(Abscissas.First, Weights.First) + Part(Abscissas.Second, Weights.Second));

        double Part(Vector512<double> abscissas, Vector512<double> weights)
        {
            var at = abscissas * v;
            return Vector512.Sum(weights * Vector512.Exp(at * (1 - s) - Special.ExpM1(at) * (force * scale)));
        }
    }

    // The times at which ln J has fallen by so much: Halley's method in v, the logarithm of time, in which ln J is almost a straight line
    // with the slope −σ, σ = (α + t)^−k (β + t)^−s / J, and σ' = σ · (σ − k − s (α + t) / (β + t)).
    private Vector256<double> Waits(double k, double time, double logTail)
    {
        var one = Vector256<double>.One;
        var most = Vector256.Create(Farthest);
        var v = Vector256.Min(most, -Falls / (k + s));
        for (var round = 0; round < MostRounds; round++)
        {
            var a = Vector256.Exp(v) * (alpha + time);
            var b = a + Vector256.Create(beta - alpha);
            var log = tail.Log(Vector256.Create(k + 1), s, a - Vector256.Create(alpha));
            var slope = Vector256.Exp(-(Vector256.Log(a) * k + Vector256.Log(b) * s + log));
            var newton = (log - Vector256.Create(logTail) - Falls) / slope;
            var step = newton / (one + newton * (slope - Vector256.Create(k) - a / b * s) * 0.5);
            var next = Vector256.Min(most, Vector256.Max(v + step, v * 0.5));
            // The error is of the order of the third power of the step.
            var done = Vector256.LessThanOrEqualAll(Vector256.Abs(next - v), v * 1e-4);
            v = next;
            if (done) break;
        }
        return Vector256.ConditionalSelect(
            Vector256.Equals(v, most), Vector256.Create(double.PositiveInfinity), (Vector256.Exp(v) - one) * (alpha + time));
    }

    private static (Vector512<double>, Vector512<double>) Pair(Func<int, double> value)
    {
        double[] values = [.. Enumerable.Range(0, 16).Select(value)];
        return (Vector512.Create(values, 0), Vector512.Create(values, 8));
    }
}
