using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Customers;

/// <summary>The record put right over HTTP: wrong events retracted and sent again, customers merged and parted.</summary>
public sealed class CorrectionTests(ServiceFixture service)
{
    private const string Range = "from=2025-01-01&to=2025-04-01&asOf=2025-06-01";

    [Fact]
    public async Task A_wrong_event_is_retracted_and_sent_again_under_its_id()
    {
        var shop = service.NewTenant("wrong");
        var wrong = Order("c", "2025-01-05", 4990m);
        await shop.AcceptAsync(wrong, Order("c", "2025-02-05", 10m));
        await shop.AskAsync("/v1/metrics/revenue");
        JsonObject[] correction = [Retract(wrong), wrong.With("data.total", "49.90")];
        await shop.AcceptAsync(correction);

        (await RevenueAsync(shop)).ShouldBe("49.90 10.00 0.00");
        (await TimelineAsync(shop, "c")).ShouldBe(["c purchase_made 4990 retracted", "c purchase_made 49.90 counts", "c purchase_made 10 counts"]);
        var again = await shop.SendAsync(correction);
        (again.Number("accepted"), again.Number("duplicates")).ShouldBe((0, 2), again.Text);
        (await shop.SendAsync(wrong)).Number("duplicates").ShouldBe(1, "what was retracted is known still");
    }

    [Fact]
    public async Task The_same_batch_with_its_own_retraction_sent_again_changes_nothing()
    {
        var shop = service.NewTenant("batch");
        JsonObject[] batch = [Order("c", "2025-01-05"), Order("c", "2025-01-06"), Retract(Order("c", "2025-01-05"))];
        await shop.AcceptAsync(batch);

        (await shop.SendAsync(batch)).Number("duplicates").ShouldBe(3);

        (await RevenueAsync(shop)).ShouldBe("10.00 0.00 0.00");
    }

    [Fact]
    public async Task An_event_that_comes_after_its_retraction_never_counts()
    {
        var shop = service.NewTenant("early");
        await shop.AcceptAsync(Retract(Order("c", "2025-01-05")), Order("c", "2025-02-05"));
        await shop.AskAsync("/v1/metrics/revenue");
        await shop.AcceptAsync(Order("c", "2025-01-05"));

        (await RevenueAsync(shop)).ShouldBe("0.00 10.00 0.00");
        (await TimelineAsync(shop, "c")).ShouldContain("c purchase_made 10 retracted");
    }

    [Fact]
    public async Task A_merge_moves_the_customer_into_the_earlier_cohort_and_an_unmerge_restores_every_figure()
    {
        var shop = service.NewTenant("merged");
        await shop.AcceptAsync(Order("web-1", "2025-01-05", 10m), Order("till-7", "2025-02-05", 20m), Order("else", "2025-02-06", 5m));
        var before = await FiguresAsync(shop);
        (await CohortsAsync(shop)).ShouldBe(["2025-01-01 1: 1 0 0", "2025-02-01 2: 2 0"]);

        await shop.AcceptAsync(Event("customer_merged", "till-7", "2025-05-01", new JsonObject { ["into"] = "web-1" }));

        (await CohortsAsync(shop)).ShouldBe(["2025-01-01 1: 1 1 0", "2025-02-01 1: 1 0"]);
        foreach (var id in (string[])["web-1", "till-7"])
        {
            var customer = (await shop.AskAsync($"/v1/customers/{id}?asOf=2025-06-01")).Root;
            (customer.GetProperty("customer").GetString(), customer.GetProperty("orders").GetInt32(), customer.GetProperty("revenue").GetDecimal())
                .ShouldBe(("web-1", 2, 30m));
            customer.GetProperty("members").EnumerateArray().Select(member => member.GetString()).ShouldBe(["till-7", "web-1"]);
        }
        (await shop.AskAsync("/v1/customers?asOf=2025-06-01")).Rows.Select(row => $"{row.GetProperty("customer")} {row.GetProperty("orders")}")
            .ShouldBe(["else 1", "web-1 2"]);
        (await TimelineAsync(shop, "web-1")).ShouldBe(["web-1 purchase_made 10 counts", "till-7 purchase_made 20 counts", "till-7 customer_merged counts"]);

        await shop.AcceptAsync(Event("customer_unmerged", "till-7", "2025-05-02", new JsonObject { ["into"] = "web-1" }));

        (await FiguresAsync(shop)).ShouldBe(before);
        (await TimelineAsync(shop, "web-1")).ShouldBe(["web-1 purchase_made 10 counts"]);
        (await TimelineAsync(shop, "till-7")).ShouldBe(
            ["till-7 purchase_made 20 counts", "till-7 customer_merged superseded", "till-7 customer_unmerged counts"]);
    }

