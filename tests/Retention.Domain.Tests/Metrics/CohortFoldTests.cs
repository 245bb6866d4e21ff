using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

/// <summary>Tables worked out by hand. A, B and C are those of the metric definitions.</summary>
public class CohortFoldTests
{
    private static readonly Story[] Example =
        [Story.OfOrders("2026-01-05", "2026-02-07", "2026-04-01"), Story.OfOrders("2026-01-20", "2026-03-02"), Story.OfOrders("2026-02-11")];

    private static readonly CohortQuestion Asked = new(CohortColumns.Through(3));

    private static readonly Definition Windows30 = Definition.Default with { ActivityDays = 30 };

    [Fact]
    public void The_example_is_answered_as_from_the_histograms() =>
        Table(Example, Asked).ShouldBe(["2026-01 size 2 again 0: 2 1 1 1", "2026-02 size 1 again 0: 1 0 0 -"]);

    [Fact]
    public void On_or_before_counts_who_has_a_second_order_by_then_one_in_period_0_included()
    {
        Story[] stories = [.. Example, Story.OfOrders("2026-01-07", "2026-01-08")];

        Table(stories, Asked with { Mode = CohortMode.OnOrBefore }).ShouldBe(["2026-01 size 3 again 1: 3 2 3 3", "2026-02 size 1 again 0: 1 0 0 -"]);
    }

    [Fact]
    public void On_or_after_sees_beyond_the_last_column() =>
        Table(Example, Asked with { Mode = CohortMode.OnOrAfter, Columns = CohortColumns.Through(1) })
            .ShouldBe(["2026-01 size 2 again 0: 2 2", "2026-02 size 1 again 0: 1 0"]);

    [Fact]
    public void Survival_counts_who_is_active_at_the_end_of_the_period() =>
        // A is active until Mar 9 and from Apr 1 until May 1, B until Feb 19 and from Mar 2 until Apr 1, C until Mar 13.
        Table(Example, Asked with { Mode = CohortMode.Survival }, Windows30).ShouldBe(["2026-01 size 2 again 0: 2 1 1 1", "2026-02 size 1 again 0: 1 0 0 -"]);

    [Theory]
    [InlineData("2026-04-01 12:00", 2)]
    [InlineData("2026-04-02", 1)]
    public void While_a_period_is_in_progress_a_lapse_counts_once_its_day_is_over(string asOf, int active) =>
        // On Apr 1, A orders again and B lapses.
        Table(Example, Asked with { Mode = CohortMode.Survival }, Windows30, asOf)[0].ShouldBe($"2026-01 size 2 again 0: 2 1 1 {active}");

    [Fact]
    public void Who_departs_does_not_survive() =>
        Table([Story.OfOrders("2026-01-05", "2026-03-30").Tells("2026-02-10", new Fact.Departure(null))], Asked with { Mode = CohortMode.Survival })
            .ShouldBe(["2026-01 size 1 again 0: 1 0 1 1"]);

    [Fact]
    public void Rolling_months_are_30_days_from_each_customers_first_order()
    {
        // A orders again after 33 and 86 days, B after 41. Of January's last customers, period 1 ends 60 days after Jan 31.
        var table = Of(Example, Asked with { Alignment = CohortAlignment.Rolling, Columns = CohortColumns.Through(4) });

        Text(table)[0].ShouldBe("2026-01 size 2 again 0: 2 2 1 0 -");
        table.Cohorts[0].Cells.Select(cell => cell.Status).ShouldBe(
            [PeriodStatus.Complete, PeriodStatus.Complete, PeriodStatus.InProgress, PeriodStatus.InProgress, PeriodStatus.NotObservable]);
    }

