using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Domain.Tests.Customers;

public class ComplaintTests
{
    private static readonly Fact Received = new Fact.ComplaintReceived(1, "email", "delivery", null, null);
    private static readonly Fact Replied = new Fact.ComplaintReplied(1);
    private static readonly Fact Wrote = new Fact.ComplaintMessage(1);
    private static readonly Fact Resolved = new Fact.ComplaintResolved(1, null);
    private static readonly Fact Reopened = new Fact.ComplaintReopened(1);
    private static readonly Fact Withdrawn = new Fact.ComplaintWithdrawn(1);

    [Fact]
    public void It_is_open_until_it_is_resolved_and_again_once_it_is_reopened()
    {
        var story = new Story().Tells("2026-01-05", Received).Tells("2026-01-06", Replied).Tells("2026-01-07", Resolved).Tells("2026-01-09", Reopened);

        Only(story, "2026-01-07").IsOpen.ShouldBeTrue();
        Only(story, "2026-01-08").IsOpen.ShouldBeFalse();
        Only(story).IsOpen.ShouldBeTrue();
        Only(story.Tells("2026-01-10", Withdrawn)).IsOpen.ShouldBeFalse();
    }

    [Fact]
    public void What_finds_it_as_it_would_leave_it_changes_nothing()
    {
        var complaint = Only(new Story().Tells("2026-01-05", Received).Tells("2026-01-05", Reopened).Tells("2026-01-06", Resolved).Tells("2026-01-07", Resolved)
            .Tells("2026-01-08", Withdrawn).Tells("2026-01-09", Received));

        (complaint.Resolutions.Count, complaint.Reopenings.Count, complaint.Withdrawals.Count).ShouldBe((1, 0, 0));
        complaint.Idle.ShouldBe([2, 4, 5, 6], ignoreOrder: true);
    }

    [Fact]
    public void What_is_dated_before_the_receipt_changes_nothing_and_what_is_dated_at_it_counts()
    {
        var complaint = Only(new Story().Tells("2026-01-04 23:59", Resolved).Tells("2026-01-05", Replied, source: "desk").Tells("2026-01-05", Received));

        complaint.IsOpen.ShouldBeTrue();
        complaint.Replies.ShouldHaveSingleItem().ShouldBe(complaint.Received);
        complaint.Idle.ShouldBe([1]);
    }

    [Fact]
    public void Steps_of_a_complaint_that_is_not_known_wait_for_it()
    {
        var story = new Story().Tells("2026-01-06", Replied).Tells("2026-01-07", Resolved);

        story.View().Complaints.ShouldBeEmpty();
        Only(story.Tells("2026-01-05", Received)).Resolutions.Count.ShouldBe(1);
    }

    [Fact]
    public void A_customer_who_writes_several_times_waits_once()
    {
        var complaint = Only(new Story().Tells("2026-01-05", Received).Tells("2026-01-06 10:00", Replied).Tells("2026-01-06 12:00", Wrote).Tells("2026-01-06 13:00", Wrote)
            .Tells("2026-01-06 15:00", Replied).Tells("2026-01-06 16:00", Replied).Tells("2026-01-06 17:00", Wrote));

        complaint.Waits.ShouldHaveSingleItem().ShouldBe((Ticks("2026-01-06 12:00"), Ticks("2026-01-06 15:00")));
    }

