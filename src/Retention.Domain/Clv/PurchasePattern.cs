namespace Retention.Domain.Clv;

/// <summary>
/// All that the purchase models know of a customer, and how many customers have it. Several orders of one day are one purchase day, and
/// refunds are netted before.
/// </summary>
/// <param name="Frequency">x: purchase days after the first, 0 … 65 535.</param>
/// <param name="AgeAtLastPurchase">t_x: days from the first purchase day to the last; 0 exactly where x = 0.</param>
/// <param name="Age">T: days from the first purchase day to the end of observation, inclusive; t_x … 16 777 215.</param>
public readonly record struct PurchasePattern(int Frequency, int AgeAtLastPurchase, int Age, long Customers = 1)
{
    /// <exception cref="ArgumentOutOfRangeException">No customer can have it.</exception>
    internal PurchasePattern Valid() =>
        Frequency is >= 0 and <= 65_535 && AgeAtLastPurchase >= Frequency && AgeAtLastPurchase > 0 == Frequency > 0 &&
        Age >= AgeAtLastPurchase && Age < 1 << 24 && Customers > 0
            ? this
            : throw new ArgumentOutOfRangeException(null, this, "No customer can have this pattern of purchases.");
}

/// <summary>
/// How many customers have this first and last purchase day and so many purchase days between. These counts do not age: they give the
/// patterns for every end of observation on or after the last event; for earlier ends the histories are folded.
/// </summary>
/// <param name="Frequency">x: purchase days after the first.</param>
public readonly record struct PurchaseSpan(DateOnly FirstDay, DateOnly LastDay, int Frequency, long Customers)
{
    /// <param name="observationEnd">The last day observed, on or after the last event of all.</param>
    /// <exception cref="ArgumentOutOfRangeException">A purchase lies after the end.</exception>
    public PurchasePattern SeenOn(DateOnly observationEnd) =>
        new PurchasePattern(Frequency, LastDay.DayNumber - FirstDay.DayNumber, observationEnd.DayNumber - FirstDay.DayNumber, Customers).Valid();
}
