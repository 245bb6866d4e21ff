using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Clv;

/// <summary>A customer as the models see one.</summary>
/// <param name="Frequency">x: purchase days after the first.</param>
/// <param name="AgeAtLastPurchase">t_x, in days.</param>
/// <param name="Age">T, in days to the end of observation.</param>
/// <param name="MeanRepeatValue">Mean net value of the repeat purchase days, in major units; null without any.</param>
public readonly record struct CustomerPurchases(int Frequency, int AgeAtLastPurchase, int Age, double? MeanRepeatValue = null)
{
    public PurchasePattern Pattern => new(Frequency, AgeAtLastPurchase, Age);

    /// <summary>
    /// What the valid orders of a customer amount to: several of one local day are one purchase day, and refunds are taken off first,
    /// wherever they are booked.
    /// </summary>
    /// <param name="observationEnd">The last day observed; the view ends with it.</param>
    /// <returns>Null without a valid order.</returns>
    public static CustomerPurchases? Of(CustomerView customer, DateOnly observationEnd)
    {
        if (PurchaseDays.Of(customer.Orders) is not { } days) return null;
        return new CustomerPurchases(
            days.Repeats, days.Last.DayNumber - days.First.DayNumber, observationEnd.DayNumber - days.First.DayNumber,
            days.Repeats == 0 ? null : (double)((decimal)days.RepeatValue / Currency.Scale / days.Repeats));
    }
}

/// <summary>The purchase days of one customer.</summary>
/// <param name="Repeats">Purchase days after the first: x.</param>
/// <param name="RepeatValue">Net value of the repeat purchase days, in ten-thousandths.</param>
public readonly record struct PurchaseDays(DateOnly First, DateOnly Last, int Repeats, long RepeatValue)
{
    /// <param name="orders">Valid orders in order of time.</param>
    /// <returns>Null without orders.</returns>
    public static PurchaseDays? Of(ReadOnlySpan<Order> orders)
    {
        if (orders.IsEmpty) return null;
        var (first, last, beforeLast) = (orders[0].Day, orders[0].Day, DateOnly.MinValue);
        var (days, all, onFirst) = (0, 0L, 0L);
        foreach (var (_, day, total, refunded, _, _, _) in orders)
        {
            // A clock that goes back over midnight returns to the day before.
            if (days == 0 || (day != last && day != beforeLast)) days++;
            if (day > last) (last, beforeLast) = (day, last);
            else if (day < last) beforeLast = day;
            if (day < first) (first, onFirst) = (day, 0);
            all += total - refunded;
            if (day == first) onFirst += total - refunded;
        }
        return new PurchaseDays(first, last, days - 1, all - onFirst);
    }

    /// <summary>How many purchase days lie after one day and up to another.</summary>
    public static int Count(ReadOnlySpan<Order> orders, DateOnly after, DateOnly upTo)
    {
        var (count, last, beforeLast) = (0, DateOnly.MinValue, DateOnly.MinValue);
        foreach (var order in orders)
        {
            if (order.Day <= after || order.Day > upTo || (count > 0 && (order.Day == last || order.Day == beforeLast))) continue;
            (count, last, beforeLast) = (count + 1, order.Day, last);
        }
        return count;
    }
}
