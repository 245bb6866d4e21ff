using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Tests.Customers;

public class SpanTests
{
    private static readonly Definition Ten = Definition.Default with { ActivityDays = 10 };

    [Fact]
    public void A_purchase_makes_its_customer_active_for_W_days_and_lapses_it_on_the_next() =>
        SpansOf("2026-01-05").ShouldBe(["2026-01-05..2026-01-15"]);

    [Fact]
    public void A_purchase_on_the_last_day_of_the_window_joins() =>
        SpansOf("2026-01-05", "2026-01-14").ShouldBe(["2026-01-05..2026-01-24"]);

    [Fact]
    public void A_purchase_on_the_lapse_day_joins_without_a_lapse() =>
        SpansOf("2026-01-05", "2026-01-15").ShouldBe(["2026-01-05..2026-01-25"]);

    [Fact]
    public void A_purchase_on_the_day_after_the_lapse_reactivates() =>
        SpansOf("2026-01-05", "2026-01-16").ShouldBe(["2026-01-05..2026-01-15", "2026-01-16..2026-01-26"]);

    [Fact]
    public void Several_orders_of_one_day_are_one_purchase_day() =>
        SpansOf("2026-01-05 00:00", "2026-01-05 09:00", "2026-01-05 23:59").ShouldBe(["2026-01-05..2026-01-15"]);

    [Fact]
    public void Orders_that_do_not_count_make_nobody_active()
    {
        var view = Story.OfOrders("2026-03-01").Buys("2026-01-05", "cancelled", 10).Cancels("2026-01-06", "cancelled")
            .Buys("2026-02-05", "returned", 10).IsRefunded("2026-02-06", "returned", 10).View(Ten);

        view.SpansSeen().ShouldBe([new Span(Story.Day("2026-03-01"), Story.Day("2026-03-11"))]);
    }

    [Fact]
    public void Somebody_who_only_registers_complains_and_answers_is_no_customer()
    {
        var view = new Story().Tells("2026-01-01", new Fact.Profile(true, new Dictionary<string, string?>()))
            .Tells("2026-01-02", new Fact.ComplaintReceived(1, null, null, null, null)).Tells("2026-01-03", new Fact.Answer(0, Instrument.Nps, 9, null, null, null)).View(Ten);

        view.SpansSeen().ShouldBeEmpty();
        view.OrdersSeen().ShouldBeEmpty();
    }

    [Fact]
    public void The_local_day_of_the_zone_decides_which_days_join()
    {
        var helsinki = Ten with { Calendar = Calendar.In("Europe/Helsinki")! };
        var story = Story.OfOrders("2026-01-05 12:00", "2026-01-15 22:30");

        story.View(Ten).SpansSeen().Count.ShouldBe(1);
        story.View(helsinki).SpansSeen().Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("2026-01-05", false)]
    [InlineData("2026-01-06", true)]
    [InlineData("2026-01-15", true)]
    [InlineData("2026-01-16", false)]
    public void Active_at_a_boundary_counts_the_flows_of_earlier_days(string boundary, bool active) =>
        new Span(Story.Day("2026-01-05"), Story.Day("2026-01-15")).ActiveAt(Story.Day(boundary)).ShouldBe(active);

    private static IEnumerable<string> SpansOf(params string[] orders) =>
        Story.OfOrders(orders).View(Ten).SpansSeen().Select(span => $"{span.Start:yyyy-MM-dd}..{span.End:yyyy-MM-dd}");
}
