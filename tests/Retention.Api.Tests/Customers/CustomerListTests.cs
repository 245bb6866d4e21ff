using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Api.Tests.EndToEnd;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Customers;

/// <summary>The list of everybody of whom anything is known.</summary>
public sealed class CustomerListTests(ServiceFixture service)
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(40)]
    [InlineData(41)]
    [InlineData(1000)]
    public async Task Pages_pass_every_customer_once_and_in_order(int limit)
    {
        var shop = service.NewTenant("pages");
        string[] ids = [.. Enumerable.Range(1, 36).Select(i => $"c-{i}"), "å/ä?", "C+&=", "c", "\U0001F600"];
        await shop.AcceptAsync([.. ids.Select(id => Order(id, "2025-01-05"))]);

        var (walked, pages, cursor) = (new List<string>(), 0, "");
        do
        {
            var page = await shop.AskAsync($"/v1/customers?limit={limit}{cursor}");
            walked.AddRange(page.Rows.Select(row => row.Word("customer")));
            cursor = page.Root.GetProperty("nextCursor") is { ValueKind: JsonValueKind.String } next ? $"&cursor={next.GetString()}" : null;
            pages++;
        }
        while (cursor is not null);

        walked.ShouldBe(ids.Order(StringComparer.Ordinal));
        pages.ShouldBe((ids.Length + limit - 1) / limit);
    }

    [Fact]
    public async Task A_row_is_what_the_customer_shows_alone()
    {
        var shop = await ShopAsync();

        var rows = (await shop.AskAsync("/v1/customers?asOf=2025-06-01&activity=window:90d")).Rows;

        rows.Select(row => $"{row.Word("customer")} {row.Word("status")} {row.GetProperty("customerSince")} {row.Count("orders")} {row.Money("revenue")}").ShouldBe(
        [
            "active active 2025-05-20 1 10.00", "cancelled none  0 0.00", "complained none  0 0.00", "lapsed lapsed 2025-01-05 2 12.50", "registered none  0 0.00",
        ]);
        foreach (var row in rows)
        {
            var alone = (await shop.AskAsync($"/v1/customers/{row.Word("customer")}?asOf=2025-06-01")).Root;
            foreach (var member in row.EnumerateObject()) member.Value.ToString().ShouldBe(alone.GetProperty(member.Name).ToString(), member.Name);
            alone.EnumerateObject().Select(member => member.Name).Except(row.EnumerateObject().Select(member => member.Name)).ShouldBe(["members", "asOf", "position", "timeline"]);
        }
    }

    [Theory]
    [InlineData("status=active", "active")]
    [InlineData("status=lapsed", "lapsed")]
    [InlineData("status=none", "cancelled complained registered")]
    [InlineData("status=none&limit=1", "cancelled")]
    [InlineData("filter=country:FI", "lapsed registered")]
    [InlineData("filter=country:FI&filter=spend:>0", "lapsed")]
    [InlineData("filter=channel:web", "active")]
    [InlineData("asOf=2025-01-06", "lapsed registered")]
    [InlineData("asOf=2025-01-01", "")]
    [InlineData("activity=window:400d&status=lapsed", "")]
    public async Task Filters_status_and_moment_choose(string query, string expected)
    {
        var shop = await ShopAsync();

        var answer = await shop.AskAsync($"/v1/customers?{query}{(query.Contains("asOf", StringComparison.Ordinal) ? "" : "&asOf=2025-06-01")}");

        string.Join(' ', answer.Rows.Select(row => row.Word("customer"))).ShouldBe(expected);
    }

    [Fact]
    public async Task Csv_has_a_column_for_each_attribute_and_names_the_next_page_in_a_header()
    {
        var shop = await ShopAsync();

        var csv = (await shop.AskAsync("/v1/customers?asOf=2025-06-01&filter=country:FI&format=csv&limit=1")).Text.ReplaceLineEndings("\n").Split('\n');
        using var response = await RequestAsync(shop, "/v1/customers?asOf=2025-06-01&filter=country:FI&filter=tier:gold,silver&format=csv&limit=1");

        csv[0].ShouldBe("customer,customerSince,orders,revenue,averageOrderValue,purchaseDays,lastPurchase,status,lapsesOn,reactivations,complaints,openComplaints,answers,attributes_country,attributes_tier");
        csv[1].ShouldBe("lapsed,2025-01-05,2,12.50,6.25,2,2025-01-20,lapsed,2025-04-20,0,0,0,0,FI,gold");
        csv.Length.ShouldBe(3);
        var next = response.Headers.GetValues("Link").Single();
        next.ShouldStartWith("</v1/customers?asOf=2025-06-01&filter=country");
        next.ShouldEndWith(">; rel=\"next\"");
        var second = await shop.AskAsync(next[1..next.IndexOf('>', StringComparison.Ordinal)]);
        second.Text.ReplaceLineEndings("\n").Split('\n')[1].ShouldStartWith("registered,,0,");
    }

    [Theory]
    [InlineData("status=gone", "not_allowed", "status", "active, lapsed, none")]
    [InlineData("limit=many", "out_of_range", "limit", "1 to 1000")]
    [InlineData("cursor=YzpjLTE=", "unknown_cursor", "cursor", "nextCursor")]
    [InlineData("cursor=", "empty", "cursor", "no value")]
    [InlineData("from=2025-01-01", "unknown_parameter", "from", "asOf")]
    [InlineData("filter=spend:much", "not_allowed", "filter", "spend")]
    [InlineData("page=2", "unknown_parameter", "page", "cursor")]
    public async Task What_is_wrong_is_refused_with_what_is_allowed(string query, string code, string path, string words) =>
        (await service.NewTenant("asked").GetAsync($"/v1/customers?{query}")).ShouldBeProblem(400, code, path, words);

    [Fact]
    public async Task Nobody_is_an_empty_page() => (await service.NewTenant("nobody").AskAsync("/v1/customers")).Rows.ShouldBeEmpty();

    private async Task<HttpResponseMessage> RequestAsync(TestTenant shop, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Retention-Tenant", shop.Name } } };
        return await service.Api.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<TestTenant> ShopAsync()
    {
        var shop = service.NewTenant("list");
        await shop.AcceptAsync(
            Registered("lapsed", "gold"), Order("lapsed", "2025-01-05"), Order("lapsed", "2025-01-20", 5), Refund("lapsed", "2025-01-20", "2025-02-01", 2.5m),
            Order("active", "2025-05-20", 10, new() { ["channel"] = "web" }), Order("cancelled", "2025-03-01"), Cancel("cancelled", "2025-03-01", "2025-03-02"),
            Complaint("complained", "2025-04-01", "k-1"), Registered("registered", "silver"));
        return shop;
    }

    private static JsonObject Registered(string customer, string tier) =>
        Event("customer_registered", customer, "2025-01-04", new() { ["country"] = "FI", ["attributes"] = new JsonObject { ["tier"] = tier } });
}
