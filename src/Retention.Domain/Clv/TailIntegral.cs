using System.Runtime.Intrinsics;

namespace Retention.Domain.Clv;

/// <summary>
/// <c>J(m, n; t) = ∫ (α + y)^−m (β + y)^−n dy</c> from t to ∞, for m + n > 1, in closed form by the substitution that keeps Gauss' function
/// within 0 ≤ z &lt; 1 (Abramowitz &amp; Stegun 1964, 15.3.1 and 15.3.3), with k = m + n − 1:
/// <code>
/// (α + t)^(1−m) (β + t)^−n / k · ₂F₁(n, 1; k + 1; (β − α) / (β + t))    where β ≥ α
/// (α + t)^−m (β + t)^(1−n) / k · ₂F₁(m, 1; k + 1; (α − β) / (α + t))    where α > β
/// </code>
/// The series has positive terms only and is 1 for α = β; nothing happens at integer n.
/// </summary>
internal sealed class TailIntegral(double alpha, double beta)
{
    private const int MostTerms = 2_000_000;
    private readonly bool betaIsLarger = beta >= alpha;

    /// <summary>ln J(m, n; t).</summary>
    public double Log(double m, double n, double t)
    {
        var (a, b, k) = (alpha + t, beta + t, m + n - 1);
        return betaIsLarger
            ? (1 - m) * Math.Log(a) - n * Math.Log(b) - Math.Log(k) + Gauss2F1.Log(n, 1, k + 1, (beta - alpha) / b)
            : -m * Math.Log(a) + (1 - n) * Math.Log(b) - Math.Log(k) + Gauss2F1.Log(m, 1, k + 1, (alpha - beta) / a);
    }

    /// <summary>ln J for four pairs of m and t, with its derivatives; NaN where the series does not converge.</summary>
    public Tail LogWithGradient(Vector256<double> m, double n, Vector256<double> t)
    {
        var one = Vector256<double>.One;
        var (a, b) = (Vector256.Create(alpha) + t, Vector256.Create(beta) + t);
        var (logA, logB) = (Vector256.Log(a), Vector256.Log(b));
        var nn = Vector256.Create(n);
        var k = m + nn - one;
        var z = Vector256.Create(Math.Abs(alpha - beta)) / (betaIsLarger ? b : a);
        var (f, byUpper, byLower, byZ) = Sum(betaIsLarger ? nn : m, k + one, z);
        var common = byLower / f - one / k;
        var slope = byZ / f;
        var log = -Vector256.Log(k) + Vector256.Log(f);
        return betaIsLarger
            ? new Tail(
                log + (one - m) * logA - nn * logB, common - logA, (one - m) / a - slope / b,
                common + byUpper / f - logB, (slope * (one - z) - nn) / b)
            : new Tail(
                log - m * logA + (one - nn) * logB, common + byUpper / f - logA, (slope * (one - z) - m) / a,
                common - logB, (one - nn) / b - slope / a);
    }

    // ₂F₁(u, 1; c; z) = Σ (u)ᵢ / (c)ᵢ zⁱ for u ≤ c, term by term with its derivatives by u, c and z.
    private static (Vector256<double> F, Vector256<double> ByUpper, Vector256<double> ByLower, Vector256<double> ByZ) Sum(
        Vector256<double> upper, Vector256<double> lower, Vector256<double> z)
    {
        var one = Vector256<double>.One;
        var (sum, term) = (one, one);
        var (byUpper, byLower, byZ) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var (logUpper, logLower, index) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        // No ratio of terms exceeds z, so that a geometric series bounds the rest.
        var enough = Vector256.Create(1e-15) * (one - z);
        for (var terms = 0; terms < MostTerms; terms++)
        {
            var (u, c) = (upper + index, lower + index);
            var inverse = one / (u * c);
            index += one;
            logUpper += c * inverse;
            logLower += u * inverse;
            var slope = term * (u * u * inverse);
            byZ += slope * index;
            term = slope * z;
            sum += term;
            byUpper += term * logUpper;
            byLower -= term * logLower;
            if ((terms & 3) == 3 && Vector256.LessThanOrEqualAll(term, enough * sum)) return (sum, byUpper, byLower, byZ);
        }
        var none = Vector256.Create(double.NaN);
        return (none, none, none, none);
    }
}

/// <summary>ln J of four pairs and its derivatives; m grows with r one by one, and n with s.</summary>
internal readonly record struct Tail(
    Vector256<double> Log, Vector256<double> ByM, Vector256<double> ByAlpha, Vector256<double> ByN, Vector256<double> ByBeta);
