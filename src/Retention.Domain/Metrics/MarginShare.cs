using Retention.Domain.Customers;

namespace Retention.Domain.Metrics;

/// <summary>Margin over net revenue, both of the orders that state a margin, after refunds in proportion.</summary>
public static class MarginShare
{
    /// <param name="margin">In ten-thousandths, like <paramref name="revenue"/>.</param>
    /// <returns>Null where no order with revenue states a margin.</returns>
    public static double? Of(long margin, long revenue) => revenue <= 0 ? null : (double)((decimal)margin / revenue);

    public static double? Of(CustomerView customer)
    {
        var (sum, revenue) = (0L, 0L);
        foreach (var order in customer.Orders)
        {
            if (customer.MarginOf(order) is not { } margin) continue;
            sum += margin;
            revenue += order.Net;
        }
        return Of(sum, revenue);
    }
}
