using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>Customers with an order in one period, each counted once.</summary>
/// <param name="New">Their first order ever is in it.</param>
/// <param name="Returning">They ordered in the period before it too.</param>
/// <param name="Resurrected">They ordered earlier, but not in the period before it.</param>
public record struct LifecycleCounts(long New, long Returning, long Resurrected) : ICounts<LifecycleCounts>
{
    public readonly long Ordered => New + Returning + Resurrected;

    public static LifecycleCounts operator +(LifecycleCounts a, LifecycleCounts b) =>
        new(a.New + b.New, a.Returning + b.Returning, a.Resurrected + b.Resurrected);

    public static LifecycleCounts operator -(LifecycleCounts a, LifecycleCounts b) =>
        new(a.New - b.New, a.Returning - b.Returning, a.Resurrected - b.Resurrected);
}

/// <summary>
/// Whether those who order in a period are new, returning from the period before or resurrected from an earlier one, and how many of
/// the period before stayed away: <c>dormant(t) = ordered(t − 1) − returning(t)</c>. Only valid orders count. The words are those of
/// product analytics, where it is also called growth accounting.
/// </summary>
public static class Lifecycle
{
    private const int OnStack = 128;

    public static void Contribute(CustomerView customer, Partition partition, DenseCells<LifecycleCounts> cells)
    {
        var orders = customer.Orders;
        var periods = orders.Length <= OnStack ? stackalloc int[orders.Length] : new int[orders.Length];
        var count = 0;
        foreach (var order in orders)
        {
            var period = partition.IndexOf(order.Day, order.OccurredAt);
            if (count == 0 || periods[count - 1] != period) periods[count++] = period;
        }
        Contribute(periods[..count], cells);
    }

    /// <param name="periods">The distinct numbers of all periods in which the customer ordered, ascending, from the first order ever on.</param>
    public static void Contribute(ReadOnlySpan<int> periods, DenseCells<LifecycleCounts> cells)
    {
        for (var i = 0; i < periods.Length; i++)
        {
            ref var counts = ref cells.At(periods[i]);
            if (i == 0) counts.New++;
            else if (periods[i - 1] == periods[i] - 1) counts.Returning++;
            else counts.Resurrected++;
        }
    }

    /// <param name="cells">Of every period from <paramref name="first"/> − 1 on.</param>
    /// <param name="incomplete">The first period that has not ended at the moment.</param>
    public static IEnumerable<LifecycleRow> Rows(DenseCells<LifecycleCounts> cells, int first, int last, int incomplete)
    {
        for (var period = first; period <= last; period++)
            yield return new LifecycleRow(period, cells[period], cells[period - 1].Ordered, period < incomplete);
    }
}

/// <param name="OrderedBefore">Customers with an order in the period before.</param>
/// <param name="Complete">Whether the period has ended, so that nobody can return in it any more.</param>
public sealed record LifecycleRow(int Period, LifecycleCounts Counts, long OrderedBefore, bool Complete)
{
    /// <summary>Ordered in the period before and not in this one; null until the period has ended.</summary>
    public long? Dormant => Complete ? OrderedBefore - Counts.Returning : null;
}
