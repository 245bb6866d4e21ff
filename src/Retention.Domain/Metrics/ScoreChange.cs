using MathNet.Numerics.Distributions;
using Retention.Domain.Customers;

namespace Retention.Domain.Metrics;

/// <summary>
/// The change of a score against that of other answers, and whether it is significant at the 5 % level, two-sided. The two samples are taken
/// as independent.
/// </summary>
public static class ScoreChange
{
    /// <returns>Score − score before, in the unit of the score; null where either has no answers.</returns>
    public static double? Of(Answers now, Answers before) => now.Score - before.Score;

    /// <summary>
    /// NPS: <c>|a − a′| &gt; z·√(v + v′)</c> with the adjusted estimates a and variances v of <see cref="AdjustedWald"/>. CSAT: the test of
    /// two proportions with the pooled variance <c>p(1 − p)(1/n + 1/n′)</c>. CES: the t-test of Welch (1947), Biometrika 34, with his
    /// degrees of freedom.
    /// </summary>
    /// <returns>Null where either has no answers; for CES also where either has one, or where no spread can be seen in both.</returns>
    public static bool? IsSignificant(Answers now, Answers before)
    {
        if (now.Responses == 0 || before.Responses == 0) return null;
        return now.Instrument switch
        {
            Instrument.Nps => OfNps(now, before),
            Instrument.Csat => OfShares(now, before),
            _ => OfMeans(now, before),
        };
    }

    private static bool OfNps(Answers now, Answers before)
    {
        var ((a, v), (b, w)) = (AdjustedWald.Estimate(now.Promoters, now.Passives, now.Detractors), AdjustedWald.Estimate(before.Promoters, before.Passives, before.Detractors));
        return Math.Abs(a - b) > Interval.Z * Math.Sqrt(v + w);
    }

    private static bool OfShares(Answers now, Answers before)
    {
        var (n, m) = ((double)now.Responses, (double)before.Responses);
        var pooled = (now.Top + before.Top) / (n + m);
        var error = Math.Sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
        return error > 0 && Math.Abs(now.Top / n - before.Top / m) > Interval.Z * error;
    }

    private static bool? OfMeans(Answers now, Answers before)
    {
        if (now.Responses < 2 || before.Responses < 2) return null;
        var (v, w) = (ErrorSquared(now), ErrorSquared(before));
        if (v + w == 0) return null;
        var freedom = (v + w) * (v + w) / (v * v / (now.Responses - 1) + w * w / (before.Responses - 1));
        return Math.Abs(now.Mean!.Value - before.Mean!.Value) > StudentT.InvCDF(0, 1, freedom, 0.975) * Math.Sqrt(v + w);
    }

    /// <summary>s² / n.</summary>
    private static double ErrorSquared(Answers answers)
    {
        var (n, sum, squares) = (answers.Responses, answers.ByScore.Sum(score => score.Key * score.Value), answers.ByScore.Sum(score => score.Key * score.Key * score.Value));
        return (double)((Int128)n * squares - (Int128)sum * sum) / n / n / (n - 1);
    }
}
