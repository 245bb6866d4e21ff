namespace Retention.Domain.Clv;

/// <summary>How far ahead a forecast looks, and what later money is worth.</summary>
/// <param name="Days">From the day after the end of observation, &gt; 0.</param>
/// <param name="YearlyDiscountRate">
/// d ≥ 0, for 365 days: a value in t days counts (1 + d)^(−t / 365) of itself. 0.1 is 10 % a year.
/// </param>
public readonly record struct Horizon(int Days, double YearlyDiscountRate)
{
    private const double DaysInYear = 365;

    /// <summary>δ = ln(1 + d) / 365: the rate of continuous discounting, for a day.</summary>
    internal double DailyForce => Special.Log1P(YearlyDiscountRate) / DaysInYear;

    internal Horizon Valid() => Days > 0 && YearlyDiscountRate >= 0 && double.IsFinite(YearlyDiscountRate)
        ? this
        : throw new ArgumentOutOfRangeException(null, this, "A horizon has at least a day, and a discount rate of at least 0.");
}
