using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Domain.Clv;

/// <summary>What the customers of a cohort did in one of its periods.</summary>
/// <param name="Active">Customers active by the policy at the end of the period; in period 0 the cohort's size.</param>
/// <param name="Revenue">In ten-thousandths, like what follows.</param>
/// <param name="Margin">Of the orders that state one, after refunds in proportion.</param>
/// <param name="MarginRevenue">Net revenue of these orders.</param>
public readonly record struct ActiveCohortCounts(long Active, long Revenue, long Margin, long MarginRevenue) : ICounts<ActiveCohortCounts>
{
    public static ActiveCohortCounts operator +(ActiveCohortCounts a, ActiveCohortCounts b) =>
        new(a.Active + b.Active, a.Revenue + b.Revenue, a.Margin + b.Margin, a.MarginRevenue + b.MarginRevenue);

    public static ActiveCohortCounts operator -(ActiveCohortCounts a, ActiveCohortCounts b) =>
        new(a.Active - b.Active, a.Revenue - b.Revenue, a.Margin - b.Margin, a.MarginRevenue - b.MarginRevenue);
}

/// <summary>The activity and the revenue of cohorts over their complete periods, from which <see cref="WhatIf"/> starts.</summary>
public static class ActiveCohorts
{
    /// <param name="last">The last period that is complete.</param>
    public static void Contribute(CustomerView customer, Partition partition, int last, ICells<CohortCell, ActiveCohortCounts> cells)
    {
        if (customer.Orders.IsEmpty) return;
        var cohort = partition.IndexOf(customer.Orders[0].Day);
        if (cohort > last) return;
        cells.Add(new CohortCell(cohort, 0), new ActiveCohortCounts { Active = 1 });
        foreach (var span in customer.Spans)
        {
            for (var period = Math.Max(cohort + 1, partition.IndexOf(span.Start)); period <= last && partition.EndOf(period) <= span.End; period++)
                cells.Add(new CohortCell(cohort, period - cohort), new ActiveCohortCounts { Active = 1 });
        }
        foreach (var order in customer.Orders)
        {
            var (period, margin) = (partition.IndexOf(order.Day), customer.MarginOf(order));
            if (period <= last)
                cells.Add(new CohortCell(cohort, period - cohort), new ActiveCohortCounts(0, order.Booked, margin ?? 0, margin is null ? 0 : order.Net));
        }
        foreach (var (_, day, amount) in customer.Elsewhere)
        {
            // A charge before the first valid order belongs to an order that was cancelled or refunded.
            var period = Math.Max(cohort, partition.IndexOf(day));
            if (period <= last) cells.Add(new CohortCell(cohort, period - cohort), new ActiveCohortCounts { Revenue = amount });
        }
    }

    /// <summary>The periods of each cohort, from its first to the last complete one, in order of cohorts.</summary>
    public static IReadOnlyList<IReadOnlyList<CohortPeriod>> Cohorts(Cells<CohortCell, ActiveCohortCounts> cells, (int First, int Last) cohorts, int last) =>
    [
        .. from cohort in cells.Select(cell => cell.Key.Cohort).Distinct().Where(cohort => cohort >= cohorts.First && cohort <= cohorts.Last).Order()
           select (IReadOnlyList<CohortPeriod>)
           [
               .. Enumerable.Range(0, last - cohort + 1).Select(k => cells[new CohortCell(cohort, k)])
                   .Select(counts => new CohortPeriod(counts.Active, (double)((decimal)counts.Revenue / Currency.Scale))),
           ],
    ];
}
