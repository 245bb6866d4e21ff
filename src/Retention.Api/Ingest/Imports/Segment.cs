using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// Messages of Segment, by its e-commerce specification v2: a file of one message a line, or a webhook of one. <c>Order Completed</c> is a
/// purchase, <c>Order Refunded</c> a refund, <c>Order Cancelled</c> a cancellation; <c>identify</c> gives the attributes country and tier and,
/// with <c>createdAt</c>, the registration; <c>alias</c> merges. All others are counted by what they are and left.
/// <para>
/// The event's id is messageId, so that a message that is delivered twice counts once; of a registration userId/registered. A customer is
/// userId, else anonymousId, either as a <see cref="Pseudonym"/> where it is an e-mail address. occurredAt = timestamp, which Segment has
/// corrected for the sender's clock.
/// </para>
/// <para>
/// An order's total is its subtotal (after discounts, before shipping and tax); without one, total − shipping − tax; without that, revenue.
/// An <c>Order Updated</c> names no message that it corrects, and is left: the order keeps what it was completed with.
/// </para>
/// </summary>
public static class Segment
{
    public const string Source = "segment";

    public static Mapping Mapping { get; } = new(Source, null, null, Read);

    /// <summary>The events of one message.</summary>
    /// <param name="left">Why nothing is made of it; null where something is, or where it cannot be read.</param>
    public static IReadOnlyList<Envelope> OfMessage(JsonRow message, out string? left)
    {
        left = null;
        var kind = message.RequiredText("type");
        var name = kind == "track" ? message.RequiredText("event") : kind;
        if ((message.Text("userId") ?? message.Text("anonymousId")) is not { } sender)
        {
            left = "without_customer";
            return [];
        }
        if (name is not ("Order Completed" or "Order Refunded" or "Order Cancelled" or "identify" or "alias"))
        {
            left = kind is "track" or "page" or "screen" or "group" ? $"left: {kind}" : "left: other";
            return [];
        }
        var (id, customer, at) = (message.RequiredText("messageId"), CustomerOf(sender), TimeOf(message));
        CustomerEvent? happened = name switch
        {
            "Order Completed" => Purchase(message),
            "Order Refunded" => Refund(message),
            "Order Cancelled" => new PurchaseCancelled(message.RequiredText("properties.order_id"), null),
            "alias" => new CustomerMerged(customer),
            _ => Traits(message),
        };
        var events = new List<Envelope>();
        if (name == "identify" && message.Time("traits.createdAt") is { } created)
            events.Add(Envelope.Of(Source, $"{customer}/registered", customer, created, new CustomerRegistered(null, null, null, null, null)));
        var of = name == "alias" ? CustomerOf(message.RequiredText("previousId")) : customer;
        if (happened is not null && of.Length > 0) events.Add(Envelope.Of(Source, id, of, at, happened));
        if (message.Fault is not null) return [];
        if (events.Count == 0) left = "left: identify without country and tier";
        return events;
    }

    private static IEnumerable<Envelope> Read(TextReader text, ImportReport report)
    {
        var made = 0L;
        foreach (var (line, message) in JsonText.Lines(text, report))
        {
            var events = OfMessage(message, out var left);
            if (message.Fault is var (code, rule)) report.Refuse(line, code, rule);
            else if (left == "without_customer") report.MissCustomer();
            else if (left is not null) report.Count(left);
            made += events.Count;
            foreach (var envelope in events) yield return report.Make(envelope);
        }
        report.Expect(made);
    }

    private static PurchaseMade Purchase(JsonRow message)
    {
        var (tax, shipping, off) = (message.Number("properties.tax"), message.Number("properties.shipping"), message.Number("properties.discount"));
        var total = message.Number("properties.subtotal") ?? message.Number("properties.total") - (shipping ?? 0) - (tax ?? 0) ?? message.Number("properties.revenue");
        message.Require(total is not null, "properties.subtotal", "missing_value", "is required, or total, or revenue");
        var lines = message.Rows("properties.products")
            .Select(item => new PurchaseLine(item.Text("sku") ?? item.Text("product_id"), item.Text("category"), item.Number("quantity") ?? 1, item.Number("price"), null)).ToList();
        var discount = off is > 0 ? new Discount(message.Text("properties.coupon"), null, off) : null;
        return new PurchaseMade(
            message.RequiredText("properties.order_id"), message.RequiredText("properties.currency"), total, lines.Count > 0 ? lines : null, null,
            discount is null ? null : [discount], null, tax, shipping, null, message.Text("properties.affiliation"));
    }

    private static PurchaseRefunded Refund(JsonRow message)
    {
        var products = message.Rows("properties.products");
        var amount = message.Number("properties.total")
            ?? (products.Count > 0 ? products.Sum(item => (item.Number("price") ?? 0) * (item.Number("quantity") ?? 1)) : null);
        message.Require(amount is not null, "properties.total", "missing_value", "is required, or products with their prices");
        return new PurchaseRefunded(message.RequiredText("properties.order_id"), amount ?? 0, null, null);
    }

    /// <summary>The attributes that a store needs and that name nobody; null for none.</summary>
    private static CustomerChanged? Traits(JsonRow message)
    {
        var attributes = new Dictionary<string, string?>(StringComparer.Ordinal);
        if ((message.Text("traits.address.country") ?? message.Text("traits.country")) is { } country) attributes["country"] = country;
        if ((message.Text("traits.tier") ?? message.Text("traits.plan")) is { } tier) attributes["tier"] = tier;
        return attributes.Count > 0 ? new CustomerChanged(attributes) : null;
    }

    private static string CustomerOf(string sender) => sender.Contains('@', StringComparison.Ordinal) ? Pseudonym.Of(sender) : sender;

    private static DateTimeOffset TimeOf(JsonRow message) =>
        message.Time("timestamp") ?? message.Time("originalTimestamp") ?? message.RequiredTime("timestamp");
}
