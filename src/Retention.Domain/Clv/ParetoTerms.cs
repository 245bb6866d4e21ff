using System.Runtime.Intrinsics;

namespace Retention.Domain.Clv;

/// <summary>
/// The likelihood of Pareto/NBD by the parameters r, α, s, β. The published one, Fader &amp; Hardie (2005), "A note on deriving the
/// Pareto/NBD model", adds to the chance of being alive at T an integral from t_x to T. With the part of it that lies beyond T taken from
/// the one and given to the other, integrated by parts, both terms are positive and each has one day in it:
/// <code>
/// f(x)      = (r)ₓ αʳ βˢ
/// D(x, t_x) = s · J(r + x, s + 1; t_x)
/// K(x, T)   = (r + x) · J(r + x + 1, s; T)
/// J(m, n; t) = ∫ (α + y)^−m (β + y)^−n dy from t to ∞
/// </code>
/// </summary>
internal sealed class ParetoTerms(double r, double alpha, double s, double beta, double unit) : LikelihoodTerms
{
    private readonly TailIntegral tail = new(alpha, beta);

    public override void OfFrequency(Span<double> logs, Span<Vector256<double>> gradients)
    {
        var log = r * Math.Log(alpha) + s * Math.Log(beta);
        var gradient = Vector256.Create(Math.Log(alpha), r / alpha, Math.Log(beta), s / beta);
        for (var x = 0; x < logs.Length; x++)
        {
            (logs[x], gradients[x]) = (log, gradient);
            log += Math.Log(r + x);
            gradient += Vector256.Create(1 / (r + x), 0, 0, 0);
        }
    }

    public override void Dropped(ReadOnlySpan<int> x, ReadOnlySpan<int> days, Span<double> logs, Span<Vector256<double>> gradients)
    {
        Tails(x, days, r, s + 1, logs, gradients);
        for (var pair = 0; pair < logs.Length; pair++)
        {
            logs[pair] += Math.Log(s);
            gradients[pair] += Vector256.Create(0, 0, 1 / s, 0);
        }
    }

    public override void Kept(ReadOnlySpan<int> x, ReadOnlySpan<int> days, Span<double> logs, Span<Vector256<double>> gradients)
    {
        Tails(x, days, r + 1, s, logs, gradients);
        for (var pair = 0; pair < logs.Length; pair++)
        {
            logs[pair] += Math.Log(r + x[pair]);
            gradients[pair] += Vector256.Create(1 / (r + x[pair]), 0, 0, 0);
        }
    }

    /// <summary>ln D alone.</summary>
    public void LogDropped(ReadOnlySpan<int> x, ReadOnlySpan<int> days, Span<double> logs)
    {
        for (var first = 0; first < x.Length; first += 4)
        {
            var (frequency, time) = Four(x, days, first);
            var log = tail.Log(frequency + Vector256.Create(r), s + 1, time) + Vector256.Create(Math.Log(s));
            for (var lane = 0; lane < Math.Min(4, x.Length - first); lane++) logs[first + lane] = log[lane];
        }
    }

    // ln J(m + x, n; days) in fours.
    private void Tails(ReadOnlySpan<int> x, ReadOnlySpan<int> days, double m, double n, Span<double> logs, Span<Vector256<double>> gradients)
    {
        for (var first = 0; first < x.Length; first += 4)
        {
            var (frequency, time) = Four(x, days, first);
            var (log, byM, byN, byAlpha, byBeta) = tail.LogWithGradient(frequency + Vector256.Create(m), n, time);
            for (var lane = 0; lane < Math.Min(4, x.Length - first); lane++)
            {
                logs[first + lane] = log[lane];
                gradients[first + lane] = Vector256.Create(byM[lane], byAlpha[lane], byN[lane], byBeta[lane]);
            }
        }
    }

    // The last four are filled up with the last pair.
    private (Vector256<double> X, Vector256<double> Time) Four(ReadOnlySpan<int> x, ReadOnlySpan<int> days, int first)
    {
        var (second, third, fourth) = (Math.Min(first + 1, x.Length - 1), Math.Min(first + 2, x.Length - 1), Math.Min(first + 3, x.Length - 1));
        return (
            Vector256.Create((double)x[first], x[second], x[third], x[fourth]),
            Vector256.Create((double)days[first], days[second], days[third], days[fourth]) / unit);
    }
}
