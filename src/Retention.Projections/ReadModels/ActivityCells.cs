using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Flows of customers by period and day, see <see cref="CustomerRetention"/>.</summary>
public static class ActivityCells
{
    internal static CellTable<ActivityCell, ActivityFlows> Table { get; } = new(
        "activity_cells", byGrain: true,
        [KeyColumn<ActivityCell>.Period("period", cell => cell.Period), KeyColumn<ActivityCell>.Day("day", cell => cell.Day)],
        [
            new("acquired", flows => flows.Acquired), new("reactivated", flows => flows.Reactivated), new("lapsed", flows => flows.Lapsed),
            new("lapsed_old", flows => flows.LapsedOld), new("regained", flows => flows.Regained),
        ]);

    /// <summary>The flows in effect at the question's moment, by period.</summary>
    public static async Task<IReadOnlyList<Group<IReadOnlyDictionary<int, ActivityFlows>>>> InEffectAsync(
        Snapshot snapshot, Question question, CancellationToken ct)
    {
        if (snapshot.Maintains(question)) return [new(null, await MaintainedAsync(snapshot, question, ct))];
        var groups = await snapshot.FoldAsync(
            question, () => new CustomerRetention.FlowsInEffect(question.AsOf.Day),
            (customer, cells) => CustomerRetention.Contribute(customer, question.Partition, cells), ct);
        return [.. groups.Select(group => new Group<IReadOnlyDictionary<int, ActivityFlows>>(group.Value, group.Cells.ByPeriod.ToDictionary()))];
    }

    private static async Task<IReadOnlyDictionary<int, ActivityFlows>> MaintainedAsync(Snapshot snapshot, Question question, CancellationToken ct)
    {
        // A lapse is in effect once its day is over; see CustomerRetention.InEffect.
        const string sql = """
            select period, sum(acquired)::bigint, sum(reactivated)::bigint,
                   coalesce(sum(lapsed) filter (where day < $3), 0)::bigint, coalesce(sum(lapsed_old) filter (where day < $3), 0)::bigint,
                   sum(regained)::bigint
            from {schema}.activity_cells where tenant_id = $1 and grain = $2 and day <= $3
            group by period
            """;
        var flows = new Dictionary<int, ActivityFlows>();
        await foreach (var row in snapshot.RowsAsync(sql, [question.GrainName, question.AsOf.Day], ct))
            flows[question.Partition.IndexOf(row.GetFieldValue<DateOnly>(0))] =
                new(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5));
        return flows;
    }
}
