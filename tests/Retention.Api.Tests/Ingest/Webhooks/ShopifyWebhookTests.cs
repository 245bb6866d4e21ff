using static Retention.Api.Tests.Ingest.Webhooks.ShopifyPosts;

namespace Retention.Api.Tests.Ingest.Webhooks;

/// <summary>A shop reports by webhooks, alone and beside its export; nothing counts twice.</summary>
public sealed class ShopifyWebhookTests(ServiceFixture service)
{
    private const string Header =
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,"
        + "Billing Country,Shipping Country,Cancelled at,Refunded Amount,Id,Source\n";

    private const string Exported =
        "#1001,ann@example.com,paid,EUR,50.00,4.90,11.20,66.10,WELCOME,5.00,2024-01-15 10:11:12 +0200,2,Mug,20.00,MUG-1,FI,SE,,{0},5001,web\n"
        + "#1001,ann@example.com,,,,,,,,,,1,Cup,15.00,,,,,,,\n";

    private long position;

    [Fact]
    public async Task An_order_and_its_refund_become_events_of_their_moments()
    {
        var tenant = await TenantAsync();

        (await SendAsync(tenant, "orders/create", Order)).ShouldBe((2, 0, 0));
        (await SendAsync(tenant, "refunds/create", Refund)).ShouldBe((1, 0, 0));

        (await LogAsync(tenant)).ShouldBe(
        [
            "5001/country 2024-01-15T10:11:12+02:00 c-71d4f55f72fa128dfb46 customer_changed {\"attributes\":{\"country\":\"FI\"}}",
            "5001 2024-01-15T10:11:12+02:00 c-71d4f55f72fa128dfb46 purchase_made {\"tax\":11.20,\"lines\":[{\"sku\":\"MUG-1\",\"quantity\":2,\"unitPrice\":20.00},{\"sku\":\"Cup\",\"quantity\":1,\"unitPrice\":15.00}],\"total\":50.00,\"channel\":\"web\",\"orderId\":\"5001\",\"currency\":\"EUR\",\"shipping\":4.90,\"discounts\":[{\"code\":\"WELCOME\",\"amount\":5.00}]}",
            "5001/refund-901 2024-01-20T12:00:00+02:00 c-71d4f55f72fa128dfb46 purchase_refunded {\"amount\":20.00,\"orderId\":\"5001\"}",
        ]);
    }

    [Fact]
    public async Task What_is_delivered_again_changes_nothing_and_an_update_brings_what_was_missed()
    {
        var tenant = await TenantAsync();
        var updated = Order.Replace("\"refunds\": []", $"\"refunds\": [{Refund}]", StringComparison.Ordinal).Replace("2024-01-15T10:11:13", "2024-01-20T12:00:01", StringComparison.Ordinal);

        (await ReasonAsync(tenant, "refunds/create", Refund)).ShouldBe("nothing is made of refunds/create");
        (await SendAsync(tenant, "orders/updated", updated)).ShouldBe((3, 0, 0));
        (await SendAsync(tenant, "orders/create", Order)).ShouldBe((0, 2, 0));
        (await SendAsync(tenant, "refunds/create", Refund)).ShouldBe((0, 1, 0));
        (await SendAsync(tenant, "orders/cancelled", updated.Replace("\"cancelled_at\": null", "\"cancelled_at\": \"2024-01-21T09:00:00+02:00\"", StringComparison.Ordinal))).ShouldBe((1, 3, 0));
    }

    [Fact]
    public async Task An_order_that_export_and_webhook_tell_of_is_one_event()
    {
        var (first, second) = (await TenantAsync(), await TenantAsync());

        (await ImportAsync(first, "0.00")).ShouldBe((2, 0));
        (await SendAsync(first, "orders/create", Order)).ShouldBe((0, 2, 0));
        (await SendAsync(second, "orders/create", Order)).ShouldBe((2, 0, 0));
        (await ImportAsync(second, "0.00")).ShouldBe((0, 2));
    }

