using System.Text.Json.Nodes;
using Npgsql;
using Retention.Api.Tests.EndToEnd;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Customers;

/// <summary>Attributes of the tenant's own stand sealed in the log and in histories, and answers are the same as if they stood in clear.</summary>
public sealed class PersonalAttributeTests(ServiceFixture service)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("plan:silver", "A C")]
    [InlineData("plan:gold", "B")]
    [InlineData("plan:gold,silver", "A B C")]
    [InlineData("size:43", "A")]
    [InlineData("vip:true", "B")]
    [InlineData("town:Helsinki", "A")]
    [InlineData("plan:none", "")]
    public async Task Filters_choose_by_what_stands_sealed(string filter, string expected)
    {
        var shop = await ShopAsync();

        var (rows, orders) = ((await shop.AskAsync($"/v1/customers?filter={filter}")).Rows, (await shop.AskAsync($"/v1/metrics/revenue?from=2025-01-01&to=2025-02-01&asOf=2025-03-01&filter={filter}")).Rows);

        string.Join(' ', rows.Select(row => row.Word("customer"))).ShouldBe(expected);
        orders.Single().Count("orders").ShouldBe(rows.Count);
    }

    [Fact]
    public async Task Lists_and_customers_show_the_last_value_of_each_attribute()
    {
        var shop = await ShopAsync();

        (await shop.AskAsync("/v1/customers")).Rows.Select(row => row.GetProperty("attributes").GetRawText()).ShouldBe(
            ["""{"country":"FI","plan":"gold","size":"43","town":"Helsinki"}""", """{"plan":"gold","vip":"true"}""", """{"plan":"silver"}"""]);
        (await shop.AskAsync("/v1/customers/alias")).Root.GetProperty("attributes").GetProperty("town").GetString().ShouldBe("Helsinki");
        string.Join(", ", (await shop.AskAsync("/v1/dimensions/plan/values")).Rows.Select(row => $"{row.Word("value")} {row.Count("everybody")}")).ShouldBe("silver 2, gold 1");
        (await shop.AskAsync("/v1/customers/A/timeline")).Text.ShouldContain("\"size\":43");
    }

    [Fact]
    public async Task The_log_comes_back_as_sent_and_can_be_sent_again()
    {
        var shop = await ShopAsync();

        var log = (await shop.GetAsync("/v1/events?after=0")).Text;

        log.ShouldContain("\"size\":43");
        log.ShouldContain("\"vip\":null");
        var again = await shop.PostAsync("/v1/events", log, "application/x-ndjson");
        (again.Number("duplicates"), again.Number("accepted"), again.List("rejected").Count).ShouldBe((9, 0, 0), again.Text);
        (await shop.SendAsync(Changed("A", "2025-01-20", new() { ["plan"] = "bronze" }))).ShouldRefuse(0, "conflict", "id");
    }

    [Fact]
    public async Task Neither_the_log_nor_a_read_model_holds_a_value_in_clear()
    {
        var shop = await ShopAsync();
        await shop.AskAsync("/v1/customers");

        (await RowsHoldingAsync(shop.Name, "Helsinki")).ShouldBe(0);
        (await RowsHoldingAsync(shop.Name, "sealed:v1:")).ShouldBeGreaterThan(4, "the control: they are there, sealed");
    }

    [Fact]
    public async Task The_longest_texts_are_reflected_although_they_are_longer_when_sealed()
    {
        var shop = service.NewTenant("long");

        await shop.AcceptAsync(
            Score("A", "2025-01-03", "nps", 2, new string('ä', 20_000)), Changed("A", "2025-01-04", new() { ["note"] = new string('ä', 200) }), Order("A", "2025-01-05"));

        (await shop.AskAsync("/v1/customers")).Rows.Single().Count("orders").ShouldBe(1);
        (await shop.AskAsync($"/v1/customers?filter=note:{new string('ä', 200)}")).Rows.Count.ShouldBe(1);
        (await shop.AskAsync("/v1/customers/A")).List("timeline")[0].GetProperty("data").GetProperty("comment").GetString().ShouldBe(new string('ä', 20_000));
    }

    /// <summary>A is also known as alias, under which its town was sent.</summary>
    private async Task<TestTenant> ShopAsync()
    {
        var shop = service.NewTenant("attributes");
        await shop.AcceptAsync(
            Event("customer_registered", "A", "2025-01-01", new() { ["country"] = "FI", ["attributes"] = new JsonObject { ["plan"] = "silver", ["size"] = 43, ["vip"] = null } }),
            Order("A", "2025-01-05"), Changed("A", "2025-01-20", new() { ["plan"] = "gold" }), Changed("alias", "2025-01-02", new() { ["town"] = "Helsinki" }),
            Event("customer_merged", "alias", "2025-01-21", new() { ["into"] = "A" }),
            Changed("B", "2025-01-01", new() { ["plan"] = "gold", ["vip"] = true }), Order("B", "2025-01-05"),
            Changed("C", "2025-01-01", new() { ["plan"] = "silver" }), Order("C", "2025-01-06"));
        return shop;
    }

    private static JsonObject Changed(string customer, string at, JsonObject attributes) => Event("customer_changed", customer, at, new() { ["attributes"] = attributes });

    private async Task<long> RowsHoldingAsync(string tenant, string word)
    {
        await using var database = NpgsqlDataSource.Create(service.ConnectionString);
        await using var command = database.CreateCommand("""
            select (select count(*) from retention.mt_events where tenant_id = $1 and data::text like $2)
                + (select count(*) from retention.customer_history where tenant_id = $1 and encode(core || names || details, 'escape') like $2)
            """);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue($"%{word}%");
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}
