using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Flows of customers by day, see <see cref="CustomerRetention"/>.</summary>
public static class ActivityCells
{
    internal static CellTable<DateOnly, DailyFlows> Table { get; } = new(
        "activity_cells", [.. KeyColumn<DateOnly>.Slices(), KeyColumn<DateOnly>.Day("day", day => day)],
        [
            new("acquired", flows => flows.Acquired), new("reactivated", flows => flows.Reactivated), new("lapsed", flows => flows.Lapsed),
            new("lapsed_old_day", flows => flows.OldDay), new("lapsed_old_week", flows => flows.OldWeek), new("lapsed_old_month", flows => flows.OldMonth),
            new("lapsed_old_quarter", flows => flows.OldQuarter), new("lapsed_old_year", flows => flows.OldYear), new("regained_week", flows => flows.RegainedWeek),
            new("regained_month", flows => flows.RegainedMonth), new("regained_quarter", flows => flows.RegainedQuarter), new("regained_year", flows => flows.RegainedYear),
        ]);

    /// <summary>The flows in effect at the question's moment, by period.</summary>
    public static async Task<IReadOnlyList<Group<IReadOnlyDictionary<int, ActivityFlows>>>> InEffectAsync(
        Snapshot snapshot, Question question, CancellationToken ct)
    {
        if (snapshot.Maintained(question) is { } slices) return await MaintainedAsync(snapshot, question, slices, ct);
        var groups = await snapshot.FoldAsync(
            question, () => new CustomerRetention.FlowsInEffect(question.AsOf.Day),
            (customer, cells) => CustomerRetention.Contribute(customer, question.Partition, cells), ct);
        return Groups.WithContributions(
            groups.Select(group => new Group<IReadOnlyDictionary<int, ActivityFlows>>(group.Value, group.Cells.ByPeriod.ToDictionary())), question.GroupBy is not null);
    }

    private static Task<IReadOnlyList<Group<IReadOnlyDictionary<int, ActivityFlows>>>> MaintainedAsync(
        Snapshot snapshot, Question question, MaintainedSlices slices, CancellationToken ct)
    {
        var grain = ((Partition.ByGrain)question.Partition).Grain;
        var (old, regained) = ($"lapsed_old_{question.GrainName}", grain == Grain.Day ? "0::bigint" : $"regained_{question.GrainName}");
        // A lapse is in effect once its day is over; see CustomerRetention.FlowsInEffect.
        var sql = $$"""
            select value, day, acquired, reactivated, case when day < $4 then lapsed else 0 end, case when day < $4 then {{old}} else 0 end, {{regained}}
            from {schema}.activity_cells where {{MaintainedSlices.Where}} and day <= $4
            """;
        return slices.ReadAsync(
            snapshot, (sql, [question.AsOf.Day]),
            row => (
                question.Partition.IndexOf(row.GetFieldValue<DateOnly>(1)),
                new ActivityFlows(row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6))),
            ct);
    }
}
