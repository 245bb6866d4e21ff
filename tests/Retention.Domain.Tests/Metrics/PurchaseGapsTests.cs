using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class PurchaseGapsTests
{
    [Fact]
    public void Mean_and_percentiles_are_those_of_the_closed_gaps()
    {
        // Gaps 10, 20, 40 and 5.
        var figures = Figures([[100, 110, 130, 170], [200, 205], [150]], asOf: 300);

        (figures.Count, figures.Mean, figures.Median).ShouldBe((4, 18.75, 15.0));
        figures.P90!.Value.ShouldBe(34, 1e-12);
        figures.Lifetimes.Sum(cell => cell.Value.Lapsed).ShouldBe(4);
        figures.Lifetimes.Where(cell => cell.Value.Censored > 0).Select(cell => cell.Key).ShouldBe([94, 129, 149]);
    }

    [Fact]
    public void With_the_open_gaps_the_median_of_the_documented_example_is_twice_as_long()
    {
        // January 1 is day 1; asOf March 1.
        var figures = Figures([[1, 11, 31], [5, 45], [20]], asOf: 60);
        var curve = KaplanMeier.Estimate(figures.Lifetimes);

        (figures.Median, curve.Median).ShouldBe((20, 40));
        (Math.Round(figures.Mean!.Value, 1), Math.Round(figures.P90!.Value, 6)).ShouldBe((23.3, 36));
        curve.Steps.Select(step => (step.Time, Math.Round(step.Survival, 3))).ShouldBe([(10, 0.833), (20, 0.625), (40, 0)]);
        figures.Lifetimes.Where(cell => cell.Value.Censored > 0).Select(cell => cell.Key).ShouldBe([14, 28, 39]);
    }

    [Fact]
    public void The_open_gap_is_censored_at_the_last_whole_day()
    {
        Figures([[100]], asOf: 101).Lifetimes.ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create(0, new LifetimeCounts(0, 1)));
        Figures([[100]], asOf: 100).Lifetimes.ShouldBeEmpty();
    }

    [Fact]
    public void A_gap_that_is_closed_today_has_a_length_but_is_not_yet_over_for_the_curve()
    {
        var today = Figures([[100, 130]], asOf: 130);
        var tomorrow = Figures([[100, 130]], asOf: 131);

        (today.Count, today.Mean).ShouldBe((1, 30.0));
        today.Lifetimes.ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create(29, new LifetimeCounts(0, 1)));
        tomorrow.Lifetimes.ToList().ShouldBe([KeyValuePair.Create(0, new LifetimeCounts(0, 1)), KeyValuePair.Create(30, new LifetimeCounts(1, 0))]);
    }

    [Fact]
    public void Who_bought_once_leaves_no_figure_but_a_censored_lifetime()
    {
        var figures = Figures([[100], []], asOf: 200);

        (figures.Count, figures.Mean, figures.Median, figures.P90).ShouldBe((0, null, null, null));
        figures.Lifetimes.ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create(99, new LifetimeCounts(0, 1)));
    }

    [Fact]
    public void All_figures_equal_their_definitions_over_listed_gaps() =>
        Prop.ForAll<byte[][], byte>((customers, moment) =>
        {
            var days = customers.Select(given => given.Select(day => (int)day).Where(day => day <= moment).Distinct().Order().ToArray()).ToList();
            var gaps = days.SelectMany(each => each.Zip(each.Skip(1), (a, b) => (double)b - a)).Order().ToList();
            var figures = Figures(days, moment);

            figures.Count.ShouldBe(gaps.Count);
            (figures.Mean, figures.Median, figures.P90).ShouldBe((gaps.Count == 0 ? null : gaps.Average(), Percentiles.Of(gaps, 0.5), Percentiles.Of(gaps, 0.9)));
            var over = days.Select(each => each.Where(day => day < moment).ToArray()).ToList();
            figures.Lifetimes.Sum(cell => cell.Value.Lapsed).ShouldBe(over.Sum(each => Math.Max(0, each.Length - 1)));
            figures.Lifetimes.Sum(cell => cell.Value.Censored * cell.Key).ShouldBe(over.Where(each => each.Length > 0).Sum(each => moment - 1 - each[^1]));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Each_gap_is_of_the_period_that_it_begins_in_and_periods_add_up_to_all() =>
        Prop.ForAll<byte[], byte>((given, moment) =>
        {
            var start = Story.Day("2026-01-01");
            var asOf = AsOf.In(Calendar.Utc, Calendar.Utc.StartOf(start.AddDays(moment)));
            var days = given.Where(day => day < moment).Distinct().Order().Select(day => start.AddDays(day)).ToArray();
            var customer = Story.OfOrders([.. days.SelectMany(day => (string[])[$"{day:yyyy-MM-dd} 08:00", $"{day:yyyy-MM-dd} 20:00"])]).View();
            var (months, first, total) = (Definition.Default.ByDays(Grain.Month), 2026 * 12, new DenseCells<GapCounts>());
            var (all, some) = (new PeriodCells<GapCounts>(months, (int.MinValue, int.MaxValue)), new PeriodCells<GapCounts>(months, (first + 1, first + 1)));

            PurchaseGaps.Contribute(customer, asOf, all);
            PurchaseGaps.Contribute(customer, asOf, some);

            PurchaseGaps.Contribute([.. days.Select(day => day.DayNumber)], asOf.Day.DayNumber, total);
            all.Total.ShouldBe(total);
            some.Total.ShouldBe(all[first + 1]);
            all.Began.ShouldBe(days.Length == 0 ? null : days[0]);
            for (var month = first; month < first + 9; month++)
            {
                all[month].Sum(cell => cell.Value.Closed).ShouldBe(days.SkipLast(1).Count(day => months.IndexOf(day) == month));
                all[month].Sum(cell => cell.Value.Censored).ShouldBe(days.TakeLast(1).Count(day => months.IndexOf(day) == month));
            }
        }).QuickCheckThrowOnFailure();

    private static PurchaseGapFigures Figures(IEnumerable<int[]> customers, int asOf)
    {
        var cells = new DenseCells<GapCounts>();
        foreach (var days in customers) PurchaseGaps.Contribute(days, asOf, cells);
        return PurchaseGaps.Figures(cells);
    }
}
