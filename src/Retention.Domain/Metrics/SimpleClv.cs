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