    [Fact]
    public void A_rolling_day_has_24_hours_whatever_the_clock_says()
    {
        // In Helsinki the night to Mar 29, 2026 lacks an hour: 24 hours after 12:00 it is 13:00.
        var helsinki = Definition.Default with { Calendar = Calendar.In("Europe/Helsinki")! };
        Story[] stories = [Story.OfOrders("2026-03-28T12:00+02:00", "2026-03-29T12:59:59+03:00"), Story.OfOrders("2026-03-28T12:00+02:00", "2026-03-29T13:00+03:00")];

        Table(stories, Asked with { Columns = CohortColumns.Through(1), Alignment = CohortAlignment.Rolling }, helsinki, grain: Grain.Day)
            .ShouldBe(["2026-03-28 size 2 again 1: 2 1"]);
        Table(stories, Asked with { Columns = CohortColumns.Through(1) }, helsinki, grain: Grain.Day).ShouldBe(["2026-03-28 size 2 again 0: 2 2"]);
    }

    [Fact]
    public void Rolling_survival_looks_at_the_day_on_which_the_customers_window_ends()
    {
        // Active until Feb 19; the window of 7 days that is number k ends on Jan 20 + 7 (k + 1): Feb 17 for 3, Feb 24 for 4.
        var asked = Asked with { Mode = CohortMode.Survival, Alignment = CohortAlignment.Rolling, Columns = CohortColumns.Through(4) };

        Table([Story.OfOrders("2026-01-20")], asked, Windows30, grain: Grain.Week).ShouldBe(["2026-01-19 size 1 again 0: 1 1 1 1 0"]);
    }

    [Fact]
    public void A_bracket_counts_each_customer_once_and_takes_its_status_from_its_ends()
    {
        Story[] stories = [Story.OfOrders("2026-01-05", "2026-02-07", "2026-03-01", "2026-05-02"), Story.OfOrders("2026-01-20", "2026-04-02")];
        var table = Of(stories, Asked with { Columns = CohortColumns.Parse("1-2,4-6,8-9").Columns! }, asOf: "2026-06-01");

        Text(table).ShouldBe(["2026-01 size 2 again 0: 2 1 1 -"]);
        table.Cohorts[0].Cells.Select(cell => $"{cell.Column} {cell.Status}").ShouldBe(["0 Complete", "1-2 Complete", "4-6 InProgress", "8-9 NotObservable"]);
    }

    [Fact]
    public void A_return_takes_as_many_orders_within_one_period_as_are_asked_for()
    {
        Story[] stories =
        [
            Story.OfOrders("2026-01-05", "2026-02-07", "2026-03-01", "2026-03-01 10:00"), Story.OfOrders("2026-01-05", "2026-01-06"),
            Story.OfOrders("2026-01-05", "2026-02-28", "2026-03-01"),
        ];
        var twice = Asked with { MinOrders = 2 };

        Table(stories, twice).ShouldBe(["2026-01 size 3 again 1: 3 0 1 0"]);
        Table(stories, twice with { Mode = CohortMode.OnOrAfter }).ShouldBe(["2026-01 size 3 again 1: 3 1 1 0"]);
        Table(stories, twice with { Mode = CohortMode.OnOrBefore }).ShouldBe(["2026-01 size 3 again 1: 3 1 2 2"]);
        // Two orders in two periods of a bracket are not two within one.
        Table(stories, twice with { Columns = CohortColumns.Parse("1-2").Columns! }).ShouldBe(["2026-01 size 3 again 1: 3 1"]);
    }

    [Fact]
    public void Who_enters_with_every_period_is_in_the_cohort_of_each()
    {
        var every = Asked with { Entry = CohortEntry.Every };

        Table(Example, every).ShouldBe(
            ["2026-01 size 2 again 0: 2 1 1 1", "2026-02 size 2 again 0: 2 0 1 -", "2026-03 size 1 again 0: 1 0 - -", "2026-04 size 1 again 0: 1 - - -"]);
        // Of A in February, the order in January is not a second one.
        Table(Example, every with { Mode = CohortMode.OnOrBefore })[1].ShouldBe("2026-02 size 2 again 0: 2 0 1 -");
    }

