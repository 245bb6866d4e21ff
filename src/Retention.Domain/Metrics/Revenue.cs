using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>Orders and their customers in one period. Revenue in ten-thousandths, booked by the definition's refund attribution.</summary>
/// <param name="Customers">Customers with an order in the period.</param>
/// <param name="Repeaters">Of them, those with two or more orders in it.</param>
/// <param name="Returning">Of them, those with an order before its start.</param>
/// <param name="Acquired">Customers whose first order ever is in it.</param>
/// <param name="SecondOrders">Customers whose second order ever is in it.</param>
public readonly record struct RevenueCounts(
    long Orders, long Customers, long Repeaters, long Returning, long Acquired, long SecondOrders, long Revenue) : ICounts<RevenueCounts>
{
    public static RevenueCounts operator +(RevenueCounts a, RevenueCounts b) => new(
        a.Orders + b.Orders, a.Customers + b.Customers, a.Repeaters + b.Repeaters, a.Returning + b.Returning, a.Acquired + b.Acquired,
        a.SecondOrders + b.SecondOrders, a.Revenue + b.Revenue);

    public static RevenueCounts operator -(RevenueCounts a, RevenueCounts b) => new(
        a.Orders - b.Orders, a.Customers - b.Customers, a.Repeaters - b.Repeaters, a.Returning - b.Returning, a.Acquired - b.Acquired,
        a.SecondOrders - b.SecondOrders, a.Revenue - b.Revenue);
}

/// <summary>
/// Orders and revenue by period, and the three repeat metrics: <c>repeatRateWindow</c> = customers with ≥ 2 orders in the period /
/// customers in it; <c>returningCustomerRate</c> = customers in it with an order before its start / customers in it;
/// <c>repeatRateLifetime</c> = of all customers acquired before the period's end, the share with ≥ 2 orders before it.
/// Only valid orders count; what an invalid one was charged and refunded is booked where refunds have days of their own.
/// </summary>
public static class Revenue
{
    public static void Contribute(CustomerView customer, Partition partition, ICells<int, RevenueCounts> cells)
    {
        foreach (var (at, day, amount) in customer.Elsewhere) cells.Add(partition.IndexOf(day, at), new() { Revenue = amount });

        var orders = customer.Orders;
        var (first, ordered) = (true, new RevenueCounts());
        for (var i = 0; i < orders.Length; i++)
        {
            var period = partition.IndexOf(orders[i].Day, orders[i].OccurredAt);
            ordered += new RevenueCounts(1, 0, 0, 0, i == 0 ? 1 : 0, i == 1 ? 1 : 0, orders[i].Booked);
            if (i + 1 < orders.Length && partition.IndexOf(orders[i + 1].Day, orders[i + 1].OccurredAt) == period) continue;
            cells.Add(period, ordered with { Customers = 1, Repeaters = ordered.Orders > 1 ? 1 : 0, Returning = first ? 0 : 1 });
            (first, ordered) = (false, new RevenueCounts());
        }
    }

    /// <param name="cells">Of every period from the first on, those before <paramref name="first"/> included.</param>
    public static IEnumerable<RevenueRow> Rows(IReadOnlyDictionary<int, RevenueCounts> cells, Partition partition, AsOf asOf, int first, int last)
    {
        var before = cells.Where(cell => cell.Key < first).Aggregate(new RevenueCounts(), (sum, cell) => sum + cell.Value);
        var (acquired, repeated) = (before.Acquired, before.SecondOrders);
        for (var period = first; period <= last; period++)
        {
            var counts = cells.GetValueOrDefault(period);
            acquired += counts.Acquired;
            repeated += counts.SecondOrders;
            yield return new RevenueRow(period, asOf.Of(partition, period), counts, acquired, repeated);
        }
    }
}

/// <param name="EverAcquired">Customers acquired up to the period's end; <paramref name="EverRepeated"/> of them have two or more orders by then.</param>
public sealed record RevenueRow(int Period, PeriodStatus Status, RevenueCounts Counts, long EverAcquired, long EverRepeated)
{
    public double? PurchaseFrequency => Share(Counts.Orders, Counts.Customers);

    public double? RepeatRateWindow => Share(Counts.Repeaters, Counts.Customers);

    public double? ReturningCustomerRate => Share(Counts.Returning, Counts.Customers);

    public double? RepeatRateLifetime => Share(EverRepeated, EverAcquired);

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;
}
