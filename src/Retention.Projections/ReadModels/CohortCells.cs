using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Histograms of cohorts over k, see <see cref="Cohorts"/>.</summary>
public static class CohortCells
{
    internal static CellTable<(Grain Grain, CohortCell Cell), CohortCounts> Table { get; } = new(
        "cohort_cells",
        [
            KeyColumn<(Grain Grain, CohortCell Cell)>.Grain(key => key.Grain), .. KeyColumn<(Grain, CohortCell)>.Slices(),
            KeyColumn<(Grain Grain, CohortCell Cell)>.Period("cohort", key => (key.Grain, key.Cell.Cohort)),
            KeyColumn<(Grain Grain, CohortCell Cell)>.Whole("k", key => key.Cell.K),
        ],
        [
            new("customers", counts => counts.Customers), new("last_orders", counts => counts.Last), new("second_orders", counts => counts.Second),
            new("orders", counts => counts.Orders), new("revenue", counts => counts.Revenue),
        ]);

    /// <param name="asked">Follows from histograms. Cells beyond its last column are summed into one behind it, which suffix sums need.</param>
    public static async Task<IReadOnlyList<Group<IReadOnlyDictionary<CohortCell, CohortCounts>>>> ByCohortAsync(
        Snapshot snapshot, Question question, CohortQuestion asked, CancellationToken ct)
    {
        var lastColumn = asked.Columns.LastPeriod;
        if (question.Partition is Partition.ByGrain { Grain: var grain } && lastColumn <= MaintainedCells.LastColumn(grain)
            && snapshot.Maintained(question) is { } slices && (slices.Dimension == "" || !asked.NamesLastOrders))
            return await MaintainedAsync(snapshot, question, lastColumn, slices, ct);
        var groups = await snapshot.FoldAsync(
            question, () => new CohortGrid(lastColumn), (customer, grid) => Cohorts.Contribute(customer, question.Partition, grid), ct);
        return Groups.WithContributions(
            groups.Select(group => new Group<IReadOnlyDictionary<CohortCell, CohortCounts>>(group.Value, group.Cells.ToDictionary())), question.GroupBy is not null);
    }

    private static Task<IReadOnlyList<Group<IReadOnlyDictionary<CohortCell, CohortCounts>>>> MaintainedAsync(
        Snapshot snapshot, Question question, int lastColumn, MaintainedSlices slices, CancellationToken ct)
    {
        const string sql = $$"""
            select value, cohort, least(k, $5), sum(customers)::bigint, sum(last_orders)::bigint, sum(second_orders)::bigint, sum(orders)::bigint,
                   sum(revenue)::bigint
            from {schema}.cohort_cells where {{MaintainedSlices.Where}} and grain = $4
            group by 1, 2, 3
            """;
        return slices.ReadAsync(
            snapshot, (sql, [question.GrainName, lastColumn + 1]),
            row => (
                new CohortCell(question.Partition.IndexOf(row.GetFieldValue<DateOnly>(1)), row.GetInt32(2)),
                new CohortCounts(row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7))),
            ct);
    }
}