    // By e-mail, due at the start of January 7.
    [Theory]
    [InlineData("replied 2026-01-06 23:59", "2026-01-20", PromiseState.Kept)]
    [InlineData("resolved 2026-01-06 23:59", "2026-01-20", PromiseState.Kept)]
    [InlineData("replied 2026-01-07 00:00", "2026-01-20", PromiseState.Broken)]
    [InlineData("", "2026-01-06 23:59", PromiseState.Pending)]
    [InlineData("", "2026-01-07 00:00", PromiseState.Pending)]
    [InlineData("", "2026-01-07 00:01", PromiseState.Broken)]
    [InlineData("withdrawn 2026-01-06 12:00", "2026-01-20", PromiseState.None)]
    [InlineData("withdrawn 2026-01-08 12:00", "2026-01-20", PromiseState.Broken)]
    [InlineData("replied 2026-01-05 12:00, withdrawn 2026-01-06 12:00", "2026-01-20", PromiseState.Kept)]
    public void A_promise_is_kept_or_broken_as_written(string steps, string asOf, PromiseState expected)
    {
        var story = new Story().Tells("2026-01-05 09:00", Received);
        foreach (var step in steps.Split(", ", StringSplitOptions.RemoveEmptyEntries))
            story.Tells(step[(step.IndexOf(' ', StringComparison.Ordinal) + 1)..], step.Split(' ')[0] switch { "replied" => Replied, "resolved" => Resolved, _ => Withdrawn });
        var complaint = Only(story, asOf);

        Complaints.StateOf(complaint, ServicePromise.Of(Settings.Default).Of("email", complaint.Received), Ticks(asOf)).ShouldBe(expected);
    }

    [Fact]
    public void Durations_stand_in_the_row_in_which_they_end()
    {
        var story = new Story().Tells("2026-01-30 10:00", Received).Tells("2026-02-02 12:00", Replied).Tells("2026-02-03 10:00", Resolved)
            .Tells("2026-03-01 10:00", Reopened).Tells("2026-03-02 10:00", Resolved);

        var rows = Rows(story).ByRow.OrderBy(row => row.Key).Select(row => row.Value).ToList();

        rows.Select(row => (row.Received, row.Replied, row.Resolved, row.Reopened, row.Opened)).ShouldBe([(1, 0, 0, 0, 1), (0, 1, 1, 0, -1), (0, 0, 0, 1, 0)]);
        // Friday ten to five are seven hours, Monday nine to twelve three.
        (rows[1].FirstReply.Calendar.P50, rows[1].FirstReply.Business.P50).ShouldBe((74 * 3600.0, 10 * 3600.0));
        (rows[1].Resolution.Calendar.Mean, rows[2].LastResolution.Calendar.Mean).ShouldBe((96 * 3600.0, 31 * 24 * 3600.0));
        (rows[1].ResolvedThenReopened, rows[1].OneTouch, rows[0].Promised, rows[0].Kept).ShouldBe((1, 0, 1, 0));
    }

    [Fact]
    public void A_complaint_about_an_order_is_one_of_each_of_its_products()
    {
        var lines = new PurchaseDetails([new("lamp", "", false), new("bulb", "", false)], []);
        var story = new Story().Tells("2026-01-02", new Fact.Purchase(Fact.Key("o-1"), 100_000, null, null, lines)).Buys("2026-01-03", "o-2", 5)
            .Tells("2026-01-05", new Fact.ComplaintReceived(1, null, null, null, Fact.Key("o-1")));
        var groups = new ComplaintGroups(Plan("product"));

        groups.Add(story.View());

        groups.All.Select(group => (group.Value, group.Rows.ByRow.Values.Sum(row => row.Received), group.Rows.Orders.Sum(row => row.Value.Count)))
            .ShouldBe([("bulb", 1, 1), ("lamp", 1, 1)]);
    }

    private static ComplaintRows Rows(Story story)
    {
        var groups = new ComplaintGroups(Plan(null));
        groups.Add(story.View());
        return groups.All.Single().Rows;
    }

    private static ComplaintPlan Plan(string? groupBy) =>
        new(Definition.Default.ByDays(Grain.Month), ServiceRules.Of(Settings.Default), Ticks("2026-05-01"), groupBy);

    private static Complaint Only(Story story, string? asOf = null) => story.View(asOf: asOf).Complaints.ShouldHaveSingleItem();

    private static long Ticks(string time) => Story.Time(time).UtcTicks;
}
