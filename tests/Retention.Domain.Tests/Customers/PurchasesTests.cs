using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Tests.Customers;

public class PurchasesTests
{
    private static readonly Definition OwnDays = Definition.Default with { Refunds = RefundAttribution.Refund };

    [Fact]
    public void Net_is_the_total_less_its_refunds()
    {
        var order = new Story().Buys("2026-01-05", "a", 10).IsRefunded("2026-02-01", "a", 2.5m).View().OrdersSeen().ShouldHaveSingleItem();

        (order.Total, order.Refunded, order.Net).ShouldBe((100_000, 25_000, 75_000));
    }

    [Fact]
    public void Refunds_count_in_order_of_time_and_only_up_to_the_total()
    {
        var story = new Story().IsRefunded("2026-03-01", "a", 9).IsRefunded("2026-02-01", "a", 4).Buys("2026-01-05", "a", 10);

        var bookings = story.View(OwnDays).Bookings().OrderBy(booking => booking.Day).Select(booking => $"{booking.Day:MM-dd} {booking.Amount / 10_000}");

        bookings.ShouldBe(["01-05 10", "02-01 -4", "03-01 -6"]);
    }

    [Fact]
    public void Refunds_of_one_moment_count_by_source_and_id()
    {
        var story = new Story().Buys("2026-01-05", "a", 10).IsRefunded("2026-02-01", "a", 4, id: "r2").IsRefunded("2026-02-01", "a", 9, id: "r1")
            .IsRefunded("2026-02-02", "a", 3, id: "r0");

        story.View(OwnDays).Bookings().Select(booking => booking.Amount / 10_000).ShouldBe([10, -9, -1]);
    }

    [Fact]
    public void A_refund_applies_whether_it_arrives_or_happens_before_its_order_or_after()
    {
        new Story().IsRefunded("2026-01-01", "a", 3).Buys("2026-01-05", "a", 10).View().OrdersSeen().ShouldHaveSingleItem().Net.ShouldBe(70_000);
        new Story().IsRefunded("2026-01-06", "a", 3).Buys("2026-01-05", "a", 10).View().OrdersSeen().ShouldHaveSingleItem().Net.ShouldBe(70_000);
        new Story().Buys("2026-01-05", "a", 10).IsRefunded("2026-01-06", "other", 3).View().OrdersSeen().ShouldHaveSingleItem().Net.ShouldBe(100_000);
    }

    [Fact]
    public void An_order_is_valid_unless_it_is_cancelled_or_something_was_charged_and_all_of_it_refunded()
    {
        Valid(new Story().Buys("2026-01-05", "a", 10)).ShouldBeTrue();
        Valid(new Story().Buys("2026-01-05", "a", 10).IsRefunded("2026-01-06", "a", 9.99m)).ShouldBeTrue();
        Valid(new Story().Buys("2026-01-05", "a", 10).IsRefunded("2026-01-06", "a", 10)).ShouldBeFalse();
        Valid(new Story().Buys("2026-01-05", "a", 10).IsRefunded("2026-01-06", "a", 11)).ShouldBeFalse();
        Valid(new Story().Buys("2026-01-05", "a", 10).Cancels("2026-01-04", "a")).ShouldBeFalse();
        Valid(new Story().Buys("2026-01-05", "free", 0)).ShouldBeTrue();
        Valid(new Story().Buys("2026-01-05", "free", 0).IsRefunded("2026-01-06", "free", 5)).ShouldBeTrue();
        Valid(new Story().Buys("2026-01-05", "free", 0).Cancels("2026-01-06", "free")).ShouldBeFalse();
    }

