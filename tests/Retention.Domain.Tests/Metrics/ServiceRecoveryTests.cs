using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Metrics;

public class ServiceRecoveryTests
{
    [Theory]
    [InlineData("2026-02-10", "2026-03-01", Outcome.Resolved, 1)]
    [InlineData("2026-05-20", "2026-03-01", Outcome.Unresolved, 1)]
    [InlineData(null, "2026-03-01", Outcome.Unresolved, 1)]
    [InlineData("2026-02-10", "2026-05-05", Outcome.Resolved, 0)]
    public void A_complaint_is_followed_for_90_days(string? resolved, string next, Outcome outcome, long again)
    {
        var story = Story.OfOrders("2026-01-01", next).Tells("2026-02-01", new Fact.ComplaintReceived(1, null, null, null, null));
        if (resolved is not null) story.Tells(resolved, new Fact.ComplaintResolved(1, null));

        var (cell, counts) = Cells(story, "2026-12-01").ShouldHaveSingleItem();

        (cell.Outcome, cell.Stratum, counts.Again).ShouldBe((outcome, 0, new Sample(1, again, again)));
    }

    [Fact]
    public void Only_moments_whose_days_are_over_count()
    {
        var story = Story.OfOrders("2026-01-01").Tells("2026-02-01", new Fact.ComplaintReceived(1, null, null, null, null));

        Cells(story, "2026-05-01").ShouldBeEmpty();
        Cells(story, "2026-05-02").ShouldHaveSingleItem();
    }

    [Fact]
    public void Who_never_ordered_or_withdrew_is_no_case()
    {
        Cells(new Story().Tells("2026-02-01", new Fact.ComplaintReceived(1, null, null, null, null)), "2026-12-01").ShouldBeEmpty();
        Cells(Story.OfOrders("2026-01-01").Tells("2026-02-01", new Fact.ComplaintReceived(1, null, null, null, null)).Tells("2026-02-02", new Fact.ComplaintWithdrawn(1)), "2026-12-01")
            .ShouldBeEmpty();
    }

    [Fact]
    public void Each_order_of_who_never_complained_is_a_control_with_the_answers_around_it()
    {
        var story = Story.OfOrders("2025-01-01", "2025-05-01", "2025-05-20").Tells("2025-04-01", new Fact.Answer(1, Instrument.Nps, 3, null, null, null))
            .Tells("2025-05-10", new Fact.Answer(2, Instrument.Nps, 9, null, null, null));

        var controls = Cells(story, "2026-12-01").OrderBy(cell => cell.Key.Stratum).ToList();

        controls.Select(cell => (cell.Key.Stratum, cell.Value.Again.Sum)).ShouldBe([(0, 0), (4, 1), (7, 0)]);
        (controls[1].Value.NpsBefore, controls[1].Value.NpsAfter, controls[1].Value.Change).ShouldBe((Sample.Of(-1), Sample.Of(1), Sample.Of(2)));
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(2, 90, 4)]
    [InlineData(5, 364, 7)]
    [InlineData(6, 365, 11)]
    public void Strata_are_orders_before_by_tenure(int orders, int days, int stratum) => ServiceRecovery.StratumOf(orders, days * TimeSpan.TicksPerDay).ShouldBe(stratum);

    [Fact]
    public void Controls_weigh_their_strata_as_complaints_do()
    {
        Sample[] complaints = [new(30, 15, 15), new(10, 2, 2), new(5, 5, 5)];
        Sample[] controls = [new(10, 4, 4), new(90, 81, 81), default];

        var matched = MatchedMean.Of(complaints, controls)!;

        // Three quarters of 0.4 and a quarter of 0.9; the last stratum has no controls.
        matched.Mean.ShouldBe(0.525, 1e-12);
        (matched.Controls, matched.Matched.N).ShouldBe((100, 40));
        matched.Difference.ShouldBe(17 / 40.0 - 0.525, 1e-12);
        matched.ErrorSquared.ShouldBe(0.5625 * 0.4 * 0.6 / 10 + 0.0625 * 0.9 * 0.1 / 90, 1e-12);
        MatchedMean.Of([new(1, 1, 1)], [default]).ShouldBeNull();
    }

    [Fact]
    public void A_regular_who_stays_away_lapses_by_the_own_rhythm_and_is_followed_back()
    {
        // Gaps of 30, 28 and 32 days: lapsed on the 61st day after the last.
        var story = Story.OfOrders("2026-01-01", "2026-01-31", "2026-02-28", "2026-04-01", "2026-08-01")
            .Tells("2026-06-05", new Fact.Request(7, Instrument.Nps, null, null)).Tells("2026-06-07", new Fact.LapseReason("price"));

        var (day, counts) = Lapses(story).ShouldHaveSingleItem();

        DateOnly.FromDayNumber(day).ShouldBe(Story.Day("2026-06-01"));
        counts.ShouldBe(new WinBackCounts(1, 1, 1, 1, 1, 0));
    }

    [Fact]
    public void Who_was_not_asked_may_return_all_the_same()
    {
        var orders = Story.OfOrders("2026-01-01", "2026-01-31", "2026-02-28", "2026-04-01", "2026-08-01");

        Lapses(orders).Single().Value.ShouldBe(new WinBackCounts(1, 0, 0, 0, 0, 1));
        Lapses(orders.Tells("2026-06-05", new Fact.Request(7, Instrument.Nps, null, null)).Tells("2026-06-05", new Fact.Bounce(7, Instrument.Nps))).Single().Value
            .ShouldBe(new WinBackCounts(1, 0, 0, 0, 0, 1));
        Lapses(orders.Tells("2026-05-20", new Fact.ComplaintReceived(1, null, null, null, null))).ShouldBeEmpty();
    }

    private static Cells<RecoveryCell, RecoveryCounts> Cells(Story story, string asOf)
    {
        var cells = new Cells<RecoveryCell, RecoveryCounts>();
        ServiceRecovery.Contribute(story.View(asOf: asOf), (Definition.Default.ByDays(Grain.Year), Story.Time(asOf).UtcTicks), cells);
        return cells;
    }

    private static Cells<int, WinBackCounts> Lapses(Story story)
    {
        var cells = new Cells<int, WinBackCounts>();
        WinBack.Contribute(story.View(asOf: "2026-09-01"), (Definition.Default.ByDays(Grain.Day), Story.Moment("2026-09-01"), new LapsedRegularRules()), cells);
        return cells;
    }
}
