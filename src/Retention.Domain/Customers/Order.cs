namespace Retention.Domain.Customers;

/// <summary>A purchase as of the evaluation moment, with its refunds and cancellation applied.</summary>
/// <param name="OccurredAt">UTC ticks.</param>
/// <param name="Day">The local day of the purchase.</param>
/// <param name="Total">As charged; <paramref name="Refunded"/> never exceeds it. Both in ten-thousandths.</param>
/// <param name="Booked">What is booked on the order's own day, by the definition's refund attribution.</param>
/// <param name="Row">The purchase's row in the columns that it was read from.</param>
public readonly record struct Order(long OccurredAt, DateOnly Day, long Total, long Refunded, long Booked, bool Cancelled, int Row)
{
    public long Net => Total - Refunded;

    /// <summary>Neither cancelled nor, when anything was charged, refunded in full.</summary>
    public bool Valid => !Cancelled && (Total == 0 || Refunded < Total);
}

/// <summary>An amount of revenue that is booked on a day of its own, in ten-thousandths; refunds are negative.</summary>
/// <param name="OccurredAt">UTC ticks.</param>
public readonly record struct Booking(long OccurredAt, DateOnly Day, long Amount);
