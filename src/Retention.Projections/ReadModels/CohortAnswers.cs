using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Sums of cohorts for any question about them: from histograms, maintained or folded, where these answer it, else by a fold of their own.</summary>
public static class CohortAnswers
{
    /// <param name="frame">Over the question's definition, periods and moment.</param>
    public static async Task<IReadOnlyList<Group<CohortSums>>> ByGroupAsync(
        Snapshot snapshot, Question question, CohortFrame frame, CancellationToken ct)
    {
        if (frame.Asked.FollowsFromHistograms)
        {
            var histograms = await CohortCells.ByCohortAsync(snapshot, question, frame.Asked.Columns.LastPeriod, ct);
            return [.. histograms.Select(group => new Group<CohortSums>(group.Value, Cohorts.Sums(group.Cells, frame)))];
        }
        var folds = await snapshot.FoldAsync(question, () => new CohortFold(frame), (customer, fold) => fold.Add(customer), ct);
        return [.. folds.Select(group => new Group<CohortSums>(group.Value, group.Cells.Sums))];
    }
}
