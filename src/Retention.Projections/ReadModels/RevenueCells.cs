using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Orders, their customers and revenue by period, see <see cref="Revenue"/>.</summary>
public static class RevenueCells
{
    internal static CellTable<int, RevenueCounts> Table { get; } = new(
        "revenue_cells", byGrain: true, [KeyColumn<int>.Period("period", period => period)],
        [
            new("orders", counts => counts.Orders), new("customers", counts => counts.Customers), new("repeaters", counts => counts.Repeaters),
            new("returning_customers", counts => counts.Returning), new("acquired", counts => counts.Acquired),
            new("second_orders", counts => counts.SecondOrders), new("revenue", counts => counts.Revenue),
        ]);

    public static async Task<IReadOnlyList<Group<IReadOnlyDictionary<int, RevenueCounts>>>> ByPeriodAsync(
        Snapshot snapshot, Question question, CancellationToken ct)
    {
        if (snapshot.Maintains(question)) return [new(null, await MaintainedAsync(snapshot, question, ct))];
        var groups = await snapshot.FoldAsync(
            question, () => new DenseCells<RevenueCounts>(), (customer, cells) => Revenue.Contribute(customer, question.Partition, cells), ct);
        return [.. groups.Select(group => new Group<IReadOnlyDictionary<int, RevenueCounts>>(group.Value, group.Cells.ToDictionary()))];
    }

    private static async Task<IReadOnlyDictionary<int, RevenueCounts>> MaintainedAsync(Snapshot snapshot, Question question, CancellationToken ct)
    {
        const string sql = """
            select period, orders, customers, repeaters, returning_customers, acquired, second_orders, revenue
            from {schema}.revenue_cells where tenant_id = $1 and grain = $2
            """;
        var cells = new Cells<int, RevenueCounts>();
        await foreach (var row in snapshot.RowsAsync(sql, [question.GrainName], ct))
            cells.Add(question.Partition.IndexOf(row.GetFieldValue<DateOnly>(0)), new(
                row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7)));
        return cells.ToDictionary();
    }
}
