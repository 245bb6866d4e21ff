using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>Every metric's whole answer about one small shop, worked out by hand.</summary>
public sealed class KioskTests(ServiceFixture service)
{
    private const string Range = "grain=month&from=2025-01-01&to=2025-06-01&asOf=2025-05-01";

    private static readonly JsonObject[] Events =
    [
        Order("A", "2025-01-05", 20.00m, new JsonObject { ["margin"] = 8.00m, ["channel"] = "web" }),
        Order("A", "2025-02-07", 30.00m), Refund("A", "2025-02-07", "2025-03-03", 5.00m), Order("A", "2025-04-01", 10.00m),
        Order("B", "2025-01-20", 40.00m), Order("B", "2025-03-02", 15.50m), Order("B", "2025-04-10", 99.00m),
        Cancel("B", "2025-04-10", "2025-04-11"),
        Order("C", "2025-02-11", 12.25m),
        Score("A", "2025-01-06", "nps", 10), Score("B", "2025-01-25", "nps", 9), Score("C", "2025-02-12", "nps", 7),
        Score("A", "2025-02-20", "nps", 3),
        Score("A", "2025-01-06", "csat", 5), Score("B", "2025-01-25", "csat", 4), Score("C", "2025-02-12", "csat", 2),
        Score("A", "2025-03-05", "ces", 7), Score("B", "2025-03-06", "ces", 5), Score("C", "2025-03-07", "ces", 3),
        Complaint("A", "2025-02-10T09:00:00Z", "c1", "The parcel was wet."), Replied("A", "2025-02-10T11:00:00Z", "c1"),
        Resolved("A", "2025-02-12T08:00:00Z", "c1"),
        Complaint("D", "2025-03-01T09:00:00Z", "c2"), Replied("D", "2025-04-02T09:00:00Z", "c2"),
        Event("customer_registered", "A", "2025-01-04T12:00:00Z", new JsonObject { ["channel"] = "web", ["country"] = "FI", ["attributes"] = Tier("silver") }),
        Event("customer_changed", "A", "2025-03-09T12:00:00Z", new JsonObject { ["attributes"] = Tier("gold") }),
    ];

    [Theory]
    [InlineData("retention", "&activity=window:30d")]
    [InlineData("lifecycle", "")]
    [InlineData("revenue", "")]
    [InlineData("revenue-retention", "&reactivations=include")]
    [InlineData("clv", "")]
    [InlineData("nps", "")]
    [InlineData("csat", "")]
    [InlineData("ces", "")]
    [InlineData("complaints", "")]
    public async Task Every_metric_answers_as_worked_out_by_hand(string metric, string more)
    {
        var kiosk = await OpenAsync(service.NewTenant("kiosk"));
        var question = $"/v1/metrics/{metric}?{Range}{more}";

        Verified.Scrubbed((await kiosk.AskAsync(question)).Text).ShouldBeVerified(metric);
        (await kiosk.AskAsync($"{question}&format=csv")).Text.ShouldBeVerified($"{metric}-csv");
    }

    [Fact]
    public async Task Refunds_on_days_of_their_own_move_revenue_and_nothing_else()
    {
        var kiosk = await OpenAsync(service.NewTenant("kiosk"));

        var byOrder = (await kiosk.AskAsync($"/v1/metrics/revenue?{Range}")).Rows;
        var byRefund = (await kiosk.AskAsync($"/v1/metrics/revenue?{Range}&refunds=refund")).Rows;

        byOrder.Select(row => row.GetProperty("revenue").ToString()).ShouldBe(["60.00", "37.25", "15.50", "10.00", ""]);
        // The cancelled order was charged on its day and nothing says that it was paid back.
        byRefund.Select(row => row.GetProperty("revenue").ToString()).ShouldBe(["60.00", "42.25", "10.50", "109.00", ""]);
        byRefund.Select(row => row.GetProperty("orders").ToString()).ShouldBe(byOrder.Select(row => row.GetProperty("orders").ToString()));
    }

    [Fact]
    public async Task A_customer_is_shown_with_figures_and_timeline()
    {
        var kiosk = await OpenAsync(service.NewTenant("kiosk"));

        Verified.Scrubbed((await kiosk.AskAsync("/v1/customers/A?asOf=2025-05-01&activity=window:30d")).Text).ShouldBeVerified();
    }

    [Fact]
    public async Task A_timeline_says_what_became_of_each_event()
    {
        var kiosk = await OpenAsync(service.NewTenant("kiosk"));
        await kiosk.AcceptAsync(Order("B", "2025-03-02").With("id", "\"again\"").With("occurredAt", "\"2025-03-02T13:00:00Z\""));

        var timeline = (await kiosk.AskAsync("/v1/customers/B/timeline?asOf=2025-04-11")).List("timeline");

        timeline.Select(entry => $"{entry.GetProperty("occurredAt").GetString()![..10]} {entry.GetProperty("type")} {entry.GetProperty("effect")}")
            .ShouldBe(
            [
                "2025-01-20 purchase_made counts",
                "2025-01-25 feedback_given counts",
                "2025-01-25 feedback_given counts",
                "2025-03-02 purchase_made counts",
                "2025-03-02 purchase_made superseded",
                "2025-03-06 feedback_given counts",
                "2025-04-10 purchase_made counts",
                "2025-04-11 purchase_cancelled not_yet",
            ]);
        var later = (await kiosk.AskAsync("/v1/customers/B/timeline?asOf=2025-05-01")).List("timeline");
        later[^2].GetProperty("effect").GetString().ShouldBe("cancelled");
    }

    [Fact]
    public async Task Somebody_who_only_complained_is_a_person_of_whom_no_order_is_known()
    {
        var kiosk = await OpenAsync(service.NewTenant("kiosk"));

        var person = (await kiosk.AskAsync("/v1/customers/D?asOf=2025-05-01")).Root;

        person.GetProperty("customerSince").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        (person.GetProperty("orders").GetInt32(), person.GetProperty("status").GetString(), person.GetProperty("openComplaints").GetInt32())
            .ShouldBe((0, "none", 1));
        (await kiosk.GetAsync($"/v1/customers/nobody?minPosition={kiosk.Position}"))
            .ShouldBeProblem(404, "unknown_customer", null, "nobody");
    }

    [Fact]
    public async Task The_catalogue_names_every_metric_with_its_formulas() =>
        Verified.Scrubbed((await service.NewTenant().GetAsync("/v1/metrics")).Text).ShouldBeVerified();

    private static JsonObject Tier(string name) => new() { ["tier"] = name };

    private static async Task<TestTenant> OpenAsync(TestTenant kiosk)
    {
        await kiosk.AcceptAsync(Events);
        return kiosk;
    }
}
