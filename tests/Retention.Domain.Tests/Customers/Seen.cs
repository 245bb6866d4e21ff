using Retention.Domain.Customers;

namespace Retention.Domain.Tests.Customers;

/// <summary>What a view shows, as lists.</summary>
internal static class Seen
{
    public static IReadOnlyList<Order> OrdersSeen(this CustomerView view) => view.Orders.ToArray();

    public static IReadOnlyList<Span> SpansSeen(this CustomerView view) => view.Spans.ToArray();

    /// <summary>Valid and invalid.</summary>
    public static IReadOnlyList<Order> AllOrders(this CustomerView view) => [.. view.Orders, .. view.Invalid];

    /// <summary>Revenue by day.</summary>
    public static IReadOnlyList<(DateOnly Day, long Amount)> Bookings(this CustomerView view) =>
        [.. view.Orders.ToArray().Select(order => (order.Day, order.Booked)).Concat(view.Elsewhere.ToArray().Select(booking => (booking.Day, booking.Amount)))
            .OrderBy(booking => booking.Day)];
}
