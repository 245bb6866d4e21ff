using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// The order export of a Shopify shop (Orders → Export → CSV): one row for each line item, of which an order's first has everything else
/// about the order. One order, one purchase: orderId = <c>Id</c>, or <c>Name</c> in an export without it; occurredAt = <c>Created at</c>,
/// with its offset; total = what was charged for goods (<see cref="ShopifyOrder.Goods"/>), in the order's <c>Currency</c>; line items,
/// discount, tax and shipping kept, channel = <c>Source</c>. The billing country, else the shipping country, becomes the customer's
/// attribute country.
/// <para>
/// A customer is its e-mail address, else its telephone number, as a <see cref="Pseudonym"/>; orders with neither are counted as without a
/// customer. An order of which any row cannot be read is not stored. An order with <c>Cancelled at</c> is cancelled then, one whose
/// Financial Status is voided or expired without it at once. A <c>Refunded Amount</c> of an order that is not cancelled is a refund; the
/// export does not say when, nor how much of it was shipping and tax, so that it counts on the day of the order, by the goods' part of the
/// order (note <c>refund_undated</c>). Refunds as they happened come from webhooks (<see cref="ShopifyRefunds"/>).
/// </para>
/// <para>
/// Event ids are orderId; orderId/country; orderId/cancelled; orderId/refunded. A later export that knows of more refunds than an earlier
/// one is in conflict with it there, and the store refuses that event. Events come in the order of occurredAt; all orders are held in
/// memory.
/// </para>
/// </summary>
public static class Shopify
{
    private const int Name = 0, CreatedAt = 1, OrderCurrency = 2, Total = 3, Quantity = 4, Price = 5;

    private const int Email = 6, Id = 7, Status = 8, Taxes = 9, Shipping = 10, DiscountCode = 11, DiscountAmount = 12, Sku = 13, Title = 14,
        BillingCountry = 15, ShippingCountry = 16, CancelledAt = 17, Refunded = 18, Channel = 19, Phone = 20, Subtotal = 21;

    private static readonly string[] Columns = ["Name", "Created at", "Currency", "Total", "Lineitem quantity", "Lineitem price"];

    // Exports of other years and apps lack some of these.
    private static readonly string[] Optional =
    [
        "Email", "Id", "Financial Status", "Taxes", "Shipping", "Discount Code", "Discount Amount", "Lineitem sku", "Lineitem name", "Billing Country",
        "Shipping Country", "Cancelled at", "Refunded Amount", "Source", "Phone", "Subtotal",
    ];

    public static Mapping Mapping { get; } = new(ShopifyOrder.Source, null, null, Read);

    /// <param name="Row">The line of the order's own row.</param>
    /// <param name="PaidBack">What was paid back in all, shipping and tax included.</param>
    /// <param name="Charged">What was charged in all, shipping and tax included.</param>
    private sealed record Exported(long Row, ShopifyOrder Order, decimal PaidBack, decimal Charged);

    private static IEnumerable<Envelope> Read(TextReader text, ImportReport report)
    {
        var orders = Orders(text, report).OrderBy(exported => exported.Order.At).ThenBy(exported => exported.Order.Id, StringComparer.Ordinal).ToList();
        var events = Countries(orders).Select(made => (Rank: 0, Made: made))
            .Concat(orders.Select(exported => (Rank: 1, Made: exported.Order.ToPurchase())))
            .Concat(orders.Select(exported => Ending(exported, report)).OfType<Envelope>().Select(made => (Rank: 2, Made: made)))
            .OrderBy(item => item.Made.OccurredAt).ThenBy(item => item.Rank).ThenBy(item => item.Made.Id, StringComparer.Ordinal).ToList();
        report.Expect(events.Count);
        return events.Select(item => report.Make(item.Made));
    }

