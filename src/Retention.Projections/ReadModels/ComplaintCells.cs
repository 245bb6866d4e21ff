using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Complaints by day, see <see cref="Complaints"/>.</summary>
public static class ComplaintCells
{
    internal static CellTable<DateOnly, ComplaintCounts> Table { get; } = new(
        "complaint_cells", [KeyColumn<DateOnly>.Day("day", day => day)],
        [new("received", counts => counts.Received), new("replied", counts => counts.Replied), new("resolved", counts => counts.Resolved)]);

    public static async Task<IReadOnlyDictionary<int, ComplaintCounts>> ByPeriodAsync(Snapshot snapshot, Question question, CancellationToken ct)
    {
        var periods = new Cells<int, ComplaintCounts>();
        if (snapshot.Maintained(question with { Partition = question.Definition.By(Grain.Day) }) is { Dimension: "" })
        {
            const string sql = "select day, received, replied, resolved from {schema}.complaint_cells where tenant_id = $1";
            await foreach (var row in snapshot.RowsAsync(sql, [], ct))
                periods.Add(question.Partition.IndexOf(row.GetFieldValue<DateOnly>(0)), new(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)));
            return periods.ToDictionary();
        }
        var days = (await snapshot.FoldAsync(question, () => new Cells<DateOnly, ComplaintCounts>(), Complaints.Contribute, ct)).Single().Cells;
        foreach (var (day, counts) in days) periods.Add(question.Partition.IndexOf(day), counts);
        return periods.ToDictionary();
    }
}
