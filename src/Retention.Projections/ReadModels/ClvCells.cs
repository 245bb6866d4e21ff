using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Net revenue of cohorts, in total and within windows, see <see cref="HistoricClv"/>.</summary>
public static class ClvCells
{
    internal static CellTable<int, ClvCounts> Table { get; } = new(
        "clv_cells", byGrain: true, [KeyColumn<int>.Period("cohort", cohort => cohort)],
        [
            new("customers", counts => counts.Customers), new("revenue", counts => counts.Revenue), new("margin", counts => counts.Margin),
            new("margin_revenue", counts => counts.MarginRevenue), new("within_30", counts => counts.Within30),
            new("within_60", counts => counts.Within60), new("within_90", counts => counts.Within90),
            new("within_180", counts => counts.Within180), new("within_365", counts => counts.Within365),
        ]);

    public static async Task<IReadOnlyList<Group<IReadOnlyDictionary<int, ClvCounts>>>> ByCohortAsync(
        Snapshot snapshot, Question question, CancellationToken ct)
    {
        if (!snapshot.Maintains(question))
        {
            var groups = await snapshot.FoldAsync(
                question, () => new DenseCells<ClvCounts>(), (customer, sums) => HistoricClv.Contribute(customer, question.Partition, sums), ct);
            return [.. groups.Select(group => new Group<IReadOnlyDictionary<int, ClvCounts>>(group.Value, group.Cells.ToDictionary()))];
        }
        var cells = new Cells<int, ClvCounts>();
        const string sql = """
            select cohort, customers, revenue, margin, margin_revenue, within_30, within_60, within_90, within_180, within_365
            from {schema}.clv_cells where tenant_id = $1 and grain = $2
            """;
        await foreach (var row in snapshot.RowsAsync(sql, [question.GrainName], ct))
            cells.Add(question.Partition.IndexOf(row.GetFieldValue<DateOnly>(0)), new(
                row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7),
                row.GetInt64(8), row.GetInt64(9)));
        return [new(null, cells.ToDictionary())];
    }
}
