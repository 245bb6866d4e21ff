using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class CustomerRetentionTests
{
    private static readonly Definition Ten = Definition.Default with { ActivityDays = 10 };

    [Fact]
    public void The_worked_example_has_a_formula_of_75_percent_and_a_headline_of_80()
    {
        var row = new RetentionRow(0, PeriodStatus.Complete, 10_000, new ActivityFlows(Acquired: 5_500, Reactivated: 0, Lapsed: 2_500, LapsedOld: 2_000, Regained: 0));

        row.Closing.ShouldBe(13_000);
        row.RateByFormula.ShouldBe(0.75);
        (row.Lost, row.Retained, row.Rate, row.ChurnRate).ShouldBe((2_000, 8_000, 0.8, 0.2));
        row.LapsedNew.ShouldBe(500);
    }

    [Fact]
    public void The_worked_example_follows_from_the_orders_of_155_customers()
    {
        IEnumerable<Story> stories =
        [
            .. Enumerable.Repeat(Story.OfOrders("2026-03-25", "2026-05-01", "2026-06-05"), 80), .. Enumerable.Repeat(Story.OfOrders("2026-03-25"), 20),
            .. Enumerable.Repeat(Story.OfOrders("2026-06-15"), 50), .. Enumerable.Repeat(Story.OfOrders("2026-04-05"), 5),
        ];

        var row = Row(stories, Definition.Default with { ActivityDays = 40 }, Grain.Quarter, "2026-04-01", "2026-09-01");

        (row.Opening, row.Flows.Acquired, row.Flows.Reactivated, row.Flows.Lapsed, row.Closing).ShouldBe((100, 55, 0, 25, 130));
        (row.Rate, row.RateByFormula).ShouldBe((0.8, 0.75));
    }

    [Theory]
    [InlineData("2026-01-15 00:00", 0, 1)]
    [InlineData("2026-01-15 23:59:59", 0, 1)]
    [InlineData("2026-01-16 00:00", 1, 0)]
    [InlineData("2026-02-01 00:00", 1, 0)]
    public void A_lapse_counts_only_once_its_day_is_over(string asOf, int lapsed, int closing)
    {
        var row = Row([Story.OfOrders("2026-01-05")], Ten, Grain.Month, "2026-01-01", asOf);

        (row.Flows.Acquired, row.Flows.Lapsed, row.Closing).ShouldBe((1, lapsed, closing));
    }

    [Fact]
    public void A_start_counts_at_once()
    {
        Row([Story.OfOrders("2026-01-05 10:00")], Ten, Grain.Month, "2026-01-01", "2026-01-05 10:00").Flows.Acquired.ShouldBe(0);
        Row([Story.OfOrders("2026-01-05 10:00")], Ten, Grain.Month, "2026-01-01", "2026-01-05 10:01").Flows.Acquired.ShouldBe(1);
    }

    [Fact]
    public void Somebody_who_lapses_and_returns_within_the_period_is_not_lost()
    {
        var row = Row([Story.OfOrders("2026-01-28", "2026-02-20")], Ten, Grain.Month, "2026-02-01", "2026-04-01");

        (row.Opening, row.Flows.Lapsed, row.Flows.LapsedOld, row.Flows.Reactivated, row.Lost, row.Closing).ShouldBe((1, 1, 1, 1, 0, 1));
        (row.Rate, row.RateByFormula).ShouldBe((1, 1));
    }

    [Fact]
    public void Somebody_who_lapses_twice_within_the_period_is_lost_once()
    {
        var row = Row([Story.OfOrders("2026-01-01", "2026-01-20", "2026-02-10")], Definition.Default with { ActivityDays = 5 }, Grain.Year, "2026-01-01", "2027-01-01");
        var quarter = Row([Story.OfOrders("2025-12-29", "2026-01-20", "2026-02-10")], Definition.Default with { ActivityDays = 5 }, Grain.Quarter, "2026-01-01", "2026-04-01");

        (row.Opening, row.Flows.Acquired, row.Flows.Reactivated, row.Flows.Lapsed, row.Lost).ShouldBe((0, 1, 2, 3, 0));
        (quarter.Opening, quarter.Flows.LapsedOld, quarter.Lost, quarter.Retained).ShouldBe((1, 3, 1, 0));
    }

    [Fact]
    public void A_lapse_on_the_first_day_of_a_period_belongs_to_it()
    {
        Story[] stories = [Story.OfOrders("2026-01-22")];

        var (january, february) = (Row(stories, Ten, Grain.Month, "2026-01-01", "2026-04-01"), Row(stories, Ten, Grain.Month, "2026-02-01", "2026-04-01"));

        (january.Flows.Lapsed, january.Closing).ShouldBe((0, 1));
        (february.Opening, february.Flows.Lapsed, february.Lost, february.Closing).ShouldBe((1, 1, 1, 0));
    }

    [Fact]
    public void Nobody_at_the_start_makes_no_rate()
    {
        var row = Row([Story.OfOrders("2026-01-05")], Ten, Grain.Month, "2026-01-01", "2026-04-01");

        row.Rate.ShouldBeNull();
        row.RateByFormula.ShouldBeNull();
        row.ChurnRate.ShouldBeNull();
    }

    [Fact]
    public void The_invariant_and_the_bridge_hold_for_any_history() =>
        Prop.ForAll<NonEmptyArray<NonEmptyArray<byte>>, PositiveInt, byte>((customers, window, today) =>
        {
            var definition = Definition.Default with { ActivityDays = 1 + window.Get % 60 };
            var asOf = Story.Moment("2026-01-01").Moment.AddDays(today);
            var views = customers.Get.Select(days => Story.OfOrders([.. days.Get.Select(day => $"{Story.Day("2026-01-01").AddDays(day):yyyy-MM-dd} 12:00")]))
                .Select(story => new CustomerView(story.History, definition, asOf.UtcTicks)).ToList();
            foreach (var grain in Enum.GetValues<Grain>().Except([Grain.Hour]))
            {
                var partition = definition.By(grain);
                foreach (var row in Rows(views, partition, AsOf.In(Calendar.Utc, asOf), partition.IndexOf(Story.Day("2025-12-31")), partition.IndexOf(Story.Day("2026-12-31"))))
                {
                    var flows = row.Flows;
                    row.Closing.ShouldBe(row.Opening + flows.Acquired + flows.Reactivated - flows.Lapsed);
                    (row.Closing - flows.Acquired - row.Retained).ShouldBe(flows.Reactivated - row.LapsedNew - (flows.LapsedOld - row.Lost));
                    if (row.Status == PeriodStatus.Complete)
                        row.Closing.ShouldBe(views.Count(view => view.SpansSeen().Any(span => span.ActiveAt(partition.EndOf(row.Period)))));
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    private static IEnumerable<RetentionRow> Rows(IEnumerable<CustomerView> views, Partition partition, AsOf asOf, int first, int last)
    {
        var cells = new Cells<ActivityCell, ActivityFlows>();
        foreach (var view in views) CustomerRetention.Contribute(view, partition, cells);
        return CustomerRetention.Rows(CustomerRetention.InEffect(cells, asOf.Day), partition, asOf, first, last);
    }

    private static RetentionRow Row(IEnumerable<Story> stories, Definition definition, Grain grain, string day, string asOf)
    {
        var partition = definition.By(grain);
        var period = partition.IndexOf(Story.Day(day));
        return Rows(stories.Select(story => story.View(definition, asOf)), partition, Story.Moment(asOf), period, period).ShouldHaveSingleItem();
    }
}