    [Fact]
    public async Task A_customer_goes_by_an_id_that_nothing_was_sent_for()
    {
        var shop = service.NewTenant("master");
        await shop.AcceptAsync(
            Order("a", "2025-01-05"), Order("b", "2025-01-06"), Event("customer_merged", "a", "2025-01-07", new JsonObject { ["into"] = "master" }),
            Event("customer_merged", "b", "2025-01-08", new JsonObject { ["into"] = "master" }));

        (await shop.AskAsync("/v1/customers/master")).Root.GetProperty("orders").GetInt32().ShouldBe(2);
        (await shop.AskAsync("/v1/customers/a/timeline")).Root.GetProperty("customer").GetString().ShouldBe("master");
    }

    [Fact]
    public async Task A_merge_that_is_retracted_never_was()
    {
        var shop = service.NewTenant("parted");
        await shop.AcceptAsync(Order("a", "2025-01-05"), Order("b", "2025-02-05"));
        var before = await FiguresAsync(shop);
        var merge = Event("customer_merged", "b", "2025-03-01", new JsonObject { ["into"] = "a" });
        await shop.AcceptAsync(merge);
        (await FiguresAsync(shop)).ShouldNotBe(before);

        await shop.AcceptAsync(Retract(merge));

        (await FiguresAsync(shop)).ShouldBe(before);
        (await TimelineAsync(shop, "b")).ShouldBe(["b purchase_made 10 counts", "b customer_merged retracted"]);
    }

    private static JsonObject Retract(JsonObject wrong) =>
        Event("event_retracted", "d", "2025-03-05", new JsonObject { ["eventId"] = wrong["id"]!.GetValue<string>() }, $"retracts-{wrong["id"]}");

    /// <summary>The revenue of January to March.</summary>
    private static async Task<string> RevenueAsync(TestTenant shop) =>
        string.Join(' ', (await shop.AskAsync($"/v1/metrics/revenue?{Range}&grain=month")).Rows.Select(row => row.GetProperty("revenue").GetRawText()));

    private static async Task<IEnumerable<string>> TimelineAsync(TestTenant shop, string customer) =>
        (await shop.AskAsync($"/v1/customers/{customer}/timeline?asOf=2025-06-01")).List("timeline").Select(entry =>
            string.Join(' ', [
                entry.GetProperty("customer"), entry.GetProperty("type"),
                .. entry.GetProperty("data").TryGetProperty("total", out var total) ? (object[])[total] : [], entry.GetProperty("effect")]));

    private static async Task<IEnumerable<string>> CohortsAsync(TestTenant shop) =>
        (await shop.AskAsync("/v1/cohorts?from=2025-01-01&to=2025-03-01&asOf=2025-04-01&grain=month&periods=2")).List("cohorts")
            .Select(row => $"{row.GetProperty("cohort")} {row.GetProperty("size")}: {string.Join(' ', row.GetProperty("cells").EnumerateArray()
                .Select(cell => cell.GetProperty("value")).Where(value => value.ValueKind == System.Text.Json.JsonValueKind.Number))}");

    private static async Task<string> FiguresAsync(TestTenant shop)
    {
        var figures = new List<string>();
        foreach (var metric in (string[])["retention", "revenue", "clv"])
            figures.AddRange((await shop.AskAsync($"/v1/metrics/{metric}?{Range}&grain=month")).Rows.Select(row => row.GetRawText()));
        return string.Join('\n', figures.Concat(await CohortsAsync(shop)));
    }
}
