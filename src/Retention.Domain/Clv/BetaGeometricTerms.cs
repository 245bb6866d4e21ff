using System.Runtime.Intrinsics;

namespace Retention.Domain.Clv;

/// <summary>
/// The likelihoods of BG/NBD and MBG/NBD, by the parameters r, α, a, b. With <c>j = 0</c> for BG, where a customer may drop out after each
/// repeat purchase, and <c>j = 1</c> for MBG, where also after the first:
/// <code>
/// f(x)      = (r)ₓ αʳ · (b)ₓ₊ⱼ / (a + b)ₓ₊ⱼ
/// D(x, t_x) = a / (b + x + j − 1) · (α + t_x)^−(r + x), for BG only where x > 0
/// K(x, T)   = (α + T)^−(r + x)
/// </code>
/// Fader, Hardie &amp; Lee (2005), Marketing Science 24(2), equation 6; Batislam, Denizel &amp; Filiztekin (2007), IJRM 24(3). The gamma and
/// beta functions of the papers are rising factorials here, so that neither a large x nor a large b costs a digit.
/// </summary>
internal sealed class BetaGeometricTerms(double r, double alpha, double a, double b, int firstDropout, double unit) : LikelihoodTerms
{
    private readonly double logA = Math.Log(a);

    public override void OfFrequency(Span<double> logs, Span<Vector256<double>> gradients)
    {
        var (log, byR, byA, byB) = (r * Math.Log(alpha), Math.Log(alpha), 0.0, 0.0);
        if (firstDropout == 1) Stay(0, ref log, ref byA, ref byB);
        for (var x = 0; x < logs.Length; x++)
        {
            logs[x] = log;
            gradients[x] = Vector256.Create(byR, r / alpha, byA, byB);
            log += Math.Log(r + x);
            byR += 1 / (r + x);
            Stay(x + firstDropout, ref log, ref byA, ref byB);
        }
    }

    public override void Dropped(ReadOnlySpan<int> x, ReadOnlySpan<int> days, Span<double> logs, Span<Vector256<double>> gradients)
    {
        for (var pair = 0; pair < x.Length; pair++)
        {
            var stayed = b + x[pair] + firstDropout - 1;
            if (x[pair] + firstDropout == 0) (logs[pair], gradients[pair]) = (double.NegativeInfinity, default);
            else Power(x[pair], days[pair], logA - Math.Log(stayed), Vector256.Create(0, 0, 1 / a, -1 / stayed), out logs[pair], out gradients[pair]);
        }
    }

    /// <summary>ln D alone.</summary>
    public void LogDropped(ReadOnlySpan<int> x, ReadOnlySpan<int> days, Span<double> logs)
    {
        for (var pair = 0; pair < x.Length; pair++)
        {
            var repeats = x[pair] + firstDropout;
            logs[pair] = repeats == 0 ? double.NegativeInfinity : logA - Math.Log(b + repeats - 1) - (r + x[pair]) * Math.Log(alpha + days[pair] / unit);
        }
    }

    public override void Kept(ReadOnlySpan<int> x, ReadOnlySpan<int> days, Span<double> logs, Span<Vector256<double>> gradients)
    {
        for (var pair = 0; pair < x.Length; pair++) Power(x[pair], days[pair], 0, default, out logs[pair], out gradients[pair]);
    }

    // One more factor (b + n) / (a + b + n).
    private void Stay(int n, ref double log, ref double byA, ref double byB)
    {
        log -= Special.Log1P(a / (b + n));
        byA -= 1 / (a + b + n);
        byB += a / ((b + n) * (a + b + n));
    }

    private void Power(int x, int days, double factor, Vector256<double> ofFactor, out double log, out Vector256<double> gradient)
    {
        var time = alpha + days / unit;
        var logTime = Math.Log(time);
        log = factor - (r + x) * logTime;
        gradient = ofFactor + Vector256.Create(-logTime, -(r + x) / time, 0, 0);
    }
}
