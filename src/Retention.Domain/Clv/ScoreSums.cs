using System.Numerics;

namespace Retention.Domain.Clv;

/// <summary>
/// Scores of several customers added up. Each is rounded to a 2⁻⁴⁰th first, so that sums are whole numbers: they are the same in
/// whatever order customers are scored, and those of groups add up to the total.
/// </summary>
/// <param name="Unvalued">Customers without an expected value.</param>
public readonly record struct ScoreSums(long Customers, long Unvalued, Int128 Alive, Int128 Purchases, Int128 Revenue, Int128 Value)
    : IAdditionOperators<ScoreSums, ScoreSums, ScoreSums>
{
    private const int Bits = 40;

    /// <summary>Mean P(alive); null without customers.</summary>
    public double? PAlive => PerCustomer(Alive);

    /// <summary>Expected purchase days within the horizon, per customer; null without customers.</summary>
    public double? ExpectedPurchases => PerCustomer(Purchases);

    /// <summary>
    /// Of an expected purchase day, in major units: customers weigh by the purchase days that are expected of them. Null where a customer
    /// has no expected value, or no purchase is expected.
    /// </summary>
    public double? ExpectedAverageValue => Unvalued > 0 || Purchases == 0 ? null : (double)Revenue / (double)Purchases;

    /// <summary>Per customer, in major units; null where a customer has none.</summary>
    public double? Clv => Unvalued > 0 ? null : PerCustomer(Value);

    /// <summary>Of all customers, in major units; null where a customer has none.</summary>
    public double? ClvSum => Unvalued > 0 || Customers == 0 ? null : Math.ScaleB((double)Value, -Bits);

    public static ScoreSums operator +(ScoreSums a, ScoreSums b) => new(
        a.Customers + b.Customers, a.Unvalued + b.Unvalued, a.Alive + b.Alive, a.Purchases + b.Purchases, a.Revenue + b.Revenue, a.Value + b.Value);

    public static ScoreSums Of(Score score) => score.Clv is { } clv && score.ExpectedAverageValue is { } value
        ? new(1, 0, Whole(score.PAlive), Whole(score.ExpectedPurchases), Whole(score.ExpectedPurchases * value), Whole(clv))
        : new(1, 1, Whole(score.PAlive), Whole(score.ExpectedPurchases), 0, 0);

    private static Int128 Whole(double value) => (Int128)Math.Round(Math.ScaleB(value, Bits));

    private double? PerCustomer(Int128 sum) => Customers == 0 ? null : Math.ScaleB((double)sum, -Bits) / Customers;
}
