using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest.Webhooks;

/// <summary>
/// What the payloads of Shopify's webhooks say, as events. An order (<c>orders/create</c>, <c>updated</c>, <c>paid</c>, <c>cancelled</c>) is
/// the purchase, its cancellation and every refund that it lists, whichever of them is known already; <c>refunds/create</c> is one refund of
/// an order that the log has. A refund is what was paid back without its tax and shipping, at the moment that it was made. Test orders, and
/// those that name no customer, give nothing.
/// </summary>
internal static class ShopifyPayload
{
    public static readonly string[] Orders = ["orders/create", "orders/updated", "orders/paid", "orders/cancelled"];

    public const string Refunds = "refunds/create";

    public static readonly string[] Customers = ["customers/create", "customers/update"];

    /// <summary>The events of an order, in their order; none for an order of nobody or a test.</summary>
    public static IEnumerable<Envelope> OfOrder(JsonRow payload)
    {
        if (payload.IsTrue("test") || Address(payload) is not { } address) return [];
        var (at, currency, total) = (payload.RequiredTime("created_at"), payload.RequiredText("currency"), payload.RequiredNumber("total_price"));
        var (tax, shipping, off) = (payload.Number("total_tax"), payload.Number("total_shipping_price_set.shop_money.amount"), payload.Number("total_discounts"));
        var order = new ShopifyOrder(
            payload.RequiredText("id"), Pseudonym.Of(address), at, currency, ShopifyOrder.Goods(currency, total, payload.Number("subtotal_price"), shipping, tax))
        {
            Tax = tax,
            Shipping = shipping,
            Discount = off is > 0 ? new Discount(payload.Rows("discount_codes").Select(code => code.Text("code")).FirstOrDefault(), null, off) : null,
            Country = payload.Text("billing_address.country_code") ?? payload.Text("shipping_address.country_code"),
            Channel = payload.Text("source_name"),
            CancelledAt = payload.Time("cancelled_at") ?? ShopifyOrder.CalledOff(payload.Text("financial_status"), at),
        };
        order.Lines.AddRange(payload.Rows("line_items").Select(item => new PurchaseLine(item.Text("sku") ?? item.Text("name"), null, item.Number("quantity"), item.Number("price"), null)));
        Envelope?[] events =
        [
            order.ToCountry(), order.ToPurchase(), order.ToCancellation(), .. payload.Rows("refunds").Select(refund => OfRefund(refund, order.Id, order.Customer)),
        ];
        return events.OfType<Envelope>();
    }

    /// <summary>A refund; null for one without money, such as of goods that are merely put back.</summary>
    public static Envelope? OfRefund(JsonRow refund, string order, string customer)
    {
        var (id, at) = (refund.RequiredText("id"), refund.Time("processed_at") ?? refund.RequiredTime("created_at"));
        var paidBack = refund.Rows("transactions").Where(IsPaidBack).Sum(transaction => transaction.Number("amount") ?? 0);
        var tax = refund.Rows("refund_line_items").Sum(line => line.Number("total_tax") ?? 0);
        var shipping = refund.Rows("order_adjustments").Where(adjustment => adjustment.Text("kind") == "shipping_refund")
            .Sum(adjustment => Math.Abs(adjustment.Number("amount") ?? 0) + Math.Abs(adjustment.Number("tax_amount") ?? 0));
        var goods = paidBack - tax - shipping;
        return goods <= 0 ? null : Envelope.Of(ShopifyOrder.Source, ShopifyRefunds.DatedId(order, id), customer, at, new PurchaseRefunded(order, goods, null, null));
    }

    /// <summary>A customer that registered or was changed; null where there is nothing to tell of it.</summary>
    public static Envelope? OfCustomer(JsonRow payload, bool isNew)
    {
        if ((payload.Text("email") ?? payload.Text("phone")) is not { } address) return null;
        var (id, customer, country) = ($"customer-{payload.RequiredText("id")}", Pseudonym.Of(address), payload.Text("default_address.country_code"));
        if (isNew) return Envelope.Of(ShopifyOrder.Source, id, customer, payload.RequiredTime("created_at"), new CustomerRegistered(null, null, country, null, null));
        if (country is null) return null;
        var at = payload.RequiredTime("updated_at");
        return Envelope.Of(ShopifyOrder.Source, $"{id}/{Timestamp.Format(at)}", customer, at, new CustomerChanged(new Dictionary<string, string?> { ["country"] = country }));
    }

    /// <summary>What the export has in its columns Email and Phone; then the customer's own.</summary>
    private static string? Address(JsonRow order) =>
        order.Text("email") ?? order.Text("contact_email") ?? order.Text("phone") ?? order.Text("customer.email") ?? order.Text("customer.phone");

    private static bool IsPaidBack(JsonRow transaction) => transaction.Text("kind") == "refund" && transaction.Text("status") == "success";
}
