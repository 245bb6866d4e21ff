using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Metrics;

public class SimpleClvTests
{
    // 200 accounts bring 10 000.00 in a quarter, 40 % of it margin, and 20 of 160 are lost: 50 × 0.4 / 0.125.
    private static readonly SimpleClv Quarter = new(100_000_000, 200, 0.4m, Opening: 160, Lost: 20);

    [Fact]
    public void The_worked_quarter_is_worth_160_per_customer() =>
        (Quarter.Arpa, Quarter.Churn, Quarter.Value).ShouldBe((500_000m, 0.125m, 1_600_000m));

    [Fact]
    public void It_is_the_sum_of_what_is_left_in_each_later_window()
    {
        var (sum, left) = (0m, 1m);
        for (var window = 0; window < 400; window++)
        {
            sum += left * 500_000 * 0.4m;
            left *= 1 - Quarter.Churn!.Value;
        }
        Quarter.Value!.Value.ShouldBe(sum, 1e-6m);
    }

    [Fact]
    public void Without_churn_there_is_no_value()
    {
        var faithful = Quarter with { Lost = 0 };

        (faithful.Churn, faithful.Value).ShouldBe((0m, null));
    }

    [Fact]
    public void What_is_unknown_leaves_the_value_unknown()
    {
        var (nobodyBefore, nobody, withoutMargin) = (Quarter with { Opening = 0, Lost = 0 }, Quarter with { Accounts = 0, Revenue = 0 }, Quarter with { Margin = null });

        (nobodyBefore.Churn, nobodyBefore.Value).ShouldBe((null, null));
        (nobody.Arpa, nobody.Value).ShouldBe((null, null));
        (withoutMargin.Arpa, withoutMargin.Value).ShouldBe((500_000m, null));
    }
}
