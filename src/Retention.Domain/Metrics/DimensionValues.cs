using Retention.Domain.Customers;

namespace Retention.Domain.Metrics;

/// <summary>Whom a filter for one value chooses.</summary>
/// <param name="Customers">With a valid order.</param>
/// <param name="Everybody">Those included who have not bought.</param>
public readonly record struct ValueCounts(long Customers, long Everybody) : ICounts<ValueCounts>
{
    public static ValueCounts operator +(ValueCounts a, ValueCounts b) => new(a.Customers + b.Customers, a.Everybody + b.Everybody);

    public static ValueCounts operator -(ValueCounts a, ValueCounts b) => new(a.Customers - b.Customers, a.Everybody - b.Everybody);
}

/// <summary>
/// The values of a dimension and how many customers have each, as filters read them: an attribute or the channel has at most one value for
/// a customer, <c>product</c> and <c>discountCode</c> all those of the valid orders.
/// </summary>
public static class DimensionValues
{
    /// <summary>Whether the values are in the lines and codes of orders.</summary>
    public static bool IsOfDetails(string dimension) => dimension is "product" or "discountCode";

    /// <param name="customer">With the details of its orders where <see cref="IsOfDetails"/>.</param>
    public static void Contribute(CustomerView customer, string dimension, Cells<string, ValueCounts> cells)
    {
        var counts = new ValueCounts(customer.Orders.IsEmpty ? 0 : 1, 1);
        if (!IsOfDetails(dimension))
        {
            if (customer.DimensionOf(dimension) is { } value) cells.Add(value, counts);
            return;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var order in customer.Orders)
        {
            if (customer.DetailsOf(order) is not { } details) continue;
            foreach (var value in dimension == "product" ? details.Lines.Select(line => line.Sku).Where(sku => sku != "") : details.Codes)
            {
                if (seen.Add(value)) cells.Add(value, counts);
            }
        }
    }
}
