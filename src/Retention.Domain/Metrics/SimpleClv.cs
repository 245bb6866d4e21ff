using Retention.Domain.Customers;

namespace Retention.Domain.Metrics;

/// <summary>
/// The simple customer lifetime value over a stated window, <c>ARPA × margin / churn</c>: what an account brings in in the window, times
/// the share of it that remains, times the number of windows that an account lives for if the churn stays as it is. With a constant
/// retention rate and without discounting, that is the sum of the geometric series of Berger &amp; Nasr (1998), Journal of Interactive
/// Marketing 12(1), its first window included. It is a mean over unlike customers: the predictive models do better.
/// </summary>
/// <param name="Revenue">Net revenue booked in the window, in ten-thousandths.</param>
/// <param name="Accounts">Customers active at any time in the window.</param>
/// <param name="Margin">Share of revenue, such as 0.4; null where no order states one.</param>
/// <param name="Opening">Customers active at the window's start.</param>
/// <param name="Lost">Of them, those not active at its end.</param>
public sealed record SimpleClv(long Revenue, long Accounts, decimal? Margin, long Opening, long Lost)
{
    /// <summary>Average revenue per account, in ten-thousandths; null without accounts.</summary>
    public decimal? Arpa => Accounts == 0 ? null : (decimal)Revenue / Accounts;

    /// <summary>Of one window, 0 … 1; null when nobody was active at its start.</summary>
    public decimal? Churn => Opening == 0 ? null : (decimal)Lost / Opening;

    /// <summary>
    /// In ten-thousandths; null at zero churn, where the value has no bound, and where the revenue per account, the margin or the churn
    /// is unknown.
    /// </summary>
    public decimal? Value => Lost == 0 || Opening == 0 ? null : Arpa * Margin * Opening / Lost;
}

/// <summary>What a <see cref="SimpleClv"/> over the window [from, to) is made of; amounts in ten-thousandths.</summary>
/// <param name="Margin">Margin of the window's orders that state one, after refunds in proportion.</param>
/// <param name="MarginRevenue">Net revenue of these orders.</param>
public readonly record struct SimpleClvCounts(long Revenue, long Accounts, long Margin, long MarginRevenue, long Opening, long Lost) : ICounts<SimpleClvCounts>
{
    public static SimpleClvCounts operator +(SimpleClvCounts a, SimpleClvCounts b) => new(
        a.Revenue + b.Revenue, a.Accounts + b.Accounts, a.Margin + b.Margin, a.MarginRevenue + b.MarginRevenue, a.Opening + b.Opening, a.Lost + b.Lost);

    public static SimpleClvCounts operator -(SimpleClvCounts a, SimpleClvCounts b) => new(
        a.Revenue - b.Revenue, a.Accounts - b.Accounts, a.Margin - b.Margin, a.MarginRevenue - b.MarginRevenue, a.Opening - b.Opening, a.Lost - b.Lost);

    /// <summary>What one customer contributes; a window that ends by the moment of the view is whole.</summary>
    public static SimpleClvCounts Of(CustomerView customer, DateOnly from, DateOnly to)
    {
        var counts = default(SimpleClvCounts);
        foreach (var order in customer.Orders)
        {
            if (order.Day < from || order.Day >= to) continue;
            counts += new SimpleClvCounts { Revenue = order.Booked };
            if (customer.MarginOf(order) is { } margin) counts += new SimpleClvCounts { Margin = margin, MarginRevenue = order.Net };
        }
        foreach (var (_, day, amount) in customer.Elsewhere)
        {
            if (from <= day && day < to) counts += new SimpleClvCounts { Revenue = amount };
        }
        var (opening, closing, within) = (false, false, false);
        foreach (var span in customer.Spans)
        {
            opening |= span.ActiveAt(from);
            closing |= span.ActiveAt(to);
            within |= span.Start < to && span.End > from;
        }
        return counts + new SimpleClvCounts { Accounts = within || opening ? 1 : 0, Opening = opening ? 1 : 0, Lost = opening && !closing ? 1 : 0 };
    }

    /// <param name="margin">The share to count with; null for that of the orders that state one.</param>
    public SimpleClv Of(decimal? margin) => new(Revenue, Accounts, margin ?? (MarginRevenue > 0 ? (decimal)Margin / MarginRevenue : null), Opening, Lost);
}
