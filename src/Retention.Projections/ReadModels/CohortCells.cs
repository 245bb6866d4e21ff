using NpgsqlTypes;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Histograms of cohorts over k, see <see cref="Cohorts"/>.</summary>
public static class CohortCells
{
    internal static CellTable<CohortCell, CohortCounts> Table { get; } = new(
        "cohort_cells", byGrain: true,
        [
            KeyColumn<CohortCell>.Period("cohort", cell => cell.Cohort),
            new("k", NpgsqlDbType.Integer, (keys, _) => keys.ConvertAll(cell => cell.K).ToArray()),
        ],
        [
            new("customers", counts => counts.Customers), new("last_orders", counts => counts.Last), new("second_orders", counts => counts.Second),
            new("orders", counts => counts.Orders), new("revenue", counts => counts.Revenue),
        ]);

    /// <param name="lastColumn">Cells beyond it are summed into one at lastColumn + 1, which suffix sums need.</param>
    public static async Task<IReadOnlyList<Group<IReadOnlyDictionary<CohortCell, CohortCounts>>>> ByCohortAsync(
        Snapshot snapshot, Question question, int lastColumn, CancellationToken ct)
    {
        var cells = new Cells<CohortCell, CohortCounts>();
        if (snapshot.Maintains(question))
        {
            const string sql = """
                select cohort, least(k, $3), sum(customers)::bigint, sum(last_orders)::bigint, sum(second_orders)::bigint, sum(orders)::bigint,
                       sum(revenue)::bigint
                from {schema}.cohort_cells where tenant_id = $1 and grain = $2
                group by 1, 2
                """;
            await foreach (var row in snapshot.RowsAsync(sql, [question.GrainName, lastColumn + 1], ct))
                cells.Add(new(question.Partition.IndexOf(row.GetFieldValue<DateOnly>(0)), row.GetInt32(1)), new(
                    row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6)));
            return [new(null, cells.ToDictionary())];
        }
        var groups = await snapshot.FoldAsync(
            question, () => new CohortGrid(lastColumn), (customer, grid) => Cohorts.Contribute(customer, question.Partition, grid), ct);
        return [.. groups.Select(group => new Group<IReadOnlyDictionary<CohortCell, CohortCounts>>(group.Value, group.Cells.ToDictionary()))];
    }
}
