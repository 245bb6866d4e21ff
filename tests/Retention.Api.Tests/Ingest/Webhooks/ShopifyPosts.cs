using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Retention.Api.Tests.Ingest.Webhooks;

/// <summary>Payloads as Shopify documents them, cut to what is read and some of what is not, and signed as it does.</summary>
internal static class ShopifyPosts
{
    public const string Secret = "hush-hush-hush";

    public const string Order = """
        {
          "id": 5001, "name": "#1001", "test": false, "email": "Ann@Example.com", "contact_email": "ann@example.com", "phone": null,
          "created_at": "2024-01-15T10:11:12+02:00", "updated_at": "2024-01-15T10:11:13+02:00", "cancelled_at": null, "cancel_reason": null,
          "currency": "EUR", "presentment_currency": "EUR", "financial_status": "paid", "source_name": "web", "taxes_included": false,
          "total_price": "66.10", "subtotal_price": "50.00", "total_tax": "11.20", "total_discounts": "5.00",
          "total_shipping_price_set": { "shop_money": { "amount": "4.90", "currency_code": "EUR" }, "presentment_money": { "amount": "4.90", "currency_code": "EUR" } },
          "discount_codes": [ { "code": "WELCOME", "amount": "5.00", "type": "fixed_amount" } ],
          "billing_address": { "country": "Finland", "country_code": "FI" }, "shipping_address": { "country_code": "SE" },
          "customer": { "id": 77, "email": "ann@example.com" },
          "line_items": [
            { "id": 1, "sku": "MUG-1", "name": "Mug", "title": "Mug", "quantity": 2, "price": "20.00" },
            { "id": 2, "sku": "", "name": "Cup", "title": "Cup", "quantity": 1, "price": "15.00" } ],
          "refunds": []
        }
        """;

    /// <summary>One mug goes back: 20.00 and its tax of 4.48, and 4.90 for shipping.</summary>
    public const string Refund = """
        {
          "id": 901, "order_id": 5001, "created_at": "2024-01-20T12:00:00+02:00", "processed_at": "2024-01-20T12:00:00+02:00", "note": "broken",
          "refund_line_items": [ { "id": 1, "line_item_id": 1, "quantity": 1, "subtotal": 20.0, "total_tax": 4.48 } ],
          "order_adjustments": [ { "id": 3, "kind": "shipping_refund", "amount": "-4.90", "tax_amount": "0.00" } ],
          "transactions": [
            { "id": 5, "kind": "refund", "status": "success", "amount": "29.38", "currency": "EUR" },
            { "id": 4, "kind": "refund", "status": "failure", "amount": "29.38", "currency": "EUR" } ]
        }
        """;

    public static Task<Answer> SetSecretAsync(this TestTenant tenant, string sender = "shopify", string secret = Secret) =>
        tenant.PutAsync($"/v1/webhooks/{sender}", $$"""{ "secret": "{{secret}}" }""");

    public static async Task<Answer> ShopifyAsync(this RunningApi api, TestTenant tenant, string topic, string body, string secret = Secret, string? signature = null)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/webhooks/shopify/{tenant.Name}") { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Shopify-Topic", topic);
        signature ??= Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), bytes));
        if (signature.Length > 0) request.Headers.Add("X-Shopify-Hmac-Sha256", signature);
        using var response = await api.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