    [Fact]
    public void Registrations_can_be_followed_to_orders_also_of_those_who_never_buy()
    {
        Story[] stories =
        [
            Registers("2026-01-10").Buys("2026-01-10", "a", 1).Buys("2026-03-01", "b", 1), Registers("2026-01-15"),
            // A guest before, who registers with the second order.
            Registers("2026-02-01 10:00").Buys("2026-01-20", "a", 1).Buys("2026-02-01 09:00", "b", 1),
        ];
        var asked = Asked with { Start = CohortActivity.Registration };

        Table(stories, asked).ShouldBe(["2026-01 size 2 again 1: 2 0 1 0", "2026-02 size 1 again 0: 1 0 0 -"]);
        Table(stories, asked with { Mode = CohortMode.OnOrBefore })[1].ShouldBe("2026-02 size 1 again 0: 1 0 0 -");
        // Orders and revenue of period 0 are its own sum, before the registration or after it.
        Table(stories, asked with { Measure = CohortMeasure.Orders }).ShouldBe(["2026-01 size 2 again 1: 1 0 1 0", "2026-02 size 1 again 0: 1 0 0 -"]);
    }

    [Fact]
    public void Complaints_count_once_and_answers_unless_they_were_withdrawn()
    {
        Story[] stories =
        [
            Story.OfOrders("2026-01-05").Tells("2026-02-01", Complaint("k")).Tells("2026-03-01", Complaint("k")),
            Story.OfOrders("2026-01-05").Tells("2026-02-01", Answer(1)).Tells("2026-03-01", Answer(2)).Tells("2026-04-01", new Fact.Withdrawal(1)),
        ];

        Table(stories, Asked with { Return = CohortActivity.Complaint }).ShouldBe(["2026-01 size 2 again 0: 2 1 0 0"]);
        Table(stories, Asked with { Return = CohortActivity.Feedback }).ShouldBe(["2026-01 size 2 again 0: 2 0 1 0"]);
        Table(stories, Asked with { Return = CohortActivity.Feedback }, asOf: "2026-04-01").ShouldBe(["2026-01 size 2 again 0: 2 1 1 -"]);
        Table(stories, Asked with { Return = CohortActivity.Any, Mode = CohortMode.OnOrAfter }).ShouldBe(["2026-01 size 2 again 0: 2 2 1 0"]);
        Table(stories, Asked with { Start = CohortActivity.Complaint, Return = CohortActivity.Any }).ShouldBe(["2026-02 size 1 again 0: 1 0 0 -"]);
    }

    [Fact]
    public void The_entry_itself_is_no_return_also_among_activities_of_any_kind() =>
        Table(
            [Story.OfOrders("2026-01-05"), Registers("2026-01-05").Buys("2026-01-05", "a", 1)],
            Asked with { Start = CohortActivity.Any, Return = CohortActivity.Any, Mode = CohortMode.OnOrBefore })
            .ShouldBe(["2026-01 size 2 again 1: 2 1 1 1"]);

    [Fact]
    public void Cumulative_revenue_adds_up_the_periods()
    {
        Story[] stories = [new Story().Buys("2026-01-05", "a", 10).Buys("2026-02-06", "b", 2.5m).Buys("2026-04-01", "c", 4), new Story().Buys("2026-01-09", "d", 20)];

        Table(stories, Asked with { Measure = CohortMeasure.Revenue }).ShouldBe(["2026-01 size 2 again 0: 300000 25000 0 40000"]);
        Table(stories, Asked with { Measure = CohortMeasure.CumulativeRevenue }).ShouldBe(["2026-01 size 2 again 0: 300000 325000 325000 365000"]);
        Table(stories, Asked with { Measure = CohortMeasure.CumulativeRevenue, Columns = CohortColumns.Parse("3-3").Columns! })
            .ShouldBe(["2026-01 size 2 again 0: 300000 365000"]);
    }

