using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

public enum CohortMode
{
    /// <summary>Ordered in the k-th period after the cohort's.</summary>
    On,

    /// <summary>Ordered in the k-th or any later period before the moment.</summary>
    OnOrAfter,
}

public enum CohortMeasure
{
    Customers,
    Orders,
    Revenue,
}

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
/// Customers by the period of their first valid order, followed over the periods after it. A cell's rate is its value over the cohort's
/// size; a cell whose period has not begun has none. Column 0 is the size (of customers) or period 0's own sum (of orders and revenue).
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

    /// <param name="cells">By cohort and k; all k of a cohort, since suffix sums reach beyond the last column.</param>
    /// <param name="columns">The last column, k = 0 … columns.</param>
    public static CohortTable Table(
        IEnumerable<KeyValuePair<CohortCell, CohortCounts>> cells, Partition partition, AsOf asOf, (CohortMode Mode, CohortMeasure Measure) question,
        int columns)
    {
        var cohorts = cells.GroupBy(cell => cell.Key.Cohort).OrderBy(cohort => cohort.Key)
            .Select(cohort => Row(cohort.Key, cohort.ToDictionary(cell => cell.Key.K, cell => cell.Value)))
            .Where(cohort => cohort.Size > 0)
            .ToList();
        return new CohortTable(cohorts, [.. Enumerable.Range(0, columns + 1).Select(Summary)]);

        CohortRow Row(int cohort, Dictionary<int, CohortCounts> byK)
        {
            var size = byK.GetValueOrDefault(0).Customers;
            var beyond = byK.Where(cell => cell.Key > columns).Sum(cell => cell.Value.Last);
            var cellsOfRow = new CohortCellValue[columns + 1];
            for (var k = columns; k >= 0; k--)
            {
                var counts = byK.GetValueOrDefault(k);
                beyond += counts.Last;
                var value = question switch
                {
                    (_, CohortMeasure.Orders) => counts.Orders,
                    (_, CohortMeasure.Revenue) => counts.Revenue,
                    _ when k == 0 => size,
                    (CohortMode.OnOrAfter, _) => beyond,
                    _ => counts.Customers,
                };
                cellsOfRow[k] = Cell(cohort, k, value, size);
            }
            return new CohortRow(cohort, size, byK.GetValueOrDefault(0).Second, cellsOfRow);
        }

        CohortCellValue Cell(int cohort, int k, long value, long size)
        {
            var status = asOf.Of(partition, cohort + k);
            var known = status != PeriodStatus.NotObservable;
            var rate = known && question.Measure == CohortMeasure.Customers && size > 0 ? (double)value / size : (double?)null;
            return new CohortCellValue(k, known ? value : null, rate, status);
        }

        CohortSummary Summary(int k)
        {
            var complete = cohorts.Where(cohort => cohort.Cells[k].Status == PeriodStatus.Complete).ToList();
            var size = complete.Sum(cohort => cohort.Size);
            var rate = question.Measure == CohortMeasure.Customers && size > 0 ? (double)complete.Sum(cohort => cohort.Cells[k].Value!.Value) / size : (double?)null;
            return new CohortSummary(k, rate, complete.Count);
        }
    }
}

/// <param name="Summary">Pooled Σ value / Σ size over the complete cells of each column.</param>
public sealed record CohortTable(IReadOnlyList<CohortRow> Cohorts, IReadOnlyList<CohortSummary> Summary);

/// <param name="Period0Repeat">Customers with a second order within the cohort's own period.</param>
public sealed record CohortRow(int Cohort, long Size, long Period0Repeat, IReadOnlyList<CohortCellValue> Cells);

/// <param name="Value">Customers or orders, or revenue in ten-thousandths; null where not observable.</param>
/// <param name="Rate">Value / size; null for orders and revenue.</param>
public sealed record CohortCellValue(int K, long? Value, double? Rate, PeriodStatus Status);

/// <param name="Cohorts">How many cohorts have a complete cell in the column.</param>
public sealed record CohortSummary(int K, double? Rate, int Cohorts);
