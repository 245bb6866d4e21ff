using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class RevenueTests
{
    [Fact]
    public void The_three_repeat_metrics_differ_as_defined()
    {
        Story[] stories =
        [
            Story.OfOrders("2026-01-10", "2026-02-05"), Story.OfOrders("2026-02-06", "2026-02-06 13:00"), Story.OfOrders("2026-02-07"),
            Story.OfOrders("2026-01-11", "2026-01-12"), Story.OfOrders("2026-01-13", "2026-03-01"),
        ];

        var february = Row(stories, "2026-02-01", "2026-05-01");

        (february.Counts.Orders, february.Counts.Customers, february.Counts.Revenue).ShouldBe((4, 3, 400_000));
        february.PurchaseFrequency.ShouldBe(4 / 3.0);
        february.RepeatRateWindow.ShouldBe(1 / 3.0);
        february.ReturningCustomerRate.ShouldBe(1 / 3.0);
        (february.EverAcquired, february.EverRepeated, february.RepeatRateLifetime).ShouldBe((5, 3, 3 / 5.0));
    }

    [Fact]
    public void Orders_of_one_day_are_several_orders() =>
        Row([Story.OfOrders("2026-02-06", "2026-02-06 13:00")], "2026-02-01", "2026-05-01").RepeatRateWindow.ShouldBe(1);

    [Fact]
    public void A_row_without_customers_has_no_rates_but_the_lifetime_one()
    {
        var row = Row([Story.OfOrders("2026-01-10", "2026-01-11")], "2026-02-01", "2026-05-01");

        (row.PurchaseFrequency, row.RepeatRateWindow, row.ReturningCustomerRate, row.RepeatRateLifetime).ShouldBe((null, null, null, 1));
        Row([Story.OfOrders("2026-03-10")], "2026-02-01", "2026-05-01").RepeatRateLifetime.ShouldBeNull();
    }

    [Fact]
    public void A_row_in_progress_counts_what_is_before_the_moment()
    {
        var row = Row([Story.OfOrders("2026-02-10", "2026-02-20")], "2026-02-01", "2026-02-20");

        (row.Status, row.Counts.Orders, row.RepeatRateLifetime).ShouldBe((PeriodStatus.InProgress, 1, 0));
    }

    [Fact]
    public void A_refund_is_booked_on_its_orders_day_or_on_its_own()
    {
        Story[] stories = [new Story().Buys("2026-01-31", "a", 10).IsRefunded("2026-02-01", "a", 4), new Story().Buys("2026-01-30", "b", 7).IsRefunded("2026-02-02", "b", 7)];

        (Row(stories, "2026-01-01", "2026-05-01").Counts.Revenue, Row(stories, "2026-02-01", "2026-05-01").Counts.Revenue).ShouldBe((60_000, 0));
        (Row(stories, "2026-01-01", "2026-05-01", OwnDays).Counts.Revenue, Row(stories, "2026-02-01", "2026-05-01", OwnDays).Counts.Revenue).ShouldBe((170_000, -110_000));
        (Row(stories, "2026-01-01", "2026-05-01", OwnDays).Counts.Orders, Row(stories, "2026-02-01", "2026-05-01", OwnDays).Counts.Customers).ShouldBe((1, 0));
    }

    [Fact]
    public void A_free_order_counts_without_revenue()
    {
        var row = Row([new Story().Buys("2026-02-01", "free", 0)], "2026-02-01", "2026-05-01");

        (row.Counts.Orders, row.Counts.Customers, row.Counts.Revenue).ShouldBe((1, 1, 0));
    }

    [Fact]
    public void The_lifetime_value_of_a_cohort_is_all_its_net_revenue_and_that_of_each_customers_first_days()
    {
        Story[] stories =
        [
            new Story().Buys("2026-01-01", "a", 10, margin: 4).Buys("2026-01-30", "b", 5).Buys("2026-01-31", "c", 2).IsRefunded("2026-03-01", "a", 5),
            new Story().Buys("2026-01-31", "d", 1).Buys("2026-03-01", "e", 1).Buys("2026-03-02", "f", 1),
        ];

        var counts = Clv(stories, Definition.Default);

        (counts.Customers, counts.Revenue, counts.Within30, counts.Within60).ShouldBe((2, 150_000, 120_000, 150_000));
        (counts.Margin, counts.MarginRevenue).ShouldBe((20_000, 50_000));
    }

    [Fact]
    public void Net_revenue_before_the_first_valid_order_is_in_the_total_and_in_no_window()
    {
        Story[] stories = [new Story().Buys("2026-01-01", "a", 10).Cancels("2026-01-02", "a").Buys("2026-01-05", "b", 5)];

        var counts = Clv(stories, OwnDays);

        (counts.Revenue, counts.Within30, counts.Within365).ShouldBe((150_000, 50_000, 50_000));
    }

    [Theory]
    [InlineData("2026-03-02", false)]
    [InlineData("2026-03-02 23:59:59", false)]
    [InlineData("2026-03-03", true)]
    public void A_window_is_served_once_the_whole_cohort_is_old_enough(string asOf, bool old) =>
        HistoricClv.OldEnough(Story.Day("2026-02-01"), 30, Story.Moment(asOf)).ShouldBe(old);

    private static Definition OwnDays => Definition.Default with { Refunds = RefundAttribution.Refund };

    private static ClvCounts Clv(IEnumerable<Story> stories, Definition definition)
    {
        var cells = new Cells<int, ClvCounts>();
        foreach (var story in stories) HistoricClv.Contribute(story.View(definition), definition.By(Grain.Month), cells);
        return cells.ShouldHaveSingleItem().Value;
    }

    private static RevenueRow Row(IEnumerable<Story> stories, string month, string asOf, Definition? definition = null)
    {
        var months = Definition.Default.By(Grain.Month);
        var period = months.IndexOf(Story.Day(month));
        var cells = new Cells<int, RevenueCounts>();
        foreach (var story in stories) Revenue.Contribute(story.View(definition, asOf), months, cells);
        return Revenue.Rows(cells.ToDictionary(), months, Story.Moment(asOf), period, period).ShouldHaveSingleItem();
    }
}
