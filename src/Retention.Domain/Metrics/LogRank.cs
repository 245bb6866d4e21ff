using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace Retention.Domain.Metrics;

/// <summary>
/// The log-rank test of equal survival in k groups. At each time with d lapses among n at risk, group j with nⱼ at risk expects
/// <c>Eⱼ = d·nⱼ / n</c> of them, with covariances <c>Vⱼₗ = d·(nⱼ/n)·(δⱼₗ − nₗ/n)·(n − d)/(n − 1)</c>. Over all times,
/// <c>χ² = (O − E)ᵀ V⁻¹ (O − E)</c> without the last group, with k − 1 degrees of freedom. Mantel (1966), Cancer Chemotherapy Reports
/// 50(3); Peto &amp; Peto (1972), JRSS A 135(2).
/// </summary>
public static class LogRank
{
    /// <param name="groups">Lifetimes by time of each group, as for <see cref="KaplanMeier"/>.</param>
    /// <returns>
    /// Null when there is nothing to compare: fewer than two groups with somebody at risk at a lapse, or a first lapse of all at once.
    /// </returns>
    public static LogRankTest? Of(IReadOnlyList<DenseCells<LifetimeCounts>> groups)
    {
        var k = groups.Count;
        var (observed, expected, variance) = (new double[k], new double[k], new double[k, k]);
        var atRisk = groups.Select(group => group.Sum(cell => cell.Value.Lapsed + cell.Value.Censored)).ToArray();
        foreach (var time in groups.SelectMany(group => group.Select(cell => cell.Key)).Distinct().Order())
        {
            Accumulate([.. groups.Select(group => group[time].Lapsed)], atRisk, expected, variance);
            for (var j = 0; j < k; j++)
            {
                var counts = groups[j][time];
                observed[j] += counts.Lapsed;
                atRisk[j] -= counts.Lapsed + counts.Censored;
            }
        }

        // Whoever is at risk at any lapse is so at the first: one without expected lapses has no say, and the others' variance is regular.
        var compared = Enumerable.Range(0, k).Where(j => expected[j] > 0).SkipLast(1).ToArray();
        if (compared.Length == 0 || variance[compared[0], compared[0]] == 0) return null;

        var difference = Vector<double>.Build.Dense([.. compared.Select(j => observed[j] - expected[j])]);
        var covariance = Matrix<double>.Build.Dense(compared.Length, compared.Length, (j, l) => variance[compared[j], compared[l]]);
        var chiSquare = Math.Max(0, difference * covariance.Cholesky().Solve(difference));

        // The upper tail of χ² itself: 1 − CDF has no digits left where p is small.
        return new LogRankTest(chiSquare, compared.Length, SpecialFunctions.GammaUpperRegularized(compared.Length / 2.0, chiSquare / 2), expected);
    }

    private static void Accumulate(long[] lapsed, long[] atRisk, double[] expected, double[,] variance)
    {
        var (d, n) = (lapsed.Sum(), atRisk.Sum());
        if (d == 0) return;
        for (var j = 0; j < lapsed.Length; j++)
        {
            var share = (double)atRisk[j] / n;
            expected[j] += d * share;
            for (var l = 0; l < lapsed.Length && n > 1; l++)
                variance[j, l] += d * share * ((j == l ? 1 : 0) - (double)atRisk[l] / n) * (n - d) / (n - 1);
        }
    }
}

/// <param name="P">The probability of a χ² at least as large if survival does not differ.</param>
/// <param name="Expected">Lapses that each group would have had, in the order of the groups.</param>
public sealed record LogRankTest(double ChiSquare, int DegreesOfFreedom, double P, IReadOnlyList<double> Expected);
