using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Webhooks;

/// <summary>
/// <c>POST /v1/webhooks/shopify/{tenant}</c>. Ids of events follow from Shopify's numbers of orders, refunds and customers, so that a
/// repetition is a duplicate, whatever X-Shopify-Webhook-Id says, and so is an order that the export told of. An order that was edited since
/// keeps what it was told with first.
/// </summary>
internal static partial class ShopifyWebhook
{
    public static async Task<IResult> PostAsync(HttpContext http, string tenant, SignedBody body, ShopifyRefunds store, ILoggerFactory logs)
    {
        var payload = new JsonRow(await body.ReadAsync(http, tenant, WebhookSender.Shopify));
        var topic = http.Request.Headers["X-Shopify-Topic"].ToString();
        var events = await EventsAsync(tenant, topic, payload, store, http.RequestAborted);
        var log = logs.CreateLogger(WebhookOutcome.LogName);
        if (payload.Fault is var (code, message))
        {
            Unreadable(log, topic, tenant, code);
            return Results.Json(new WebhookOutcome(null, 0, 0, [new Rejection(0, null, code, [new Fault("", code, message)])]));
        }
        if (events.Count == 0) return Results.Json(WebhookOutcome.Ignore($"nothing is made of {(topic.Length > 0 ? topic : "a body without X-Shopify-Topic")}"));
        var outcome = await store.StoreAsync(tenant, events, http.RequestAborted);
        foreach (var refused in outcome.Rejected) Refused(log, refused.Id, topic, tenant, refused.Errors[0].Message);
        return Results.Json(WebhookOutcome.Of(outcome));
    }

    private static async Task<List<Envelope>> EventsAsync(string tenant, string topic, JsonRow payload, ShopifyRefunds store, CancellationToken ct)
    {
        if (ShopifyPayload.Orders.Contains(topic)) return [.. ShopifyPayload.OfOrder(payload)];
        if (ShopifyPayload.Customers.Contains(topic)) return [.. Some(ShopifyPayload.OfCustomer(payload, topic == "customers/create"))];
        if (topic != ShopifyPayload.Refunds) return [];
        // A refund names no customer. Of an order that is not known yet, orders/updated tells with its refunds.
        var order = payload.RequiredText("order_id");
        return await store.CustomerOfAsync(tenant, order, ct) is { } customer ? [.. Some(ShopifyPayload.OfRefund(payload, order, customer))] : [];
    }

    private static IEnumerable<Envelope> Some(Envelope? made) => made is null ? [] : [made];

    // The answer shows the value that is wrong; a log must not, since it may be a customer's.
    [LoggerMessage(LogLevel.Warning, "A webhook {Topic} of Shopify for tenant {Tenant} cannot be read: {Code}.")]
    private static partial void Unreadable(ILogger log, string topic, string tenant, string code);

    [LoggerMessage(LogLevel.Warning, "The event {Id} of a webhook {Topic} of Shopify for tenant {Tenant} is refused: {Message}")]
    private static partial void Refused(ILogger log, string? id, string topic, string tenant, string message);
}
