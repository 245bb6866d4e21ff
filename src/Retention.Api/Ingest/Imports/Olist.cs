using NodaTime;
using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// The orders and reviews of the Brazilian marketplace Olist: the files <c>olist_orders</c>, <c>olist_order_items</c>,
/// <c>olist_order_payments</c>, <c>olist_customers</c> and <c>olist_order_reviews</c> in one zip. One order, one purchase: customer =
/// customer_unique_id, orderId = order_id, occurredAt = order_purchase_timestamp in America/Sao_Paulo, total = Σ payment_value, currency BRL,
/// items as lines, the customer's state as an attribute.
/// <para>
/// Orders delivered, shipped, invoiced, approved and in processing are purchases; those canceled and unavailable are purchases that are
/// cancelled at the same moment, since no other is given; orders merely created are refused as <c>not_placed</c>. Each review is an answer
/// to csat on 1–5 by the order's customer at review_answer_timestamp, whatever became of the order.
/// </para>
/// <para>
/// Event ids are order_id; order_id/state; order_id/cancelled; and review_id followed by order_id, since one review may be of several
/// orders. Events come in the order of occurredAt. All rows are held in memory.
/// </para>
/// </summary>
public static class Olist
{
    private static readonly string[] Placed = ["delivered", "shipped", "invoiced", "approved", "processing"];
    private static readonly string[] Cancelled = ["canceled", "unavailable"];

    private static readonly DateTimeZone SaoPaulo = DateTimeZoneProviders.Tzdb["America/Sao_Paulo"];

    public static Mapping Mapping { get; } = new("olist", SaoPaulo.Id, "BRL", Refuse)
    {
        Tables = ["orders", "order_items", "order_payments", "customers", "order_reviews"],
        ReadTables = Read,
    };

    /// <param name="Cancelled">Whether it was called off.</param>
    private sealed record Order(string Id, string Customer, string State, DateTimeOffset At, bool Cancelled);

    private sealed record Draft(DateTimeOffset At, int Rank, string Id, string Customer, Func<CustomerEvent> Event);

    private static IEnumerable<Envelope> Refuse(TextReader text, ImportReport report) => throw new ImportRefusedException(
        "not_a_zip", $"The data set is several files: send a zip of {string.Join(", ", Mapping.Tables.Select(table => $"olist_{table}.csv"))}.");

    private static IEnumerable<Envelope> Read(ImportTables tables, ImportReport report)
    {
        var customers = Customers(tables, report);
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        var orders = Orders(tables, report, customers, owners);
        var drafts = States(orders).Concat(Purchases(tables, report, orders)).Concat(Reviews(tables, report, owners)).ToList();
        report.Expect(drafts.Count);
        return drafts.OrderBy(draft => draft.At).ThenBy(draft => draft.Rank).ThenBy(draft => draft.Id, StringComparer.Ordinal)
            .Select(draft => report.Make(Envelope.Of(Mapping.Name, draft.Id, draft.Customer, draft.At, draft.Event())));
    }

    private static Dictionary<string, (string Id, string State)> Customers(ImportTables tables, ImportReport report)
    {
        var customers = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        foreach (var row in tables.Rows("customers", ["customer_id", "customer_unique_id", "customer_state"], report))
        {
            var (id, unique, state) = (row.RequiredText(0), row.RequiredText(1), row.Text(2));
            if (Keeps(row, "customers", report)) customers[id] = (unique, state);
        }
        return customers;
    }

    /// <param name="owners">Filled with the customer of every order, those that are not stored included.</param>
    private static List<Order> Orders(
        ImportTables tables, ImportReport report, Dictionary<string, (string Id, string State)> customers, Dictionary<string, string> owners)
    {
        var orders = new List<Order>();
        foreach (var row in tables.Rows("orders", ["order_id", "customer_id", "order_status", "order_purchase_timestamp"], report))
        {
            var (id, customerId, status, time) = (row.RequiredText(0), row.RequiredText(1), row.RequiredText(2), row.Time(3));
            row.Require(customers.ContainsKey(customerId), 1, "unknown_customer", "is not among the customers");
            if (row.Fault is null) owners[id] = customers[customerId].Id;
            row.Require(status != "created", 2, "not_placed", "is an order that was never placed");
            row.Require(status == "created" || Placed.Contains(status) || Cancelled.Contains(status), 2, "unknown_status", "is not a status that is known");
            if (!Keeps(row, "orders", report)) continue;
            orders.Add(new(id, customers[customerId].Id, customers[customerId].State, At(time), Cancelled.Contains(status)));
        }
        return orders;
    }

