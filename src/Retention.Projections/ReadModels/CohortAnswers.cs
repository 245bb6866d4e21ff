using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Sums of cohorts for any question about them: from histograms, maintained or folded, where these answer it, else by a fold of their own.</summary>
public static class CohortAnswers
{
    /// <param name="frame">Over the question's definition, periods and moment.</param>
    /// <returns>Where customers are grouped, only groups of which somebody is in a cohort.</returns>
    public static async Task<IReadOnlyList<Group<CohortSums>>> ByGroupAsync(
        Snapshot snapshot, Question question, CohortFrame frame, CancellationToken ct)
    {
        if (frame.Asked.FollowsFromHistograms)
        {
            var histograms = await CohortCells.ByCohortAsync(snapshot, question, frame.Asked, ct);
            return Answered(histograms.Select(group => new Group<CohortSums>(group.Value, Cohorts.Sums(group.Cells, frame))), question);
        }
        var folds = await snapshot.FoldAsync(question, () => new CohortFold(frame), (customer, fold) => fold.Add(customer), ct);
        return Answered(folds.Select(group => new Group<CohortSums>(group.Value, group.Cells.Sums)), question);
    }

    private static IReadOnlyList<Group<CohortSums>> Answered(IEnumerable<Group<CohortSums>> groups, Question question) =>
        [.. groups.Where(group => question.GroupBy is null || group.Cells.ByCohort.Count > 0 || group.Cells.Overflowed)];
}
