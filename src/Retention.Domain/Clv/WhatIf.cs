namespace Retention.Domain.Clv;

/// <summary>One period of a cohort, from its first on.</summary>
/// <param name="Active">Customers active at the end of the period (mode <c>survival</c>); in period 0 the cohort's size.</param>
/// <param name="Revenue">Net revenue of the period, in major units.</param>
public readonly record struct CohortPeriod(long Active, double Revenue);

/// <param name="Points">Added to the retention rate of each period: 0.05 is 5 points.</param>
/// <param name="Share">By which it is multiplied beyond 1: 0.05 is 5 %.</param>
public readonly record struct RetentionChange(double Points, double Share)
{
    public static RetentionChange FivePoints => new(0.05, 0);

    public static RetentionChange FivePercent => new(0, 0.05);
}

/// <param name="Margin">Profit of a unit of revenue, before acquisition, 0 … 1.</param>
/// <param name="AcquisitionCost">Of a customer of the cohort, in major units; 0 where it is not to be counted.</param>
public readonly record struct Economics(double Margin, double AcquisitionCost = 0);

/// <param name="RevenueChange">After / before − 1; null without revenue before.</param>
/// <param name="ProfitBefore">margin · revenue − acquisition cost · size; null where no margin is given.</param>
/// <param name="ProfitChange">After / before − 1; null unless there was a profit before.</param>
public readonly record struct WhatIfResult(
    double RevenueBefore, double RevenueAfter, double? RevenueChange, double? ProfitBefore, double? ProfitAfter, double? ProfitChange);

/// <summary>
/// What a cohort would have brought in if more of its customers had stayed, for one's own figure beside the claim that 5 points more
/// retention raise profits by 25 to 95 % (Reichheld &amp; Sasser 1990, Harvard Business Review 68(5), and later by Reichheld; it is
/// the present value over a customer's whole life in chosen industries). With Aₖ active in period k and ρₖ = Aₖ / Aₖ₋₁:
/// <code>ρ'ₖ = min(max(1, ρₖ), (ρₖ + points) · (1 + share)),  A'₀ = A₀,  A'ₖ = A'ₖ₋₁ · ρ'ₖ,  revenue'ₖ = revenueₖ / Aₖ · A'ₖ</code>
/// It assumes that those who stay longer spend what those spent who stayed anyway, that the change applies in every period, costs nothing
/// and brings nobody new, that margin and acquisition cost stay what they are, and it ends with the last period observed: nothing is
/// extrapolated or discounted. A period in which nobody was active tells no spending, and counts nothing in either case.
/// </summary>
public static class WhatIf
{
    /// <param name="cohort">Complete periods only. Several cohorts are evaluated each and their amounts added.</param>
    /// <param name="economics">Null: no profit.</param>
    public static WhatIfResult Evaluate(IReadOnlyList<CohortPeriod> cohort, RetentionChange change, Economics? economics)
    {
        var (before, after) = (0.0, 0.0);
        var changed = cohort.Count == 0 ? 0.0 : cohort[0].Active;
        for (var k = 0; k < cohort.Count; k++)
        {
            var (active, revenue) = cohort[k];
            if (k > 0) changed = cohort[k - 1].Active == 0 ? active : changed * Retained(cohort[k - 1].Active, active, change);
            if (active == 0) continue;
            before += revenue;
            after += revenue / active * changed;
        }
        return Result(before, after, cohort.Count == 0 ? 0 : cohort[0].Active, economics);
    }

    /// <summary>The sum over cohorts, whose changes are those of the sums.</summary>
    public static WhatIfResult Evaluate(IEnumerable<IReadOnlyList<CohortPeriod>> cohorts, RetentionChange change, Economics? economics)
    {
        var (before, after, size) = (0.0, 0.0, 0L);
        foreach (var cohort in cohorts)
        {
            var result = Evaluate(cohort, change, null);
            (before, after, size) = (before + result.RevenueBefore, after + result.RevenueAfter, size + (cohort.Count == 0 ? 0 : cohort[0].Active));
        }
        return Result(before, after, size, economics);
    }

    // A rate above 1, which reactivations make, stays as it is when retention rises.
    private static double Retained(long earlier, long active, RetentionChange change)
    {
        var rate = (double)active / earlier;
        return Math.Clamp((rate + change.Points) * (1 + change.Share), 0, Math.Max(1, rate));
    }

    private static WhatIfResult Result(double before, double after, long size, Economics? economics)
    {
        var cost = economics?.AcquisitionCost * size;
        var (profitBefore, profitAfter) = (economics?.Margin * before - cost, economics?.Margin * after - cost);
        return new WhatIfResult(
            before, after, before > 0 ? after / before - 1 : null,
            profitBefore, profitAfter, profitBefore > 0 ? profitAfter / profitBefore - 1 : null);
    }
}
