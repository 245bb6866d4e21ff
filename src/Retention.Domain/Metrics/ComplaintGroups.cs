using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>How complaints are counted and grouped.</summary>
/// <param name="Before">The evaluation moment, in UTC ticks.</param>
/// <param name="GroupBy">One of <see cref="Dimensions"/>; null for one group of all.</param>
public sealed record ComplaintPlan(Partition Partition, ServiceRules Rules, long Before, string? GroupBy)
{
    private const string Channel = "channel";
    private const string Category = "category";
    private const string Product = "product";

    /// <summary>The groups that are shown, and what all others are together; null where every group is shown.</summary>
    public (IReadOnlyList<string?> Shown, string Others)? Merged { get; init; }

    /// <summary>The complaint's own channel and category, products of the order that it names, and dimensions of the customer.</summary>
    public static IReadOnlyList<string> Dimensions { get; } = [Channel, Category, Product, "customerChannel", "country", "campaign", "tier"];

    /// <summary>A dimension of the complaint's own and the value of the complaints that count, of products with the orders of that one; null for all.</summary>
    public (string Dimension, string? Value)? Own { get; init; }

    /// <summary>The dimension of the customer that groups; null where none does.</summary>
    public string? OfCustomer => GroupBy is null ? null : OfCustomers(GroupBy);

    public bool ByProduct => GroupBy == Product;

    /// <summary>Whether lines of orders are read.</summary>
    public bool NamesProducts => ByProduct || Own is (Product, _);

    /// <summary>The dimension of customers that one of <see cref="Dimensions"/> is; null for one of the complaint's own.</summary>
    public static string? OfCustomers(string dimension) => dimension switch
    {
        Channel or Category or Product => null,
        "customerChannel" => "channel",
        _ => dimension,
    };

    /// <summary>Whether something counts that has values of a dimension of its own.</summary>
    public bool Includes(Func<string, List<string?>> valuesOf) => Own is not var (dimension, value) || valuesOf(dimension).Contains(value);

    /// <summary>The groups of something that has several values: each once, however many of its values one group holds.</summary>
    public List<string?> GroupsOf(List<string?> values) =>
        Merged is not var (shown, others) ? values : [.. values.Select(value => shown.Contains(value) ? value : others).Distinct()];

    /// <summary>Whether a group of complaints is one of all orders, rather than of orders of its own.</summary>
    public bool OverAllOrders => GroupBy is Channel or Category;
}

/// <summary>
/// The complaints of all groups, and orders to set them in proportion to: of a customer's dimension those of its customers, of a complaint's
/// channel or category all orders, of a product the orders that have it. A complaint about an order of several products is one of each.
/// </summary>
public sealed class ComplaintGroups(ComplaintPlan plan) : IMergeable<ComplaintGroups>
{
    private readonly Grouped<ComplaintRows> groups = new(() => new());
    private readonly DenseCells<Tally> orders = new();

    /// <summary>Groups in order of their values, that without one last; one of everybody where nothing groups.</summary>
    public IReadOnlyList<(string? Value, ComplaintRows Rows)> All => plan.GroupBy is null ? [(null, groups[null])] : groups.All;

    /// <summary>The orders that a group is set in proportion to, by row.</summary>
    public DenseCells<Tally> OrdersOf(ComplaintRows group) => plan.OverAllOrders ? orders : group.Orders;

    public void Add(ComplaintGroups others)
    {
        groups.Add(others.groups);
        orders.Add(others.orders);
    }

    public void Add(CustomerView customer)
    {
        var own = plan.OfCustomer is { } dimension ? customer.DimensionOf(dimension) : null;
        AddOrders(customer, own);
        foreach (var complaint in customer.Complaints)
        {
            if (!plan.Includes(dimension => ValuesOf(customer, complaint, dimension)!)) continue;
            foreach (var value in plan.GroupsOf(ValuesOf(customer, complaint, plan.GroupBy) ?? [own]))
                Complaints.Contribute(complaint, at => plan.Partition.IndexOf(customer.DayOf(at), at), (plan.Rules, plan.Before), groups[value]);
        }
    }

    private void AddOrders(CustomerView customer, string? own)
    {
        if (customer.Orders.IsEmpty) return;
        var cells = plan.OverAllOrders ? orders : plan.ByProduct ? null : groups[own].Orders;
        foreach (var order in customer.Orders)
        {
            // Complaints without a product are set in proportion to no orders; those of a channel or category to all.
            if (plan.Own is ("product", var sold) && (sold is null || !SkusOf(customer.DetailsOf(order)).Contains(sold))) continue;
            var row = plan.Partition.IndexOf(order.Day, order.OccurredAt);
            if (cells is not null) cells.At(row).Count++;
            else foreach (var sku in plan.GroupsOf(SkusOf(customer.DetailsOf(order)))) groups[sku].Orders.At(row).Count++;
        }
    }

    /// <summary>Values of a dimension of the complaint's own; null for one that is none.</summary>
    private static List<string?>? ValuesOf(CustomerView customer, Complaint complaint, string? dimension) => dimension switch
    {
        "channel" => [complaint.Receipt.Channel],
        "category" => [complaint.Receipt.Category],
        "product" => complaint.Receipt.Order is { } order && SkusOf(customer.DetailsOf(order)) is { Count: > 0 } skus ? skus : [null],
        _ => null,
    };

    private static List<string?> SkusOf(PurchaseDetails? details) =>
        details is null ? [] : [.. details.Lines.Select(line => line.Sku).Where(sku => sku.Length > 0).Distinct()];
}
