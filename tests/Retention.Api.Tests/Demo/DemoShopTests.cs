using System.Security.Cryptography;
using System.Text;
using NodaTime;
using Retention.Api.Demo;
using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Tests.Demo;

public class DemoShopTests
{
    private static readonly DateTimeZone Helsinki = DateTimeZoneProviders.Tzdb["Europe/Helsinki"];
    private static readonly DemoOptions Options = new(new DateOnly(2025, 11, 20), Helsinki);
    private static readonly List<Envelope> Events = [.. DemoShop.Events(Options)];
    private static readonly List<(Envelope Envelope, CustomerEvent Event)> Facts =
        [.. Events.Select(envelope => (envelope, Read(envelope)))];

    [Fact]
    public void The_same_seed_and_day_give_the_same_bytes()
    {
        var hash = Hash(Events);

        Hash(DemoShop.Events(Options)).ShouldBe(hash);
        Hash(DemoShop.Events(Options with { Seed = 2 })).ShouldNotBe(hash);
    }

    [Fact]
    public void The_shop_is_large_enough_to_look_alive_and_its_size_is_known_beforehand()
    {
        Events.Count.ShouldBeInRange(120_000, 170_000);
        DemoShop.Events(Options).TryGetNonEnumeratedCount(out var count).ShouldBeTrue();
        count.ShouldBe(Events.Count);
    }

    [Fact]
    public void Every_event_is_read_without_faults_and_without_unknown_members()
    {
        foreach (var envelope in Events)
        {
            var faults = new List<Fault>();
            var fields = new Fields(envelope.Data, "data", faults);
            EventType.Named(envelope.Type)!.Read(fields);

            faults.ShouldBeEmpty();
            fields.Unknown.ShouldBe(0);
        }
    }

    [Fact]
    public void Everything_that_happens_in_an_ordinary_shop_happens() =>
        Events.Select(envelope => envelope.Type).Distinct().ShouldBe(
            [
                "customer_registered", "customer_changed", "purchase_made", "purchase_refunded", "purchase_cancelled", "complaint_received",
                "complaint_replied", "complaint_resolved", "complaint_withdrawn", "feedback_given",
            ],
            ignoreOrder: true);

    [Fact]
    public void Events_come_in_order_and_fill_three_years_up_to_the_last_day()
    {
        Events.Zip(Events.Skip(1)).ShouldAllBe(pair => pair.First.OccurredAt <= pair.Second.OccurredAt);
        DateOnly.FromDateTime(Events[0].OccurredAt.DateTime).ShouldBe(new DateOnly(2022, 11, 21));
        DateOnly.FromDateTime(Events[^1].OccurredAt.DateTime).ShouldBe(Options.LastDay);
        Events[^1].OccurredAt.Offset.ShouldBe(TimeSpan.FromHours(2));
    }

    [Fact]
    public void No_two_events_share_an_id() => Events.DistinctBy(envelope => (envelope.Source, envelope.Id)).Count().ShouldBe(Events.Count);

    [Fact]
    public void Whatever_names_an_order_or_a_complaint_comes_after_it_and_from_its_customer()
    {
        var known = new HashSet<(string Customer, string Id)>();
        foreach (var (envelope, customerEvent) in Facts)
        {
            var (begins, named) = customerEvent switch
            {
                PurchaseMade purchase => (purchase.OrderId, null),
                PurchaseRefunded refund => (null, refund.OrderId),
                PurchaseCancelled cancellation => (null, cancellation.OrderId),
                ComplaintReceived complaint => (complaint.ComplaintId, complaint.OrderId),
                ComplaintReplied reply => (null, reply.ComplaintId),
                ComplaintResolved resolution => (null, resolution.ComplaintId),
                _ => ((string?)null, (string?)null),
            };
            if (named is not null) known.ShouldContain((envelope.Customer, named));
            if (begins is not null) known.Add((envelope.Customer, begins)).ShouldBeTrue();
        }
    }

