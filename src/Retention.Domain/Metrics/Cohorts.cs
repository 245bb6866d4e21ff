using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <param name="Cohort">The period of the first order.</param>
/// <param name="K">Periods after it.</param>
public readonly record struct CohortCell(int Cohort, int K);

/// <summary>
/// Histograms over k, from which columns follow: <paramref name="Customers"/> as they are, <paramref name="Last"/> by suffix sums,
/// <paramref name="Second"/> by prefix sums. One more order touches at most three cells of a cohort.
/// </summary>
/// <param name="Customers">Customers with an order in period k.</param>
/// <param name="Last">Customers whose last order is in period k.</param>
/// <param name="Second">Customers whose second order is in period k.</param>
/// <param name="Revenue">In ten-thousandths.</param>
public readonly record struct CohortCounts(long Customers, long Last, long Second, long Orders, long Revenue) : ICounts<CohortCounts>
{
    public static CohortCounts operator +(CohortCounts a, CohortCounts b) =>
        new(a.Customers + b.Customers, a.Last + b.Last, a.Second + b.Second, a.Orders + b.Orders, a.Revenue + b.Revenue);

    public static CohortCounts operator -(CohortCounts a, CohortCounts b) =>
        new(a.Customers - b.Customers, a.Last - b.Last, a.Second - b.Second, a.Orders - b.Orders, a.Revenue - b.Revenue);
}

/// <summary>
/// Customers by the period of their first valid order, followed over the periods after it: the histograms that are maintained, from which
/// the answers to most questions follow. <see cref="CohortFold"/> answers all of them.
/// </summary>
public static class Cohorts
{
    public static void Contribute(CustomerView customer, Partition partition, ICells<CohortCell, CohortCounts> cells)
    {
        var orders = customer.Orders;
        if (orders.IsEmpty) return;
        var cohort = partition.IndexOf(orders[0].Day, orders[0].OccurredAt);
        var period = cohort;
        var counts = new CohortCounts { Customers = 1 };
        for (var i = 0; i < orders.Length; i++)
        {
            var own = partition.IndexOf(orders[i].Day, orders[i].OccurredAt);
            if (own != period)
            {
                cells.Add(new(cohort, period - cohort), counts);
                (period, counts) = (own, new CohortCounts { Customers = 1 });
            }
            counts += new CohortCounts { Orders = 1, Revenue = orders[i].Booked, Second = i == 1 ? 1 : 0 };
        }
        cells.Add(new(cohort, period - cohort), counts with { Last = 1 });
        foreach (var (at, day, amount) in customer.Elsewhere)
        {
            // A charge before the first valid order is outside of every column; it belongs to an order that was cancelled or refunded.
            var k = partition.IndexOf(day, at) - cohort;
            if (k >= 0) cells.Add(new(cohort, k), new() { Revenue = amount });
        }
    }

    /// <param name="cells">By cohort and k; all k of a cohort, since some customers count in every column up to their last order.</param>
    /// <param name="frame">Of a question that follows from histograms.</param>
    public static CohortSums Sums(IEnumerable<KeyValuePair<CohortCell, CohortCounts>> cells, CohortFrame frame)
    {
        var (asked, sums) = (frame.Asked, frame.NoSums());
        foreach (var ((cohort, k), counts) in cells)
        {
            if (sums.At(cohort) is not { } sum) continue;
            if (k == 0) (sum.Size, sum.Again) = (sum.Size + counts.Customers, sum.Again + counts.Second);
            var (column, value) = asked switch
            {
                { Cumulates: true } => (asked.Columns.EndingFrom(k), counts.Revenue),
                { Measure: CohortMeasure.Revenue } => (asked.Columns.Of(k), counts.Revenue),
                { Measure: CohortMeasure.Orders } => (asked.Columns.Of(k), counts.Orders),
                { Mode: CohortMode.OnOrAfter } => (asked.Columns.StartedBy(k), counts.Last),
                { Mode: CohortMode.OnOrBefore } => (asked.Columns.EndingFrom(k), counts.Second),
                _ => (asked.Columns.Of(k), counts.Customers),
            };
            if (column >= 0) sum.Values[column] += value;
        }
        return sums;
    }
}
