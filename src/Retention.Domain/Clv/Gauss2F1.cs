namespace Retention.Domain.Clv;

/// <summary>
/// Gauss' hypergeometric function <c>₂F₁(a, b; c; z) = Σ (a)ₙ(b)ₙ / (c)ₙ · zⁿ / n!</c> where it is positive. It is summed in a form
/// whose terms are all positive, so that no digits cancel, and returned as a logarithm, so that nothing overflows.
/// Abramowitz &amp; Stegun (1964), 15.1.1 and 15.3.3–15.3.5.
/// </summary>
public static class Gauss2F1
{
    private const int MostTerms = 100_000;
    private const double Huge = 1e250;

    /// <summary>ln ₂F₁(a, b; c; z).</summary>
    /// <param name="a">a ≥ 0.</param>
    /// <param name="b">b ≥ 0; for z &lt; 0 at least one of a and b is at most c.</param>
    /// <param name="c">c &gt; 0.</param>
    /// <param name="z">z &lt; 1.</param>
    /// <returns>NaN where the series has not converged after a hundred thousand terms, which happens only within about 1e-3 of z = 1 or beyond z = −1e3.</returns>
    public static double Log(double a, double b, double c, double z)
    {
        if (!(a >= 0 && b >= 0 && c > 0 && z < 1)) throw new ArgumentOutOfRangeException(nameof(z), $"₂F₁({a}, {b}; {c}; {z}) is outside of the range.");
        // Euler: fewer terms, where both parameters stay positive.
        if (z >= 0) return a + b > c && a <= c && b <= c ? (c - a - b) * Special.Log1P(-z) + Sum(c - a, c - b, c, z) : Sum(a, b, c, z);

        // Pfaff, of the two forms the one with positive terms and the slower growth.
        var w = z / (z - 1);
        if (c >= a && (c < b || c - a + b <= c - b + a)) return -b * Special.Log1P(-z) + Sum(c - a, b, c, w);
        if (c >= b) return -a * Special.Log1P(-z) + Sum(a, c - b, c, w);
        throw new ArgumentOutOfRangeException(nameof(c), $"₂F₁({a}, {b}; {c}; {z}) has no form with positive terms.");
    }

    private static double Sum(double a, double b, double c, double z)
    {
        var (sum, term, scale) = (1.0, 1.0, 0.0);
        for (var n = 0; n < MostTerms; n++)
        {
            var ratio = (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
            term *= ratio;
            sum += term;
            // The ratios tend to z, so that a geometric series bounds the rest.
            var bound = Math.Max(ratio, z);
            if (bound < 1 && term * bound <= 1e-16 * sum * (1 - bound)) return Math.Log(sum) + scale;
            if (sum < Huge) continue;
            (sum, term, scale) = (sum / Huge, term / Huge, scale + Math.Log(Huge));
        }
        return double.NaN;
    }
}
