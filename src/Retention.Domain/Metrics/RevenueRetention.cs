using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <param name="Net">Net revenue of one customer in the period, in ten-thousandths; a negative one counts as 0.</param>
public readonly record struct PeriodRevenue(int Period, long Net);

/// <summary>
/// Revenue of one period against the one before, in ten-thousandths. <paramref name="Contraction"/> and <paramref name="Churned"/> are
/// negative, and the five movements sum to <paramref name="Current"/> − <paramref name="Previous"/>.
/// </summary>
/// <param name="Previous">Σ r′, of the period before.</param>
/// <param name="Current">Σ r, of the period.</param>
/// <param name="New">Revenue of customers who had none in any earlier period.</param>
/// <param name="Reactivated">Revenue of customers who had some earlier, but none in the period before.</param>
/// <param name="Expansion">What customers of both periods brought more than before.</param>
/// <param name="Contraction">What customers of both periods brought less than before.</param>
/// <param name="Churned">What customers of the period before brought in it who bring nothing now.</param>
public record struct RevenueMovements(
    long Previous, long Current, long New, long Reactivated, long Expansion, long Contraction, long Churned) : ICounts<RevenueMovements>
{
    /// <summary>Σ min(r, r′) / Σ r′, 0 … 1; null without revenue in the period before.</summary>
    public readonly double? GrossRetention => Ratio(Previous + Contraction + Churned);

    /// <summary>Σ r of customers with r′ &gt; 0 / Σ r′, without upper bound; null without revenue in the period before.</summary>
    public readonly double? NetRetention => Ratio(Previous + Expansion + Contraction + Churned);

    /// <summary>Net retention with the revenue of reactivated customers added to the numerator.</summary>
    public readonly double? NetRetentionWithReactivations => Ratio(Previous + Reactivated + Expansion + Contraction + Churned);

    public static RevenueMovements operator +(RevenueMovements a, RevenueMovements b) => new(
        a.Previous + b.Previous, a.Current + b.Current, a.New + b.New, a.Reactivated + b.Reactivated, a.Expansion + b.Expansion,
        a.Contraction + b.Contraction, a.Churned + b.Churned);

    public static RevenueMovements operator -(RevenueMovements a, RevenueMovements b) => new(
        a.Previous - b.Previous, a.Current - b.Current, a.New - b.New, a.Reactivated - b.Reactivated, a.Expansion - b.Expansion,
        a.Contraction - b.Contraction, a.Churned - b.Churned);

    private readonly double? Ratio(long kept) => Previous == 0 ? null : (double)kept / Previous;
}

/// <summary>
/// Revenue retention: with r a customer's net revenue in period t and r′ in t − 1, <c>grr = Σ min(r, r′) / Σ r′</c> and
/// <c>nrr = Σ r of customers with r′ &gt; 0 / Σ r′</c>. The movements new, reactivated, expansion, contraction and churned explain the
/// change, <c>Σ r − Σ r′</c>. A customer without revenue in t and t − 1 adds nothing. The terms are those of subscription businesses.
/// </summary>
public static class RevenueRetention
{
    private const int OnStack = 64;

    private static readonly Comparison<PeriodRevenue> ByPeriod = (a, b) => a.Period.CompareTo(b.Period);

    /// <summary>Adds a customer's net revenue by period, wherever it is booked.</summary>
    public static void Contribute(CustomerView customer, Partition partition, DenseCells<RevenueMovements> cells)
    {
        var orders = customer.Orders;
        var elsewhere = customer.Elsewhere;
        var most = orders.Length + elsewhere.Length;
        var revenues = most <= OnStack ? stackalloc PeriodRevenue[most] : new PeriodRevenue[most];
        var count = 0;
        foreach (var order in orders) Book(revenues, ref count, new(partition.IndexOf(order.Day, order.OccurredAt), order.Booked));
        if (!elsewhere.IsEmpty)
        {
            foreach (var booking in elsewhere) revenues[count++] = new(partition.IndexOf(booking.Day, booking.OccurredAt), booking.Amount);
            revenues[..count].Sort(ByPeriod);
            var all = count;
            count = 0;
            for (var i = 0; i < all; i++) Book(revenues, ref count, revenues[i]);
        }
        Contribute(revenues[..count], earlier: false, cells);
    }

    /// <summary>Adds to the last period, or begins the next.</summary>
    private static void Book(Span<PeriodRevenue> revenues, ref int count, PeriodRevenue booked)
    {
        if (count > 0 && revenues[count - 1].Period == booked.Period) revenues[count - 1] = booked with { Net = revenues[count - 1].Net + booked.Net };
        else revenues[count++] = booked;
    }

    /// <summary>
    /// Adds to every period with revenue and, where the next one has none, to that one: a customer churns in the period after the last
    /// revenue, whether or not anything is known of it.
    /// </summary>
    /// <param name="revenues">Ascending by period, each period once; those without revenue may be left out.</param>
    /// <param name="earlier">
    /// Whether the customer had revenue before <paramref name="revenues"/> begin. Revenue in the period just before counts only as a part of them.
    /// </param>
    public static void Contribute(ReadOnlySpan<PeriodRevenue> revenues, bool earlier, DenseCells<RevenueMovements> cells)
    {
        var previous = new PeriodRevenue();
        foreach (var current in revenues)
        {
            if (current.Net <= 0) continue;
            if (previous.Net == 0) Begin(current, earlier, cells);
            else if (previous.Period == current.Period - 1) Continue(previous.Net, current, cells);
            else
            {
                Churn(previous, cells);
                Begin(current, earlier: true, cells);
            }
            previous = current;
        }
        if (previous.Net > 0) Churn(previous, cells);
    }

    private static void Begin(PeriodRevenue current, bool earlier, DenseCells<RevenueMovements> cells)
    {
        ref var movements = ref cells.At(current.Period);
        movements.Current += current.Net;
        if (earlier) movements.Reactivated += current.Net;
        else movements.New += current.Net;
    }

    private static void Continue(long previous, PeriodRevenue current, DenseCells<RevenueMovements> cells)
    {
        ref var movements = ref cells.At(current.Period);
        movements.Previous += previous;
        movements.Current += current.Net;
        if (current.Net > previous) movements.Expansion += current.Net - previous;
        else movements.Contraction += current.Net - previous;
    }

    private static void Churn(PeriodRevenue last, DenseCells<RevenueMovements> cells)
    {
        ref var movements = ref cells.At(last.Period + 1);
        movements.Previous += last.Net;
        movements.Churned -= last.Net;
    }
}
