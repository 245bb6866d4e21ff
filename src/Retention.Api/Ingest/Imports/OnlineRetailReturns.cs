using Retention.Domain.Events;
using static Retention.Api.Ingest.Imports.OnlineRetail;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// <c>C</c> lines, in (InvoiceDate, line) order, return units of the same customer's most recent purchases of strictly earlier occurredAt
/// (by occurredAt, then orderId) that hold unreturned units of the same StockCode, latest first, as <c>purchase_refunded</c> of those
/// orders at the C line's own unit price, rounded half away from zero to the penny, never beyond what is left of the order's total, one
/// event per C line and order, none when the amount is 0; units that match nothing are reported as unmatched and not stored.
/// <para>
/// A purchase holds Σ Quantity of its lines of that StockCode, those of price 0 included. Units are taken from it even where the amount is
/// 0 (note <c>return_without_amount</c>); an amount that was cut to what is left is noted as <c>refund_limited</c>. A C line of quantity 0
/// or more returns nothing and is refused (<c>not_a_return</c>), and so is one of negative price (<c>negative_price</c>). A purchase that
/// was refused holds nothing.
/// </para>
/// </summary>
internal sealed class OnlineRetailReturns
{
    private readonly Dictionary<(string Customer, string Stock), List<Held>> held = [];
    private readonly Dictionary<string, decimal> left = new(StringComparer.Ordinal);
    private readonly ImportReport report;

    private OnlineRetailReturns(IEnumerable<Purchase> purchases, ImportReport report)
    {
        this.report = report;
        foreach (var purchase in purchases)
        {
            left[purchase.OrderId] = purchase.Total;
            foreach (var stock in purchase.Lines.GroupBy(line => line.Stock, StringComparer.Ordinal))
            {
                if (!held.TryGetValue((purchase.Customer, stock.Key), out var orders))
                    held[(purchase.Customer, stock.Key)] = orders = [];
                orders.Add(new Held(purchase) { Units = stock.Sum(line => line.Quantity) });
            }
        }
    }

    /// <summary>Part of a return line that goes to one order.</summary>
    /// <param name="Amount">In pounds, above 0.</param>
    internal sealed record Refund(Line Line, string OrderId, decimal Units, decimal Amount)
    {
        public string EventId => $"{Line.Invoice}/{Line.Ordinal}/{OrderId}";

        public CustomerEvent Made() => new PurchaseRefunded(OrderId, Amount, null, [Item(Line, Units)]);
    }

    private sealed class Held(Purchase purchase)
    {
        public Purchase Purchase => purchase;

        public decimal Units { get; set; }
    }

    /// <param name="purchases">Those stored, by (occurredAt, orderId).</param>
    /// <param name="lines">The C lines, in the order of the file.</param>
    public static IEnumerable<Refund> Match(IEnumerable<Purchase> purchases, IEnumerable<Line> lines, ImportReport report)
    {
        var returns = new OnlineRetailReturns(purchases, report);
        return lines.Where(returns.IsReturn).OrderBy(line => line.Time).ThenBy(line => line.Number).SelectMany(returns.Match);
    }

    private bool IsReturn(Line line)
    {
        if (line.Quantity >= 0)
            report.Refuse(line.Number, "not_a_return", $"Quantity must be negative on a C line; it is {line.Quantity}.");
        else if (line.Price < 0)
            report.Refuse(line.Number, "negative_price", $"UnitPrice must not be negative on a C line; it is {line.Price}.");
        return line is { Quantity: < 0, Price: >= 0 };
    }

    private IEnumerable<Refund> Match(Line line)
    {
        var (units, at) = (-line.Quantity, line.At);
        var orders = held.GetValueOrDefault((line.Customer, line.Stock)) ?? [];
        foreach (var order in Enumerable.Reverse(orders).Where(order => order.Units > 0 && order.Purchase.OccurredAt < at))
        {
            var taken = Math.Min(units, order.Units);
            order.Units -= taken;
            units -= taken;
            if (Take(line, order.Purchase.OrderId, taken) is var amount and > 0)
                yield return new Refund(line, order.Purchase.OrderId, taken, amount);
            if (units == 0) yield break;
        }
        report.LeaveUnmatched(line.Number, units, $"{units} of {-line.Quantity} units of '{line.Stock}' match no earlier purchase.");
    }

    /// <summary>The amount for so many units, at most what is left of the order, which it lessens.</summary>
    private decimal Take(Line line, string orderId, decimal units)
    {
        var asked = decimal.Round(units * line.Price, 2, MidpointRounding.AwayFromZero);
        var amount = Math.Min(asked, left[orderId]);
        left[orderId] -= amount;
        if (amount == 0)
            report.Note(line.Number, "return_without_amount", $"{units} units go back to order {orderId} for nothing.");
        else if (amount < asked)
            report.Note(line.Number, "refund_limited", $"{asked} GBP for order {orderId} is cut to {amount}, which is left of it.");
        return amount;
    }
}
