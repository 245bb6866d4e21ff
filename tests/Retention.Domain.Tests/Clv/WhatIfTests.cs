using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

public class WhatIfTests
{
    // 80 % stay from each period to the next, and everybody spends 10 in a period.
    private static readonly CohortPeriod[] Cohort = [new(100, 1_000), new(80, 800), new(64, 640)];

    [Fact]
    public void Five_points_more_retention_raise_profit_by_more_than_revenue()
    {
        var result = WhatIf.Evaluate(Cohort, RetentionChange.FivePoints, new Economics(Margin: 0.3, AcquisitionCost: 6));

        result.RevenueBefore.ShouldBe(2_440);
        // 85 %: 100, 85 and 72.25 customers.
        result.RevenueAfter.ShouldBe(2_572.5, 1e-9);
        result.RevenueChange!.Value.ShouldBe(132.5 / 2_440, 1e-12);
        result.ProfitBefore!.Value.ShouldBe(132, 1e-9);
        result.ProfitAfter!.Value.ShouldBe(171.75, 1e-9);
        result.ProfitChange!.Value.ShouldBe(39.75 / 132, 1e-9);
    }

    [Fact]
    public void Five_percent_more_are_four_points_of_eighty() =>
        WhatIf.Evaluate(Cohort, RetentionChange.FivePercent, null).RevenueAfter.ShouldBe(1_000 + 840 + 705.6, 1e-9);

    [Fact]
    public void No_change_changes_nothing_even_where_customers_come_back()
    {
        CohortPeriod[] odd = [new(10, 100), new(0, 0), new(3, 30), new(6, 50)];

        var result = WhatIf.Evaluate(odd, new RetentionChange(0, 0), new Economics(0.5));

        result.RevenueAfter.ShouldBe(result.RevenueBefore, 1e-9);
        result.ProfitChange!.Value.ShouldBe(0, 1e-12);
    }

    [Fact]
    public void Nobody_stays_more_than_all()
    {
        CohortPeriod[] loyal = [new(100, 1_000), new(98, 980), new(98, 980)];

        WhatIf.Evaluate(loyal, RetentionChange.FivePoints, null).RevenueAfter.ShouldBe(3_000, 1e-9);
    }

    [Fact]
    public void Without_margin_or_profit_there_is_no_change_of_profit()
    {
        WhatIf.Evaluate(Cohort, RetentionChange.FivePoints, null).ProfitBefore.ShouldBeNull();
        var loss = WhatIf.Evaluate(Cohort, RetentionChange.FivePoints, new Economics(0.3, 50));
        loss.ProfitBefore.ShouldNotBeNull();
        loss.ProfitChange.ShouldBeNull();
    }

    [Fact]
    public void Cohorts_add_up()
    {
        var one = WhatIf.Evaluate(Cohort, RetentionChange.FivePoints, new Economics(0.3, 6));
        var two = WhatIf.Evaluate([Cohort, Cohort], RetentionChange.FivePoints, new Economics(0.3, 6));

        two.RevenueAfter.ShouldBe(2 * one.RevenueAfter, 1e-9);
        two.ProfitAfter!.Value.ShouldBe(2 * one.ProfitAfter!.Value, 1e-9);
        two.ProfitChange!.Value.ShouldBe(one.ProfitChange!.Value, 1e-12);
        WhatIf.Evaluate(Array.Empty<CohortPeriod>(), RetentionChange.FivePoints, null).RevenueChange.ShouldBeNull();
    }
}