    [Fact]
    public async Task A_refund_that_a_webhook_told_of_is_left_out_of_the_export()
    {
        var tenant = await TenantAsync();
        await SendAsync(tenant, "orders/create", Order);
        await SendAsync(tenant, "refunds/create", Refund);

        (await ImportAsync(tenant, "29.38")).ShouldBe((0, 3));

        (await LogAsync(tenant)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_refund_that_the_export_holds_is_left_out_of_webhooks_and_a_later_one_counts()
    {
        var tenant = await TenantAsync();
        (await ImportAsync(tenant, "29.38")).ShouldBe((3, 0));

        (await SendAsync(tenant, "refunds/create", Refund)).ShouldBe((0, 1, 0));
        var later = Refund.Replace("2024-01-20", $"{TimeProvider.System.GetUtcNow().AddHours(3):yyyy-MM-dd}", StringComparison.Ordinal)
            .Replace("T12:00:00+02:00", $"{TimeProvider.System.GetUtcNow().AddHours(3):THH:mm:ss}Z", StringComparison.Ordinal).Replace("901", "902", StringComparison.Ordinal);
        (await SendAsync(tenant, "refunds/create", later)).ShouldBe((1, 0, 0));
    }

    [Fact]
    public async Task A_customer_registers_and_moves()
    {
        var tenant = await TenantAsync();
        const string customer = """{ "id": 77, "email": "ann@example.com", "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z", "default_address": { "country_code": "FI" } }""";

        (await SendAsync(tenant, "customers/create", customer)).ShouldBe((1, 0, 0));
        (await SendAsync(tenant, "customers/update", customer.Replace("\"updated_at\": \"2024-01-01", "\"updated_at\": \"2024-02-01", StringComparison.Ordinal).Replace("FI", "SE", StringComparison.Ordinal))).ShouldBe((1, 0, 0));

        (await LogAsync(tenant)).ShouldBe(
        [
            "customer-77 2024-01-01T00:00:00+00:00 c-71d4f55f72fa128dfb46 customer_registered {\"country\":\"FI\"}",
            "customer-77/2024-02-01T00:00:00+00:00 2024-02-01T00:00:00+00:00 c-71d4f55f72fa128dfb46 customer_changed {\"attributes\":{\"country\":\"SE\"}}",
        ]);
    }

    [Theory]
    [InlineData("products/update", """{ "id": 1 }""", "nothing is made of products/update")]
    [InlineData("", """{ "id": 1 }""", "nothing is made of a body without X-Shopify-Topic")]
    [InlineData("orders/create", """{ "id": 1, "test": true, "email": "a@b.c" }""", "nothing is made of orders/create")]
    [InlineData("orders/create", """{ "id": 1, "created_at": "2024-01-15T10:11:12Z" }""", "nothing is made of orders/create")]
    public async Task What_nothing_is_made_of_is_said_and_done(string topic, string body, string reason) => (await ReasonAsync(await TenantAsync(), topic, body)).ShouldBe(reason);

    [Theory]
    [InlineData("\"total_price\": \"66.10\"", "\"total_price\": \"much\"", "not_a_number", "total_price must be a decimal number")]
    [InlineData("\"created_at\": \"2024-01-15T10:11:12+02:00\"", "\"created_at\": \"yesterday\"", "not_a_time", "created_at must be a time")]
    [InlineData("\"price\": \"20.00\"", "\"price\": [1]", "wrong_type", "line_items[0].price must be")]
    [InlineData("\"id\": 5001", "\"id\": null", "missing_value", "id is required")]
    public async Task What_cannot_be_read_is_said_with_its_member_and_not_asked_for_again(string was, string becomes, string code, string words)
    {
        var tenant = await TenantAsync();
        var answer = await service.Api.ShopifyAsync(tenant, "orders/create", Order.Replace(was, becomes, StringComparison.Ordinal));

        answer.Status.ShouldBe(200);
        answer.List("rejected").ShouldHaveSingleItem().GetProperty("code").GetString().ShouldBe(code);
        answer.Text.ShouldContain(words);
        answer.Number("accepted").ShouldBe(0);
    }

    private async Task<TestTenant> TenantAsync()
    {
        var tenant = service.NewTenant("hook");
        (await tenant.SetSecretAsync()).Status.ShouldBe(200);
        return tenant;
    }

    private async Task<(long Accepted, long Duplicates, int Rejected)> SendAsync(TestTenant tenant, string topic, string body)
    {
        var answer = await service.Api.ShopifyAsync(tenant, topic, body);
        answer.Status.ShouldBe(200, answer.Text);
        position = Math.Max(position, answer.Number("position"));
        return (answer.Number("accepted"), answer.Number("duplicates"), answer.List("rejected").Count);
    }

    private async Task<string?> ReasonAsync(TestTenant tenant, string topic, string body)
    {
        var answer = await service.Api.ShopifyAsync(tenant, topic, body);
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Root.GetProperty("ignored").GetString();
    }

    private static async Task<(long Accepted, long Duplicates)> ImportAsync(TestTenant tenant, string refunded)
    {
        var answer = await tenant.PostAsync("/v1/imports?mapping=shopify", Header + Exported.Replace("{0}", refunded, StringComparison.Ordinal), "text/csv");
        answer.Status.ShouldBe(200, answer.Text);
        var report = answer.Root.GetProperty("report");
        return (report.GetProperty("accepted").GetInt64(), report.GetProperty("duplicates").GetInt64());
    }

    private async Task<List<string>> LogAsync(TestTenant tenant)
    {
        (await tenant.GetAsync($"/v1/metrics/revenue?minPosition={position}")).Status.ShouldBe(200);
        var answer = await tenant.GetAsync("/v1/events?after=0&limit=100");
        return [.. answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("id", out _))
            .Select(line => $"{line.GetProperty("id").GetString()} {line.GetProperty("occurredAt").GetString()} {line.GetProperty("customer").GetString()} {line.GetProperty("type").GetString()} {Compact(line.GetProperty("data"))}")];
    }

    private static string Compact(System.Text.Json.JsonElement data) => System.Text.Json.Nodes.JsonNode.Parse(data.GetRawText())!.ToJsonString();
}
