namespace Retention.Domain.Clv;

/// <summary>What a model expects of a customer within a horizon.</summary>
/// <param name="PAlive">
/// The probability of still being active at the end of observation. Meaningless at <see cref="Boundary.NoDropout"/>; always 1 for
/// <see cref="BgNbd"/> with x = 0.
/// </param>
/// <param name="ExpectedPurchases">Purchase days within the horizon, dropout before and during it counted in.</param>
/// <param name="BuysAgain">The probability of at least one purchase day within the horizon.</param>
/// <param name="ExpectedAverageValue">Of a further purchase day, in major units; null without a model of value or where it is infinite.</param>
/// <param name="Clv">
/// Net revenue expected within the horizon, discounted to the end of observation: the expected discounted purchase days times their
/// expected value. What the customer has spent before is not in it.
/// </param>
/// <param name="NextPurchase">If the customer is active and buys again; null where the median lies beyond a century.</param>
public readonly record struct Score(
    double PAlive, double ExpectedPurchases, double BuysAgain, double? ExpectedAverageValue, double? Clv, NextPurchase? NextPurchase)
{
    /// <summary>clv × (1 − P(alive)): the order of the list of customers at risk.</summary>
    public double? ExpectedLoss => Clv * (1 - PAlive);

    internal static Score Of(double logDropped, Outlook outlook, double? value)
    {
        // The chance to be active is part of K, and so this is at most 1 but for rounding.
        var alive = Math.Min(1, 1 / (Math.Exp(logDropped - outlook.LogAlive) + Math.Exp(outlook.LogKept - outlook.LogAlive)));
        return new Score(
            alive, alive * outlook.Purchases, alive * outlook.BuysAgain, value, value * alive * outlook.DiscountedPurchases, outlook.Next);
    }
}