    private static IEnumerable<Draft> Purchases(ImportTables tables, ImportReport report, List<Order> orders)
    {
        var totals = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var row in tables.Rows("order_payments", ["order_id", "payment_value"], report))
        {
            var (order, value) = (row.RequiredText(0), row.Number(1));
            if (Keeps(row, "order_payments", report)) totals[order] = totals.GetValueOrDefault(order) + value;
        }
        var items = new Dictionary<string, List<PurchaseLine>>(StringComparer.Ordinal);
        foreach (var row in tables.Rows("order_items", ["order_id", "product_id", "price"], report))
        {
            var (order, line) = (row.RequiredText(0), new PurchaseLine(row.RequiredText(1), null, 1, row.Number(2), null));
            if (!Keeps(row, "order_items", report)) continue;
            if (!items.TryGetValue(order, out var lines)) items[order] = lines = [];
            lines.Add(line);
        }
        foreach (var order in orders)
        {
            var total = decimal.Round(totals.GetValueOrDefault(order.Id), 2, MidpointRounding.AwayFromZero);
            yield return new(order.At, 1, order.Id, order.Customer, () =>
                new PurchaseMade(order.Id, "BRL", total, items.GetValueOrDefault(order.Id), null, null, null, null, null, null, null));
            if (order.Cancelled) yield return new(order.At, 2, $"{order.Id}/cancelled", order.Customer, () => new PurchaseCancelled(order.Id, null));
        }
    }

    private static IEnumerable<Draft> States(List<Order> orders)
    {
        var current = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var order in orders.OrderBy(order => order.At).ThenBy(order => order.Id, StringComparer.Ordinal))
        {
            if (order.State.Length == 0 || current.GetValueOrDefault(order.Customer) == order.State) continue;
            current[order.Customer] = order.State;
            yield return new(order.At, 0, $"{order.Id}/state", order.Customer, () => new CustomerChanged(new Dictionary<string, string?> { ["state"] = order.State }));
        }
    }

    private static IEnumerable<Draft> Reviews(ImportTables tables, ImportReport report, Dictionary<string, string> owners)
    {
        string[] columns = ["review_id", "order_id", "review_score", "review_comment_title", "review_comment_message", "review_answer_timestamp"];
        foreach (var row in tables.Rows("order_reviews", columns, report))
        {
            var (review, order, score, time) = (row.RequiredText(0), row.RequiredText(1), row.Number(2), row.Time(5));
            var comment = string.Join('\n', ((string[])[row.FreeText(3), row.FreeText(4)]).Where(text => text.Length > 0));
            row.Require(score is 1 or 2 or 3 or 4 or 5, 2, "off_scale", "must be a whole number from 1 to 5");
            row.Require(owners.ContainsKey(order), 1, "unknown_order", "is not among the orders");
            if (!Keeps(row, "order_reviews", report)) continue;
            yield return new(At(time), 3, $"{review}{order}", owners[order], () =>
                new FeedbackGiven("csat", (int)score, null, null, null, null, null, null, comment.Length == 0 ? null : comment));
        }
    }

    private static DateTimeOffset At(LocalDateTime time) => SaoPaulo.AtLeniently(time).ToDateTimeOffset();

    /// <summary>Whether nothing is wrong with a row; what is, is reported.</summary>
    private static bool Keeps(Row row, string table, ImportReport report)
    {
        if (row.Fault is var (code, message)) report.Refuse(row.Line, code, $"{table}: {message}");
        return row.Fault is null;
    }
}
