using System.Runtime.Intrinsics;
using MathNet.Numerics;

namespace Retention.Domain.Clv;

/// <summary>
/// Special functions of real arguments. Within the ranges stated, the error is at most 1e-13 of the value, or of 1 for a logarithm near 0.
/// </summary>
public static class Special
{
    private static readonly double HalfLogTwoPi = 0.5 * Math.Log(2 * Math.PI);

    /// <summary>ln Γ(x), by Lanczos' approximation in Math.NET.</summary>
    /// <param name="x">0 &lt; x ≤ 1e300.</param>
    public static double LogGamma(double x) => SpecialFunctions.GammaLn(x);

    /// <summary>
    /// ψ(x) = d ln Γ(x) / dx, by recurrence and the asymptotic series: Bernardo (1976), Applied Statistics 25, AS 103, in Math.NET.
    /// </summary>
    /// <param name="x">0 &lt; x ≤ 1e300.</param>
    public static double Digamma(double x) => SpecialFunctions.DiGamma(x);

    /// <summary>
    /// ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b). Math.NET subtracts the three, which loses every digit where one argument is large;
    /// here the leading terms of Stirling's formula cancel on paper. Didonato &amp; Morris (1992), ACM TOMS 18(3), algorithm 708.
    /// </summary>
    /// <param name="a">1e-300 ≤ a ≤ 1e300, and b likewise.</param>
    public static double LogBeta(double a, double b)
    {
        var (p, q) = a < b ? (a, b) : (b, a);
        if (q < 10) return LogGamma(p) + (LogGamma(q) - LogGamma(p + q));

        var rest = StirlingRest(q) - StirlingRest(p + q);
        return p < 10
            ? LogGamma(p) + rest + p - p * Math.Log(p + q) + (q - 0.5) * Log1P(-p / (p + q))
            : HalfLogTwoPi - 0.5 * Math.Log(q) + StirlingRest(p) + rest + (p - 0.5) * Math.Log(p / (p + q)) + q * Log1P(-p / (p + q));
    }

    /// <summary>ln(1 + x) without the loss of digits near 0. Kahan's device, in Goldberg (1991), ACM Computing Surveys 23(1), theorem 4.</summary>
    /// <param name="x">x &gt; −1.</param>
    public static double Log1P(double x)
    {
        var u = 1 + x;
        return u == 1 ? x : double.IsPositiveInfinity(u) ? Math.Log(x) : Math.Log(u) * x / (u - 1);
    }

    /// <summary>eˣ − 1 without the loss of digits near 0. Kahan's device as in Higham (2002), Accuracy and Stability, § 1.14.1.</summary>
    /// <param name="x">x ≤ 709; infinite beyond.</param>
    public static double ExpM1(double x)
    {
        var u = Math.Exp(x);
        if (u == 1) return x;
        var difference = u - 1;
        return difference == -1 || double.IsPositiveInfinity(u) ? difference : difference * x / Math.Log(u);
    }

    /// <summary>eˣ − 1 as <see cref="ExpM1(double)"/>, eight at a time.</summary>
    internal static Vector512<double> ExpM1(Vector512<double> x)
    {
        var (u, one) = (Vector512.Exp(x), Vector512<double>.One);
        var difference = u - one;
        var exact = difference * x / Vector512.Log(u);
        exact = Vector512.ConditionalSelect(Vector512.Equals(u, one), x, exact);
        // Where u is 0 or infinite, so is its logarithm, and the difference is right by itself.
        return Vector512.ConditionalSelect(Vector512.LessThan(Vector512.Abs(x), Vector512.Create(30.0)), exact, difference);
    }

    /// <summary>(1 − e^(−εv)) / ε, the integral of e^(−εy) from 0 to v, which is v at the removable singularity ε = 0.</summary>
    public static double ExponentialIntegral(double epsilon, double v) =>
        Math.Abs(epsilon * v) < 1e-300 ? v : -ExpM1(-epsilon * v) / epsilon;

    // ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π) for x ≥ 10, with an error below 1e-17: Abramowitz & Stegun (1964), 6.1.41.
    private static double StirlingRest(double x)
    {
        var y = 1 / (x * x);
        return (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188 - y * (691.0 / 360360 - y / 156)))))) / x;
    }
}