    private static List<Exported> Orders(TextReader text, ImportReport report)
    {
        var orders = new Dictionary<string, Exported?>(StringComparer.Ordinal);
        foreach (var row in CsvFile.Read(text, Columns, report, Optional))
        {
            var name = row.RequiredText(Name);
            // Only the first row of an order has its total.
            if (row.Text(Total).Length > 0 && row.Fault is null) orders[name] = OrderOf(row, report);
            else if (!orders.ContainsKey(name)) row.Require(false, Total, "no_order", "belongs to an order whose own row is not in the file");
            if (row.Fault is not var (code, message))
            {
                if (orders.GetValueOrDefault(name) is { Order: var order }) AddLine(order, row);
                continue;
            }
            report.Refuse(row.Line, code, message);
            orders[name] = null;
        }
        return [.. orders.Values.OfType<Exported>()];
    }

    private static void AddLine(ShopifyOrder order, Row row)
    {
        if (row.Text(Quantity).Length == 0) return;
        order.Lines.Add(new PurchaseLine(NullIfEmpty(row.Text(Sku)) ?? NullIfEmpty(row.Text(Title)), null, row.Number(Quantity), row.Number(Price), null));
    }

    /// <summary>Null where the order names no customer, which the report counts.</summary>
    private static Exported? OrderOf(Row row, ImportReport report)
    {
        var address = NullIfEmpty(row.Text(Email)) ?? NullIfEmpty(row.Text(Phone));
        if (address is null)
        {
            report.MissCustomer();
            return null;
        }
        var (at, currency, total) = (row.Instant(CreatedAt), row.RequiredText(OrderCurrency), row.Number(Total));
        row.Require(total >= 0, Total, "negative_total", "must not be negative");
        var (tax, shipping, off) = (NumberOr(row, Taxes), NumberOr(row, Shipping), NumberOr(row, DiscountAmount));
        var order = new ShopifyOrder(
            NullIfEmpty(row.Text(Id)) ?? row.Text(Name), Pseudonym.Of(address), at, currency, ShopifyOrder.Goods(currency, total, NumberOr(row, Subtotal), shipping, tax))
        {
            Tax = tax,
            Shipping = shipping,
            Discount = off is > 0 ? new Discount(NullIfEmpty(row.Text(DiscountCode)), null, off) : null,
            Country = NullIfEmpty(row.Text(BillingCountry)) ?? NullIfEmpty(row.Text(ShippingCountry)),
            Channel = NullIfEmpty(row.Text(Channel)),
            CancelledAt = row.Text(CancelledAt).Length > 0 ? row.Instant(CancelledAt) : ShopifyOrder.CalledOff(row.Text(Status), at),
        };
        return new Exported(row.Line, order, NumberOr(row, Refunded) ?? 0, total);
    }

    private static IEnumerable<Envelope> Countries(IEnumerable<Exported> orders)
    {
        var current = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (_, order, _, _) in orders)
        {
            if (order.Country is null || current.GetValueOrDefault(order.Customer) == order.Country) continue;
            current[order.Customer] = order.Country;
            yield return order.ToCountry()!;
        }
    }

    /// <summary>The cancellation or the refund of an order; null for an order that stands.</summary>
    private static Envelope? Ending(Exported exported, ImportReport report)
    {
        var (row, order, paidBack, charged) = exported;
        if (order.ToCancellation() is { } cancellation) return cancellation;
        var goods = ShopifyOrder.Refunded(order.Currency, paidBack, order.Total, charged);
        if (goods <= 0) return null;
        report.Note(row, "refund_undated", $"Order {order.Id} was refunded {paidBack}; the export does not say when, so that {goods} for goods count on the day of the order.");
        return Envelope.Of(ShopifyOrder.Source, ShopifyRefunds.UndatedId(order.Id), order.Customer, order.At, new PurchaseRefunded(order.Id, goods, null, null));
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static decimal? NumberOr(Row row, int column) => row.Text(column).Length == 0 ? null : row.Number(column);
}
