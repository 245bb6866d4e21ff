using Retention.Domain.Customers;
using Retention.Domain.Metrics;

namespace Retention.Domain.Clv;

/// <summary>What the purchase models know of a customer, whenever observation ends.</summary>
/// <param name="Frequency">x: purchase days after the first.</param>
public readonly record struct PurchaseSpanCell(DateOnly FirstDay, DateOnly LastDay, int Frequency);

public readonly record struct PurchaseSpanCounts(long Customers) : ICounts<PurchaseSpanCounts>
{
    public static PurchaseSpanCounts operator +(PurchaseSpanCounts a, PurchaseSpanCounts b) => new(a.Customers + b.Customers);

    public static PurchaseSpanCounts operator -(PurchaseSpanCounts a, PurchaseSpanCounts b) => new(a.Customers - b.Customers);
}

/// <summary>Customers by their first and last purchase day and the purchase days between, see <see cref="PurchaseSpan"/>.</summary>
public static class PurchaseSpans
{
    public static void Contribute(CustomerView customer, ICells<PurchaseSpanCell, PurchaseSpanCounts> cells)
    {
        if (PurchaseDays.Of(customer.Orders) is { } days) cells.Add(new PurchaseSpanCell(days.First, days.Last, days.Repeats), new PurchaseSpanCounts(1));
    }
}
