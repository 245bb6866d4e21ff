using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Answers by instrument, day and score, see <see cref="Feedback"/>.</summary>
public static class AnswerCells
{
    internal static CellTable<AnswerCell, AnswerCounts> Table { get; } = new(
        "answer_cells",
        [
            KeyColumn<AnswerCell>.Text("instrument", cell => NameOf(cell.Instrument)), KeyColumn<AnswerCell>.Day("day", cell => cell.Day),
            KeyColumn<AnswerCell>.Whole("score", cell => cell.Score),
        ],
        [new("responses", counts => counts.Responses)]);

    /// <summary>
    /// Answers and requests, pooled as planned. All answers of everybody come from the maintained days; latest ones, groups and filters are
    /// folds.
    /// </summary>
    /// <param name="question">Its groups are those of the plan, and so are its filters by dimensions of answers.</param>
    public static async Task<FeedbackGroups> PoolAsync(Snapshot snapshot, Question question, FeedbackPlan plan, CancellationToken ct)
    {
        var everybody = question with { GroupBy = null, Selection = question.Selection.Without(FeedbackPlan.OwnDimensions) };
        if (plan is { Dedup: Dedup.All, GroupBy: null, Filters.Count: 0, Own: null } && question.Partition.OfDays
            && snapshot.Maintained(everybody with { Partition = question.Definition.ByDays(Grain.Day) }) is { Dimension: "" })
            return await MaintainedAsync(snapshot, plan, ct);
        var fold = await snapshot.FoldAsync(everybody, () => new FeedbackGroups(plan), (customer, groups) => groups.Add(customer), ct);
        return fold.Single().Cells;
    }

    internal static string NameOf(Instrument instrument) => instrument.ToString().ToLowerInvariant();

    private static async Task<FeedbackGroups> MaintainedAsync(Snapshot snapshot, FeedbackPlan plan, CancellationToken ct)
    {
        var (groups, pooling) = (new FeedbackGroups(plan), plan.Pooling);
        var pools = groups[null];
        const string answers = "select day, score, responses from {schema}.answer_cells where tenant_id = $1 and instrument = $2 and responses <> 0";
        await foreach (var row in snapshot.RowsAsync(answers, [NameOf(plan.Instrument)], ct))
        {
            var (day, score, responses) = (row.GetFieldValue<DateOnly>(0), row.GetInt32(1), row.GetInt64(2));
            pools.Note(pooling.Partition.IndexOf(day), responses);
            pools.Add(pooling.Of(day, 0), score, responses);
            pools.AddBefore(pooling.After(day, 0), score, responses);
        }
        const string requests = """
            select day, requested, bounced, answered from {schema}.request_cells where tenant_id = $1 and instrument = $2 and requested <> 0
            """;
        await foreach (var row in snapshot.RowsAsync(requests, [NameOf(plan.Instrument)], ct))
        {
            var day = row.GetFieldValue<DateOnly>(0);
            pools.Note(pooling.Partition.IndexOf(day));
            pools.Add(pooling.Of(day, 0), new RequestCounts(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)));
        }
        return groups;
    }
}