    [Fact]
    public void Validity_is_as_of_the_moment()
    {
        var story = new Story().Buys("2026-01-05", "a", 10).IsRefunded("2026-01-08", "a", 10).Buys("2026-01-06", "b", 1).Cancels("2026-01-09", "b");

        story.View(asOf: "2026-01-08").OrdersSeen().Count.ShouldBe(2);
        story.View(asOf: "2026-01-08 00:00:01").OrdersSeen().Count.ShouldBe(1);
        story.View(asOf: "2026-01-10").OrdersSeen().ShouldBeEmpty();
        story.View(asOf: "2026-01-05").OrdersSeen().ShouldBeEmpty();
    }

    [Fact]
    public void Of_several_purchases_with_one_order_id_the_smallest_by_time_source_and_id_counts()
    {
        var story = new Story().Tells("2026-01-05", Of(30), "x1", "web").Tells("2026-01-05", Of(20), "x9", "shop").Tells("2026-01-05", Of(10), "x2", "shop")
            .Tells("2026-01-06", Of(40), "a", "a");

        var view = story.View();

        view.AllOrders().ShouldHaveSingleItem().Total.ShouldBe(10);
        view.Superseded.ToArray().Select(row => view.Columns.Purchases.KnownFrom[row]).Order().ShouldBe([1, 2, 4]);
    }

    [Fact]
    public void What_is_superseded_takes_no_refund_and_books_nothing()
    {
        var story = new Story().Buys("2026-01-06", "a", 50).Buys("2026-01-05", "a", 10).IsRefunded("2026-01-07", "a", 30);

        story.View().OrdersSeen().ShouldBeEmpty();
        story.View(OwnDays).Bookings().Select(booking => booking.Amount).ShouldBe([100_000, -100_000]);
    }

    [Fact]
    public void A_refund_reduces_its_orders_day_or_is_booked_on_its_own_by_definition()
    {
        var story = new Story().Buys("2026-01-31 23:00", "a", 10).IsRefunded("2026-02-01 01:00", "a", 4);

        Bookings(story, Definition.Default).ShouldBe(["2026-01-31 6"]);
        Bookings(story, OwnDays).ShouldBe(["2026-01-31 10", "2026-02-01 -4"]);
        Bookings(story, OwnDays with { Calendar = Calendar.In("Europe/Helsinki")! }).ShouldBe(["2026-02-01 10", "2026-02-01 -4"]);
    }

    [Fact]
    public void What_an_invalid_order_was_charged_and_refunded_is_booked_only_where_refunds_have_days_of_their_own()
    {
        var story = new Story().Buys("2026-01-05", "returned", 10).IsRefunded("2026-01-08", "returned", 10).Buys("2026-01-06", "cancelled", 7)
            .Cancels("2026-01-09", "cancelled");

        Bookings(story, Definition.Default).ShouldBeEmpty();
        Bookings(story, OwnDays).ShouldBe(["2026-01-05 10", "2026-01-06 7", "2026-01-08 -10"]);
    }

    [Fact]
    public void The_margin_left_is_in_proportion_to_what_is_left()
    {
        Margin(new Story().Buys("2026-01-05", "a", 10, margin: 3).IsRefunded("2026-01-06", "a", 2.5m)).ShouldBe(22_500);
        Margin(new Story().Buys("2026-01-05", "a", 10, margin: -3).IsRefunded("2026-01-06", "a", 5)).ShouldBe(-15_000);
        Margin(new Story().Buys("2026-01-05", "a", 0, margin: -3)).ShouldBe(-30_000);
        Margin(new Story().Buys("2026-01-05", "a", 10)).ShouldBeNull();
    }

    private static Fact.Purchase Of(long total) => new(7, total, null, null, null);

    private static long? Margin(Story story)
    {
        var view = story.View();
        return view.MarginOf(view.Orders[0]);
    }

    private static bool Valid(Story story) => story.View().AllOrders().ShouldHaveSingleItem().Valid;

    private static IEnumerable<string> Bookings(Story story, Definition definition) => story.View(definition).Bookings()
        .OrderBy(booking => booking.Day).ThenByDescending(booking => booking.Amount).Select(booking => $"{booking.Day:yyyy-MM-dd} {booking.Amount / 10_000}");
}
