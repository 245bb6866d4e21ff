namespace Retention.Domain.Clv;

/// <summary>
/// What a model expects of the customers with one (x, T) who are still active at the end of observation. Only P(alive) depends on t_x,
/// and so this is computed once for all who share the pair.
/// </summary>
/// <param name="LogAlive">ln of the likelihood's part of being active at T, but for the factor f(x).</param>
/// <param name="LogKept">ln K(x, T): P(alive) = alive / (D + K).</param>
/// <param name="Purchases">Expected purchase days within the horizon.</param>
/// <param name="DiscountedPurchases">The same, each discounted to the end of observation.</param>
/// <param name="BuysAgain">The probability of at least one purchase day within the horizon.</param>
/// <param name="Next">Null where the model puts the median beyond a century.</param>
internal readonly record struct Outlook(
    double LogAlive, double LogKept, double Purchases, double DiscountedPurchases, double BuysAgain, NextPurchase? Next);

/// <summary>
/// When a customer who is active and will buy again does so, in days after the end of observation. The waiting time has a heavy tail and,
/// for x = 0, often no mean: the median is served, and the interval in which four of five such customers buy.
/// </summary>
/// <param name="Low">The 10 % quantile.</param>
/// <param name="High">The 90 % quantile; null where it is beyond a century.</param>
public readonly record struct NextPurchase(double Median, double Low, double? High)
{
    private const double Century = 36_525;

    internal static NextPurchase? Of(double median, double low, double high) =>
        median <= Century ? new NextPurchase(median, low, high <= Century ? high : null) : null;
}