    [Fact]
    public void Refunds_on_days_of_their_own_are_booked_in_their_period_and_what_precedes_the_cohort_in_none()
    {
        // The first order is refunded in full: the customer is one of February's, and January's charge is outside.
        Story[] stories = [new Story().Buys("2026-01-05", "a", 10).Buys("2026-02-06", "b", 5).IsRefunded("2026-03-01", "a", 10).IsRefunded("2026-04-01", "b", 2)];
        var own = Definition.Default with { Refunds = RefundAttribution.Refund };

        Table(stories, Asked with { Measure = CohortMeasure.Revenue, Columns = CohortColumns.Through(2) }, own).ShouldBe(["2026-02 size 1 again 0: 50000 -100000 -20000"]);
        Table(stories, Asked with { Measure = CohortMeasure.CumulativeRevenue, Columns = CohortColumns.Through(2) }, own)
            .ShouldBe(["2026-02 size 1 again 0: 50000 -50000 -70000"]);
    }

    [Fact]
    public void The_simple_summary_is_the_mean_of_the_rates_of_complete_cells()
    {
        Story[] stories = [.. Example, .. Enumerable.Repeat(Story.OfOrders("2026-02-03", "2026-03-03"), 3), Story.OfOrders("2026-04-02")];

        // k1: January 1 of 2, February 3 of 4; April is in progress.
        Of(stories, Asked, asOf: "2026-04-15").Summary[1].ShouldBe(new CohortSummary(new(1, 1), 4 / 6.0, 2));
        Of(stories, Asked with { Summary = CohortSummaryKind.Simple }, asOf: "2026-04-15").Summary[1].ShouldBe(new CohortSummary(new(1, 1), 0.625, 2));
        Of(stories, Asked with { Measure = CohortMeasure.Orders }, asOf: "2026-04-15").Summary[1].ShouldBe(new CohortSummary(new(1, 1), null, 2));
    }

    [Theory]
    [InlineData("1-3,4-7", "0 1-3 4-7")]
    [InlineData("1, 2-2, 10-5000", "0 1 2-2 10-5000")]
    public void Brackets_are_read_as_they_are_given(string text, string columns) =>
        string.Join(' ', CohortColumns.Parse(text).Columns!.All).ShouldBe(columns);

    [Theory]
    [InlineData("")]
    [InlineData("1-3,")]
    [InlineData("0-3")]
    [InlineData("3-1")]
    [InlineData("1-3,3-4")]
    [InlineData("4-7,1-3")]
    [InlineData("1-2-3")]
    [InlineData("-3")]
    [InlineData("1-")]
    [InlineData("one-two")]
    [InlineData("1-5001")]
    [InlineData("1-99999999999")]
    public void Brackets_that_are_none_are_refused(string text) => CohortColumns.Parse(text).Fault.ShouldNotBeNull();

    private static Story Registers(string at) => new Story().Tells(at, new Fact.Profile(true, new Dictionary<string, string?>()));

    private static Fact.ComplaintReceived Complaint(string id) => new(Fact.Key(id), null, null, null, null);

    private static Fact.Answer Answer(long id) => new(id, Instrument.Nps, 9, null, null, null);

    private static IReadOnlyList<string> Table(
        IEnumerable<Story> stories, CohortQuestion asked, Definition? definition = null, string asOf = "2026-05-01", Grain grain = Grain.Month) =>
        Text(Of(stories, asked, definition, asOf, grain), grain);

    private static CohortTable Of(
        IEnumerable<Story> stories, CohortQuestion asked, Definition? definition = null, string asOf = "2026-05-01", Grain grain = Grain.Month)
    {
        definition ??= Definition.Default;
        var frame = new CohortFrame(asked, definition, definition.By(grain), Story.Moment(asOf, definition.Calendar));
        var fold = new CohortFold(frame);
        foreach (var story in stories) fold.Add(story.View(definition, asOf));
        return CohortTable.Of(fold.Sums, frame);
    }

    private static IReadOnlyList<string> Text(CohortTable table, Grain grain = Grain.Month) => [.. table.Cohorts.Select(row =>
        $"{Definition.Default.By(grain).StartOf(row.Cohort).ToString(grain == Grain.Month ? "yyyy-MM" : "yyyy-MM-dd", null)} size {row.Size} again {row.Period0Repeat}: "
        + string.Join(' ', row.Cells.Select(cell => cell.Value?.ToString() ?? "-")))];
}