    [Fact]
    public void Totals_are_positive_and_equal_their_lines_less_the_discounts()
    {
        foreach (var purchase in Facts.Select(fact => fact.Event).OfType<PurchaseMade>())
        {
            purchase.Charged().ShouldBe((purchase with { Total = null }).Charged());
            purchase.Charged().ShouldBePositive();
        }
    }

    [Fact]
    public void Refunds_cancellations_and_complaints_have_the_shares_of_a_real_shop()
    {
        var orders = (double)Count<PurchaseMade>();

        (Count<PurchaseRefunded>() / orders).ShouldBeInRange(0.03, 0.05);
        (Count<PurchaseCancelled>() / orders).ShouldBeInRange(0.007, 0.013);
        (Count<ComplaintReceived>() / orders).ShouldBeInRange(0.05, 0.07);
        (Count<ComplaintResolved>() / (double)Count<ComplaintReceived>()).ShouldBeInRange(0.75, 0.95);
    }

    [Theory]
    [InlineData("nps", 0.8)]
    [InlineData("csat", 0.2)]
    public void Customers_who_have_complained_lately_score_lower(string instrument, double atLeast)
    {
        var complaints = Facts.Where(fact => fact.Event is ComplaintReceived)
            .ToLookup(fact => fact.Envelope.Customer, fact => fact.Envelope.OccurredAt);
        var scores = Facts.Where(fact => fact.Event is FeedbackGiven answer && answer.Instrument == instrument)
            .ToLookup(
                fact => complaints[fact.Envelope.Customer].Any(at => (fact.Envelope.OccurredAt - at).TotalDays is > 0 and < 30),
                fact => ((FeedbackGiven)fact.Event).Score);

        (scores[false].Average() - scores[true].Average()).ShouldBeGreaterThan(atLeast);
    }

    [Fact]
    public void Between_a_fifth_and_a_third_order_again_in_the_next_month_and_fewer_later()
    {
        ShareOrderingAfter(months: 1).ShouldBeInRange(0.20, 0.35);
        ShareOrderingAfter(months: 6).ShouldBeInRange(0.10, ShareOrderingAfter(months: 1) - 0.05);
        ShareOrderingAfter(months: 12).ShouldBeInRange(0.05, ShareOrderingAfter(months: 6));
    }

    [Fact]
    public void Complaints_make_customers_leave()
    {
        var orders = Facts.Where(fact => fact.Event is PurchaseMade).ToLookup(fact => fact.Envelope.Customer);
        var complained = Facts.Select(fact => fact.Event).OfType<ComplaintReceived>().Select(complaint => complaint.OrderId).ToHashSet();
        var firstOrders = orders.ToLookup(
            own => complained.Contains(((PurchaseMade)own.First().Event).OrderId),
            own => own.Count() > 1 ? 1.0 : 0.0);

        firstOrders[true].Average().ShouldBeLessThan(firstOrders[false].Average() - 0.03);
    }

    private static CustomerEvent Read(Envelope envelope) =>
        EventType.Named(envelope.Type)!.Read(new Fields(envelope.Data, "data", []));

    private static int Count<T>() => Facts.Count(fact => fact.Event is T);

    private static string Hash(IEnumerable<Envelope> events) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', events.Take(1_000).Select(envelope =>
            $"{envelope.Id} {envelope.Type} {envelope.Customer} {envelope.OccurredAt:O} {envelope.Data.GetRawText()}")))));

    // Of the customers whose first order is old enough, the share that orders in the calendar month so many months later.
    private static double ShareOrderingAfter(int months)
    {
        var lastWhole = Options.LastDay.Year * 12 + Options.LastDay.Month - 1;
        return Facts.Where(fact => fact.Event is PurchaseMade)
            .GroupBy(fact => fact.Envelope.Customer, fact => fact.Envelope.OccurredAt.Year * 12 + fact.Envelope.OccurredAt.Month)
            .Select(ordered => (Cohort: ordered.Min(), Months: ordered.ToHashSet()))
            .Where(customer => customer.Cohort + months <= lastWhole)
            .Average(customer => customer.Months.Contains(customer.Cohort + months) ? 1.0 : 0.0);
    }
}
