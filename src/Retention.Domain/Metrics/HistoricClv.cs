using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>What the customers of one cohort brought in so far; amounts in ten-thousandths.</summary>
/// <param name="Margin">Margin of the orders that state one, after refunds in proportion.</param>
/// <param name="MarginRevenue">Net revenue of the orders that state a margin.</param>
/// <param name="Within30">Net revenue booked within 30 days from each customer's first order day, and so on.</param>
public readonly record struct ClvCounts(
    long Customers, long Revenue, long Margin, long MarginRevenue, long Within30, long Within60, long Within90, long Within180, long Within365)
    : ICounts<ClvCounts>
{
    public static ClvCounts operator +(ClvCounts a, ClvCounts b) => new(
        a.Customers + b.Customers, a.Revenue + b.Revenue, a.Margin + b.Margin, a.MarginRevenue + b.MarginRevenue, a.Within30 + b.Within30,
        a.Within60 + b.Within60, a.Within90 + b.Within90, a.Within180 + b.Within180, a.Within365 + b.Within365);

    public static ClvCounts operator -(ClvCounts a, ClvCounts b) => new(
        a.Customers - b.Customers, a.Revenue - b.Revenue, a.Margin - b.Margin, a.MarginRevenue - b.MarginRevenue, a.Within30 - b.Within30,
        a.Within60 - b.Within60, a.Within90 - b.Within90, a.Within180 - b.Within180, a.Within365 - b.Within365);
}

/// <summary>
/// Historic customer lifetime value: net revenue per customer to the moment, by cohort of the first valid order, in total and within the
/// first 30, 60, 90, 180 and 365 days of each customer. A window is served only where the whole cohort is old enough: the cohort's end
/// plus the window lies at or before the moment.
/// </summary>
public static class HistoricClv
{
    public static IReadOnlyList<int> Windows { get; } = [30, 60, 90, 180, 365];

    public static void Contribute(CustomerView customer, Partition partition, ICells<int, ClvCounts> cells)
    {
        if (customer.Orders.IsEmpty) return;
        var first = customer.Orders[0].Day;
        var counts = new ClvCounts { Customers = 1 };
        foreach (var order in customer.Orders)
        {
            counts += Within(order.Day.DayNumber - first.DayNumber, order.Booked);
            if (customer.MarginOf(order) is { } margin) counts += new ClvCounts { Margin = margin, MarginRevenue = order.Net };
        }
        foreach (var (_, day, amount) in customer.Elsewhere)
        {
            // A charge before the first valid order belongs to an order that was cancelled or refunded: revenue, but of no window.
            counts += Within(day < first ? int.MaxValue : day.DayNumber - first.DayNumber, amount);
        }
        cells.Add(partition.IndexOf(first), counts);
    }

    private static ClvCounts Within(int age, long amount) => new(
        0, amount, 0, 0, age < 30 ? amount : 0, age < 60 ? amount : 0, age < 90 ? amount : 0, age < 180 ? amount : 0, age < 365 ? amount : 0);

    /// <summary>Net revenue within a window of so many days, one of <see cref="Windows"/>.</summary>
    public static long Within(ClvCounts counts, int days) => days switch
    {
        30 => counts.Within30,
        60 => counts.Within60,
        90 => counts.Within90,
        180 => counts.Within180,
        365 => counts.Within365,
        _ => throw new ArgumentOutOfRangeException(nameof(days), days, $"is not one of {string.Join(", ", Windows)}"),
    };

    /// <summary>Whether every customer of a cohort that ends on <paramref name="cohortEnd"/> has had so many days.</summary>
    public static bool OldEnough(DateOnly cohortEnd, int days, AsOf asOf) => cohortEnd.DayNumber + days <= asOf.Day.DayNumber;
}
