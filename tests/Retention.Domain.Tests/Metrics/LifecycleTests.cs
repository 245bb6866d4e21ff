using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class LifecycleTests
{
    // A in periods 1, 2 and 4; B in 2; C in 1 and 3.
    private static readonly int[][] Three = [[1, 2, 4], [2], [1, 3]];

    [Fact]
    public void Three_customers_over_four_periods_are_told_apart()
    {
        var rows = Rows(Three, 1, 5, incomplete: 6);

        rows.Select(row => (row.Counts.New, row.Counts.Returning, row.Counts.Resurrected, row.Dormant))
            .ShouldBe([(2, 0, 0, 0), (1, 1, 0, 1), (0, 0, 1, 2), (0, 0, 1, 1), (0, 0, 0, 1)]);
        rows.Select(row => row.Counts.Ordered).ShouldBe([2, 2, 1, 1, 0]);
    }

    [Fact]
    public void Nobody_is_dormant_in_a_period_that_has_not_ended() =>
        Rows(Three, 1, 4, incomplete: 3).Select(row => row.Dormant).ShouldBe([0, 1, null, null]);

    [Fact]
    public void The_first_row_knows_who_ordered_before_it() =>
        Rows(Three, 3, 3, incomplete: 6).ShouldHaveSingleItem().ShouldBe(new LifecycleRow(3, new LifecycleCounts(0, 0, 1), 2, true));

    [Fact]
    public void Every_row_equals_its_definition_over_sets_of_customers() =>
        Prop.ForAll<byte[][]>(customers =>
        {
            var ordered = customers.Select(periods => periods.Select(period => period % 12).ToHashSet()).ToList();
            foreach (var row in Rows(ordered.Select(periods => periods.Order().ToArray()), -1, 13, incomplete: 14))
            {
                var t = row.Period;
                var now = ordered.Where(periods => periods.Contains(t)).ToList();
                row.Counts.ShouldBe(new LifecycleCounts(
                    now.Count(periods => periods.Min() == t),
                    now.Count(periods => periods.Contains(t - 1)),
                    now.Count(periods => periods.Min() < t && !periods.Contains(t - 1))));
                row.Dormant.ShouldBe(ordered.Count(periods => periods.Contains(t - 1) && !periods.Contains(t)));
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Two_orders_of_one_period_are_one_visit_and_cancelled_ones_none()
    {
        var customer = Story.OfOrders("2026-01-05", "2026-01-31", "2026-02-01", "2026-02-20", "2026-04-01", "2026-05-01").Cancels("2026-04-02", "2026-04-01").View();

        By(Definition.Default.ByDays(Grain.Month)).ShouldBe([(24312, new(1, 0, 0)), (24313, new(0, 1, 0)), (24316, new(0, 0, 1))]);
        // February and March against the 59 days before, which begin on December 4.
        By(new Partition.Exactly(Story.Day("2026-02-01"), Story.Day("2026-04-01"))).ShouldBe([(-1, new(1, 0, 0)), (0, new(0, 1, 0)), (1, new(0, 1, 0))]);
        By(new Partition.Exactly(Story.Day("2026-02-20"), Story.Day("2026-02-21")))[3].ShouldBe((0, new LifecycleCounts(0, 0, 1)));

        List<(int, LifecycleCounts)> By(Partition partition)
        {
            var cells = new DenseCells<LifecycleCounts>();
            Lifecycle.Contribute(customer, partition, cells);
            return [.. cells.Select(cell => (cell.Key, cell.Value))];
        }
    }

    private static List<LifecycleRow> Rows(IEnumerable<int[]> customers, int first, int last, int incomplete)
    {
        var cells = new DenseCells<LifecycleCounts>();
        foreach (var periods in customers) Lifecycle.Contribute(periods, cells);
        return [.. Lifecycle.Rows(cells, first, last, incomplete)];
    }
}
