using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class CohortsTests
{
    // A, B and C of the metric definitions.
    private static readonly Story[] Example =
        [Story.OfOrders("2026-01-05", "2026-02-07", "2026-04-01"), Story.OfOrders("2026-01-20", "2026-03-02"), Story.OfOrders("2026-02-11")];

    [Fact]
    public void The_example_by_month_has_the_cells_of_the_definitions()
    {
        var table = Table(Example, "2026-05-01", columns: 3);

        Text(table).ShouldBe(["2026-01 size 2: 2 1 1 1", "2026-02 size 1: 1 0 0 -"]);
        table.Cohorts[0].Cells.Select(cell => cell.Rate).ShouldBe([1, 0.5, 0.5, 0.5]);
        table.Cohorts[1].Cells.Select(cell => cell.Status)
            .ShouldBe([PeriodStatus.Complete, PeriodStatus.Complete, PeriodStatus.Complete, PeriodStatus.NotObservable]);
    }

    [Fact]
    public void A_cell_that_is_not_observable_is_null_and_never_0()
    {
        var cell = Table(Example, "2026-05-01", columns: 3).Cohorts[1].Cells[3];

        (cell.Value, cell.Rate).ShouldBe((null, null));
    }

    [Fact]
    public void A_moment_later_the_cell_is_in_progress_with_what_is_known() =>
        Table(Example, "2026-05-01 00:00:01", columns: 3).Cohorts[1].Cells[3].ShouldBe(new CohortCellValue(new(3, 3), 0, 0, PeriodStatus.InProgress));

    [Fact]
    public void On_or_after_counts_the_period_and_every_later_one_before_the_moment()
    {
        Text(Table(Example, "2026-05-01", columns: 3, mode: CohortMode.OnOrAfter)).ShouldBe(["2026-01 size 2: 2 2 2 1", "2026-02 size 1: 1 0 0 -"]);
        Text(Table(Example, "2026-04-01", columns: 3, mode: CohortMode.OnOrAfter)).ShouldBe(["2026-01 size 2: 2 2 1 -", "2026-02 size 1: 1 0 - -"]);
    }

    [Fact]
    public void On_or_after_sees_beyond_the_last_column() =>
        Text(Table(Example, "2026-05-01", columns: 1, mode: CohortMode.OnOrAfter)).ShouldBe(["2026-01 size 2: 2 2", "2026-02 size 1: 1 0"]);

    [Fact]
    public void Column_0_is_the_size_and_a_second_order_in_it_is_served_apart()
    {
        Story[] stories = [Story.OfOrders("2026-01-05", "2026-01-05 13:00", "2026-02-01"), Story.OfOrders("2026-01-06"), Story.OfOrders("2026-01-07", "2026-02-01")];

        var cohort = Table(stories, "2026-05-01", columns: 1).Cohorts.ShouldHaveSingleItem();

        (cohort.Size, cohort.Period0Repeat, cohort.Cells[0].Value, cohort.Cells[1].Value).ShouldBe((3, 1, 3, 2));
    }

    [Fact]
    public void Orders_and_revenue_have_their_own_sum_in_column_0_and_no_rate()
    {
        Story[] stories = [new Story().Buys("2026-01-05", "a", 10).Buys("2026-01-06", "b", 2.5m).Buys("2026-02-01", "c", 4).Buys("2026-03-01", "d", 1).Cancels("2026-03-02", "d")];

        var (orders, revenue) = (Table(stories, "2026-05-01", 2, measure: CohortMeasure.Orders), Table(stories, "2026-05-01", 2, measure: CohortMeasure.Revenue));

        Text(orders).ShouldBe(["2026-01 size 1: 2 1 0"]);
        Text(revenue).ShouldBe(["2026-01 size 1: 125000 40000 0"]);
        orders.Cohorts[0].Cells.Concat(revenue.Cohorts[0].Cells).ShouldAllBe(cell => cell.Rate == null);
    }

    [Fact]
    public void The_summary_pools_complete_cells_only()
    {
        Story[] stories = [.. Example, .. Enumerable.Repeat(Story.OfOrders("2026-02-03", "2026-03-03"), 3), Story.OfOrders("2026-03-03", "2026-04-03"), Story.OfOrders("2026-04-02")];

        var summary = Table(stories, "2026-04-15", columns: 3).Summary;

        // k1: January 1 of 2, February 3 of 4; March is in progress. k2: January 1 of 2. k3: January is in progress.
        summary.Select(column => (column.Rate, column.Cohorts)).ShouldBe([(1, 3), (4 / 6.0, 2), (0.5, 1), (null, 0)]);
    }

    [Fact]
    public void Whom_only_an_invalid_order_made_a_customer_is_in_no_cohort() =>
        Table([new Story().Buys("2026-01-05", "a", 10).IsRefunded("2026-02-05", "a", 10)], "2026-05-01", 2).Cohorts.ShouldBeEmpty();

    [Fact]
    public void A_first_order_that_is_cancelled_moves_its_customer_to_the_cohort_of_the_next() =>
        Text(Table([Story.OfOrders("2026-02-05").Buys("2026-01-05", "a", 10).Cancels("2026-03-01", "a")], "2026-05-01", 1)).ShouldBe(["2026-02 size 1: 1 0"]);

    private static CohortTable Table(
        IEnumerable<Story> stories, string asOf, int columns, CohortMode mode = CohortMode.On, CohortMeasure measure = CohortMeasure.Customers)
    {
        var months = Definition.Default.By(Grain.Month);
        var cells = new Cells<CohortCell, CohortCounts>();
        foreach (var story in stories) Cohorts.Contribute(story.View(asOf: asOf), months, cells);
        var frame = new CohortFrame(
            new(CohortColumns.Through(columns)) { Mode = mode, Measure = measure }, Definition.Default, months, Story.Moment(asOf));
        return CohortTable.Of(Cohorts.Sums(cells, frame), frame);
    }

    private static IEnumerable<string> Text(CohortTable table) => table.Cohorts.Select(cohort =>
        $"{Definition.Default.By(Grain.Month).StartOf(cohort.Cohort):yyyy-MM} size {cohort.Size}: {string.Join(' ', cohort.Cells.Select(cell => cell.Value?.ToString() ?? "-"))}");
}
