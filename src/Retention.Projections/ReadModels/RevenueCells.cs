using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Orders, their customers and revenue by period, see <see cref="Revenue"/>.</summary>
public static class RevenueCells
{
    internal static CellTable<(Grain Grain, int Period), RevenueCounts> Table { get; } = new(
        "revenue_cells",
        [
            KeyColumn<(Grain Grain, int Period)>.Grain(key => key.Grain), .. KeyColumn<(Grain, int)>.Slices(),
            KeyColumn<(Grain Grain, int Period)>.Period("period", key => key),
        ],
        [
            new("orders", counts => counts.Orders), new("customers", counts => counts.Customers), new("repeaters", counts => counts.Repeaters),
            new("returning_customers", counts => counts.Returning), new("acquired", counts => counts.Acquired),
            new("second_orders", counts => counts.SecondOrders), new("revenue", counts => counts.Revenue),
        ]);

    public static async Task<IReadOnlyList<Group<IReadOnlyDictionary<int, RevenueCounts>>>> ByPeriodAsync(
        Snapshot snapshot, Question question, CancellationToken ct)
    {
        if (snapshot.Maintained(question) is { } slices) return await MaintainedAsync(snapshot, question, slices, ct);
        var groups = await snapshot.FoldAsync(
            question, () => new DenseCells<RevenueCounts>(), (customer, cells) => Revenue.Contribute(customer, question.Partition, cells), ct);
        return Groups.WithContributions(
            groups.Select(group => new Group<IReadOnlyDictionary<int, RevenueCounts>>(group.Value, group.Cells.ToDictionary())), question.GroupBy is not null);
    }

    private static Task<IReadOnlyList<Group<IReadOnlyDictionary<int, RevenueCounts>>>> MaintainedAsync(
        Snapshot snapshot, Question question, MaintainedSlices slices, CancellationToken ct)
    {
        const string sql = $$"""
            select value, period, orders, customers, repeaters, returning_customers, acquired, second_orders, revenue
            from {schema}.revenue_cells where {{MaintainedSlices.Where}} and grain = $4
            """;
        return slices.ReadAsync(
            snapshot, (sql, [question.GrainName]),
            row => (
                question.Partition.IndexOf(row.GetFieldValue<DateOnly>(1)),
                new RevenueCounts(row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8))),
            ct);
    }
}
