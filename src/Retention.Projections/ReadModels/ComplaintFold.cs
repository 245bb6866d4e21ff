using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>Complaints folded from histories, see <see cref="Complaints"/>: exact percentiles need every duration, so that none are maintained.</summary>
public static class ComplaintFold
{
    /// <param name="question">Its groups are those of the plan.</param>
    public static async Task<ComplaintGroups> OfAsync(Snapshot snapshot, Question question, ComplaintPlan plan, CancellationToken ct)
    {
        var fold = await snapshot.FoldAsync(
            question with { GroupBy = null, Details = plan.NamesProducts }, () => new ComplaintGroups(plan), (customer, groups) => groups.Add(customer), ct);
        return fold.Single().Cells;
    }
}
