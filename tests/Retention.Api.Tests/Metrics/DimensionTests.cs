using System.Text.Json.Nodes;
using Retention.Api.Tests.EndToEnd;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>The values that filters can name.</summary>
public sealed class DimensionTests(ServiceFixture service)
{
    [Theory]
    [InlineData("country", "", "FI 2 3, SE 1 1")]
    [InlineData("country", "limit=1", "FI 2 3")]
    [InlineData("country", "filter=channel:web", "FI 1 1")]
    [InlineData("country", "asOf=2025-02-01", "FI 1 3, SE 0 1")]
    [InlineData("channel", "", "shop 2 2, web 1 1")]
    [InlineData("tier", "", "silver 2 3, gold 1 1")]
    [InlineData("shoe size", "", "43 1 1")]
    [InlineData("height", "", "")]
    public async Task Values_come_with_counts_and_the_most_frequent_first(string name, string query, string expected)
    {
        var shop = await ShopAsync();

        var answer = await shop.AskAsync($"/v1/dimensions/{Uri.EscapeDataString(name)}/values?{query}");

        string.Join(", ", answer.Rows.Select(row => $"{row.Word("value")} {row.Count("customers")} {row.Count("everybody")}")).ShouldBe(expected);
        answer.Root.Word("dimension").ShouldBe(name);
    }

    [Fact]
    public async Task Every_count_is_of_those_whom_the_filter_chooses()
    {
        var shop = await ShopAsync();

        foreach (var name in (string[])["country", "channel", "tier"])
        {
            foreach (var row in (await shop.AskAsync($"/v1/dimensions/{name}/values?asOf=2025-06-01")).Rows)
            {
                var chosen = (await shop.AskAsync($"/v1/customers?asOf=2025-06-01&filter={name}:{row.Word("value")}")).Rows;
                (row.Count("customers"), row.Count("everybody")).ShouldBe((chosen.Count(customer => customer.Count("orders") > 0), chosen.Count), $"{name} {row}");
            }
        }
    }

    [Fact]
    public async Task What_has_no_values_is_said()
    {
        var shop = service.NewTenant("asked");

        (await shop.GetAsync("/v1/dimensions/spend/values")).ShouldBeProblem(400, "not_allowed", "name", "spend:>=100");
        (await shop.GetAsync("/v1/dimensions/country/values?limit=0")).ShouldBeProblem(400, "out_of_range", "limit", "1 to 1000");
        (await shop.GetAsync("/v1/dimensions/country/values?grain=month")).ShouldBeProblem(400, "unknown_parameter", "grain", "limit");
        (await shop.AskAsync("/v1/dimensions/country/values")).Rows.ShouldBeEmpty();
        (await shop.AskAsync("/v1/dimensions/country/values?format=csv")).Text.Trim().ShouldBe("value,customers,everybody");
    }

    private async Task<TestTenant> ShopAsync()
    {
        var shop = service.NewTenant("dimensions");
        await shop.AcceptAsync(
            Registered("A", "FI", "silver"), Order("A", "2025-01-05", 10, new() { ["channel"] = "web" }), Order("A", "2025-02-05", 10, new() { ["channel"] = "shop" }),
            Registered("B", "FI", "silver"), Order("B", "2025-03-05", 10, new() { ["channel"] = "shop" }),
            Registered("C", "SE", "gold"), Order("C", "2025-03-06", 10, new() { ["channel"] = "shop" }), Registered("D", "FI", "silver"),
            Event("customer_changed", "A", "2025-01-20", new() { ["attributes"] = new JsonObject { ["tier"] = "gold", ["shoe size"] = "43" } }));
        return shop;
    }

    private static JsonObject Registered(string customer, string country, string tier) =>
        Event("customer_registered", customer, "2025-01-01", new() { ["country"] = country, ["attributes"] = new JsonObject { ["tier"] = tier } });
}
