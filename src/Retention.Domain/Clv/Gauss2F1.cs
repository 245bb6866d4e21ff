using System.Runtime.Intrinsics;

namespace Retention.Domain.Clv;

/// <summary>
/// Gauss' hypergeometric function <c>₂F₁(u, 1; c; z) = Σ (u)ᵢ / (c)ᵢ · zⁱ</c>, four values at a time, for 0 &lt; u ≤ c and 0 ≤ z ≤ 0.9.
/// All terms are positive and none exceeds zⁱ, so that the sum lies between 1 and 10 and has all its digits. Abramowitz &amp; Stegun
/// (1964), 15.1.1. Other arguments are brought into this range by 15.3.3–15.3.5, or integrated: see <see cref="TailIntegral"/> and
/// <see cref="BetaGeometricForecast"/>.
/// </summary>
internal static class Gauss2F1
{
    // At z = 0.9 the geometric series needs 350.
    private const int MostTerms = 512;

    /// <returns>Each as if it were alone; NaN beyond the range, where it may not converge.</returns>
    public static Vector256<double> Of(Vector256<double> upper, Vector256<double> lower, Vector256<double> z)
    {
        var (sum, term, index) = (Vector256<double>.One, Vector256<double>.One, Vector256<double>.Zero);
        var enough = Enough(z);
        for (var terms = 0; terms < MostTerms; terms++)
        {
            term *= z * ((upper + index) / (lower + index));
            sum += term;
            index += Vector256<double>.One;
            if ((terms & 3) != 3) continue;
            // What has converged stays as it is, whatever the others need.
            term = Vector256.ConditionalSelect(Vector256.LessThanOrEqual(term, enough * sum), Vector256<double>.Zero, term);
            if (Vector256.EqualsAll(term, Vector256<double>.Zero)) return sum;
        }
        return Vector256.Create(double.NaN);
    }

    /// <summary>The same with its derivatives by u, c and z, term by term.</summary>
    public static (Vector256<double> F, Vector256<double> ByUpper, Vector256<double> ByLower, Vector256<double> ByZ) WithDerivatives(
        Vector256<double> upper, Vector256<double> lower, Vector256<double> z)
    {
        var one = Vector256<double>.One;
        var (sum, term) = (one, one);
        var (byUpper, byLower, byZ) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var (logUpper, logLower, index) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var enough = Enough(z);
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

    // No ratio of terms exceeds z, so that a geometric series bounds the rest.
    private static Vector256<double> Enough(Vector256<double> z) => Vector256.Create(1e-15) * (Vector256<double>.One - z);
}
