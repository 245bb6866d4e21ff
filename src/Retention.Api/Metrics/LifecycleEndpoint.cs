using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>Customers of a period and of the one before; every figure is null while the period is not observable.</summary>
/// <param name="Dormant">Null until the period has ended.</param>
public sealed record LifecycleFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? New, long? Returning, long? Resurrected, long? Dormant) : ComparedRow
{
    public static LifecycleFigures Of(LifecycleRow row, string? group, MetricRequest request)
    {
        var question = request.Question;
        var (from, to) = (PeriodStart.Of(question, row.Period), PeriodStart.Of(question, row.Period + 1));
        var status = question.AsOf.Of(question.Partition, row.Period);
        return status == PeriodStatus.NotObservable
            ? new(from, from, to, status, group, null, null, null, null)
            : new(from, from, to, status, group, row.Counts.New, row.Counts.Returning, row.Counts.Resurrected, row.Dormant);
    }
}

/// <summary><c>GET /v1/metrics/lifecycle</c>.</summary>
public static class LifecycleEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Compares = true });
        var (question, partition) = (request.Question, request.Question.Partition);
        var folded = await FoldAsync(request, question, http.RequestAborted);
        var counted = TopGroups.WithContributions(request, folded, cells => cells.Any());
        var groups = TopGroups.Of(request, counted, cells => cells.Sum(cell => cell.Value.New), parts => TopGroups.Merge(parts, new DenseCells<LifecycleCounts>()));
        var periods = await request.PeriodsAsync(First(groups), async everybody => First(await FoldAsync(request, everybody, http.RequestAborted)));
        var rows = groups.SelectMany(group => request.Rows(periods, (first, last) =>
            Lifecycle.Rows(group.Cells, first, last, incomplete: partition.IndexOf(question.AsOf.Day)).Select(row => LifecycleFigures.Of(row, group.Value, request)))).ToList();
        return MetricAnswer.Of(request, Catalogue.Lifecycle, request.Parameters(periods), rows);
    }

    private static Task<IReadOnlyList<Group<DenseCells<LifecycleCounts>>>> FoldAsync(MetricRequest request, Question question, CancellationToken ct) =>
        request.Snapshot.FoldAsync(
            question, () => new DenseCells<LifecycleCounts>(), (customer, cells) => Lifecycle.Contribute(customer, question.Partition, cells), ct);

    private static int? First(IEnumerable<Group<DenseCells<LifecycleCounts>>> groups) =>
        groups.SelectMany(group => group.Cells).Select(cell => (int?)cell.Key).Min();
}
