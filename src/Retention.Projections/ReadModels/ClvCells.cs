using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Net revenue of cohorts, in total and within windows, see <see cref="HistoricClv"/>.</summary>
public static class ClvCells
{
    internal static CellTable<(Grain Grain, int Cohort), ClvCounts> Table { get; } = new(
        "clv_cells",
        [
            KeyColumn<(Grain Grain, int Cohort)>.Grain(key => key.Grain), .. KeyColumn<(Grain, int)>.Slices(),
            KeyColumn<(Grain Grain, int Cohort)>.Period("cohort", key => key),
        ],
        [
            new("customers", counts => counts.Customers), new("revenue", counts => counts.Revenue), new("margin", counts => counts.Margin),
            new("margin_revenue", counts => counts.MarginRevenue), new("within_30", counts => counts.Within30),
            new("within_60", counts => counts.Within60), new("within_90", counts => counts.Within90),
            new("within_180", counts => counts.Within180), new("within_365", counts => counts.Within365),
        ]);

    public static async Task<IReadOnlyList<Group<IReadOnlyDictionary<int, ClvCounts>>>> ByCohortAsync(
        Snapshot snapshot, Question question, CancellationToken ct)
    {
        if (question.Partition is Partition.ByGrain { Grain: var grain } && MaintainedCells.ClvGrains.Contains(grain)
            && snapshot.Maintained(question) is { } slices)
            return await MaintainedAsync(snapshot, question, slices, ct);
        var groups = await snapshot.FoldAsync(
            question, () => new DenseCells<ClvCounts>(), (customer, sums) => HistoricClv.Contribute(customer, question.Partition, sums), ct);
        return Groups.WithContributions(
            groups.Select(group => new Group<IReadOnlyDictionary<int, ClvCounts>>(group.Value, group.Cells.ToDictionary())), question.GroupBy is not null);
    }

    private static Task<IReadOnlyList<Group<IReadOnlyDictionary<int, ClvCounts>>>> MaintainedAsync(
        Snapshot snapshot, Question question, MaintainedSlices slices, CancellationToken ct)
    {
        const string sql = $$"""
            select value, cohort, customers, revenue, margin, margin_revenue, within_30, within_60, within_90, within_180, within_365
            from {schema}.clv_cells where {{MaintainedSlices.Where}} and grain = $4
            """;
        return slices.ReadAsync(
            snapshot, (sql, [question.GrainName]),
            row => (
                question.Partition.IndexOf(row.GetFieldValue<DateOnly>(1)),
                new ClvCounts(
                    row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8),
                    row.GetInt64(9), row.GetInt64(10))),
            ct);
    }
}
