using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// The order export of a Shopify shop (Orders → Export → CSV): one row for each line item, of which an order's first has everything else
/// about the order. One order, one purchase: orderId = <c>Id</c>, or <c>Name</c> in an export without it; occurredAt = <c>Created at</c>,
/// with its offset; total = <c>Total</c>, which includes tax and shipping, in the order's <c>Currency</c>; line items, discount, tax and
/// shipping kept, channel = <c>Source</c>. The billing country, else the shipping country, becomes the customer's attribute country.
/// <para>
/// A customer is its e-mail address, else its telephone number, as a <see cref="Pseudonym"/>; orders with neither are counted as without a
/// customer. An order of which any row cannot be read is not stored. An order with <c>Cancelled at</c> is cancelled then, one whose Financial Status is voided or expired without it at once. A
/// <c>Refunded Amount</c> of an order that is not cancelled is a refund; the export does not say when, so that it counts on the day of the
/// order (note <c>refund_undated</c>). Refunds by the day they happened come from webhooks.
/// </para>
/// <para>
/// Event ids are orderId; orderId/country; orderId/cancelled; orderId/refunded. A later export that knows of more refunds than an earlier
/// one is in conflict with it there, and the store refuses that event. Events come in the order of occurredAt; all orders are held in
/// memory.
/// </para>
/// </summary>
public static class Shopify
{
    public const string Source = "shopify";

    private const int Name = 0, CreatedAt = 1, OrderCurrency = 2, Total = 3, Quantity = 4, Price = 5;

    private const int Email = 6, Id = 7, Status = 8, Taxes = 9, Shipping = 10, DiscountCode = 11, DiscountAmount = 12, Sku = 13, Title = 14,
        BillingCountry = 15, ShippingCountry = 16, CancelledAt = 17, Refunded = 18, Channel = 19, Phone = 20;

    private static readonly string[] Columns = ["Name", "Created at", "Currency", "Total", "Lineitem quantity", "Lineitem price"];

    // Exports of other years and apps lack some of these.
    private static readonly string[] Optional =
    [
        "Email", "Id", "Financial Status", "Taxes", "Shipping", "Discount Code", "Discount Amount", "Lineitem sku", "Lineitem name", "Billing Country",
        "Shipping Country", "Cancelled at", "Refunded Amount", "Source", "Phone",
    ];

    private static readonly string[] NeverPaid = ["voided", "expired"];

    public static Mapping Mapping { get; } = new(Source, null, null, Read);

    /// <param name="Lines">Filled by the rows that follow.</param>
    private sealed record Order(
        long Row, string Id, string Customer, DateTimeOffset At, string Currency, decimal Total, decimal? Tax, decimal? Shipping, Discount? Discount, string Country, string Channel,
        DateTimeOffset? CancelledAt, decimal Refunded, List<PurchaseLine> Lines);

    private sealed record Draft(DateTimeOffset At, int Rank, string Id, string Customer, CustomerEvent Event);

    private static IEnumerable<Envelope> Read(TextReader text, ImportReport report)
    {
        var orders = Orders(text, report).OrderBy(order => order.At).ThenBy(order => order.Id, StringComparer.Ordinal).ToList();
        var drafts = Countries(orders).Concat(orders.SelectMany(order => Drafts(order, report))).ToList();
        report.Expect(drafts.Count);
        return drafts.OrderBy(draft => draft.At).ThenBy(draft => draft.Rank).ThenBy(draft => draft.Id, StringComparer.Ordinal)
            .Select(draft => report.Make(Envelope.Of(Source, draft.Id, draft.Customer, draft.At, draft.Event)));
    }

    private static List<Order> Orders(TextReader text, ImportReport report)
    {
        var orders = new Dictionary<string, Order?>(StringComparer.Ordinal);
        foreach (var row in CsvFile.Read(text, Columns, report, Optional))
        {
            var name = row.RequiredText(Name);
            // Only the first row of an order has its total.
            if (row.Text(Total).Length > 0 && row.Fault is null) orders[name] = OrderOf(row, report);
            else if (!orders.ContainsKey(name)) row.Require(false, Total, "no_order", "belongs to an order whose own row is not in the file");
            if (row.Fault is not var (code, message))
            {
                if (orders.GetValueOrDefault(name) is { } order) AddLine(order, row);
                continue;
            }
            report.Refuse(row.Line, code, message);
            orders[name] = null;
        }
        return [.. orders.Values.OfType<Order>()];
    }

    private static void AddLine(Order order, Row row)
    {
        if (row.Text(Quantity).Length == 0) return;
        order.Lines.Add(new PurchaseLine(NullIfEmpty(row.Text(Sku)) ?? NullIfEmpty(row.Text(Title)), null, row.Number(Quantity), row.Number(Price), null));
    }

    /// <summary>Null where the order names no customer, which the report counts.</summary>
    private static Order? OrderOf(Row row, ImportReport report)
    {
        var address = NullIfEmpty(row.Text(Email)) ?? NullIfEmpty(row.Text(Phone));
        if (address is null)
        {
            report.MissCustomer();
            return null;
        }
        var (at, total, cancelled) = (row.Instant(CreatedAt), row.Number(Total), row.Text(CancelledAt).Length > 0 ? row.Instant(CancelledAt) : (DateTimeOffset?)null);
        row.Require(total >= 0, Total, "negative_total", "must not be negative");
        if (cancelled is null && NeverPaid.Contains(row.Text(Status))) cancelled = at;
        var off = NumberOr(row, DiscountAmount);
        var discount = off is > 0 ? new Discount(NullIfEmpty(row.Text(DiscountCode)), null, off) : null;
        return new Order(
            row.Line, NullIfEmpty(row.Text(Id)) ?? row.Text(Name), Pseudonym.Of(address), at, row.RequiredText(OrderCurrency), total, NumberOr(row, Taxes), NumberOr(row, Shipping),
            discount, NullIfEmpty(row.Text(BillingCountry)) ?? row.Text(ShippingCountry), row.Text(Channel), cancelled, NumberOr(row, Refunded) ?? 0, []);
    }

    private static IEnumerable<Draft> Countries(IEnumerable<Order> orders)
    {
        var current = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var order in orders)
        {
            if (order.Country.Length == 0 || current.GetValueOrDefault(order.Customer) == order.Country) continue;
            current[order.Customer] = order.Country;
            yield return new Draft(order.At, 0, $"{order.Id}/country", order.Customer, new CustomerChanged(new Dictionary<string, string?> { ["country"] = order.Country }));
        }
    }

    private static IEnumerable<Draft> Drafts(Order order, ImportReport report)
    {
        yield return new Draft(order.At, 1, order.Id, order.Customer, new PurchaseMade(
            order.Id, order.Currency, order.Total, order.Lines, null, order.Discount is null ? null : [order.Discount], null, order.Tax, order.Shipping, null,
            NullIfEmpty(order.Channel)));
        if (order.CancelledAt is { } cancelled)
        {
            yield return new Draft(cancelled < order.At ? order.At : cancelled, 2, $"{order.Id}/cancelled", order.Customer, new PurchaseCancelled(order.Id, null));
            yield break;
        }
        if (order.Refunded <= 0) yield break;
        report.Note(order.Row, "refund_undated", $"Order {order.Id} was refunded {order.Refunded}; the export does not say when, so that it counts on the day of the order.");
        yield return new Draft(order.At, 2, $"{order.Id}/refunded", order.Customer, new PurchaseRefunded(order.Id, order.Refunded, null, null));
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static decimal? NumberOr(Row row, int column) => row.Text(column).Length == 0 ? null : row.Number(column);
}
