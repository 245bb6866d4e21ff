using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>A period of the retention waterfall; every figure is null while the period is not observable.</summary>
public sealed record RetentionFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? Opening, long? Acquired, long? Reactivated, long? Lapsed, long? LapsedOld,
    long? LapsedNew, long? Closing, long? Lost, long? Retained, double? RetentionRate, double? RetentionRateFormula, double? ChurnRate, Interval? Interval) : ComparedRow
{
    public static RetentionFigures Of(RetentionRow row, string? group, Question question)
    {
        var (from, to) = (PeriodStart.Of(question, row.Period), PeriodStart.Of(question, row.Period + 1));
        return row.Status == PeriodStatus.NotObservable
            ? new(from, from, to, row.Status, group, null, null, null, null, null, null, null, null, null, null, null, null, null)
            : new(
                from, from, to, row.Status, group, row.Opening, row.Flows.Acquired, row.Flows.Reactivated, row.Flows.Lapsed, row.Flows.LapsedOld, row.LapsedNew,
                row.Closing, row.Lost, row.Retained, row.Rate, row.RateByFormula, row.ChurnRate, WilsonInterval.Of(row.Retained, row.Opening));
    }
}

/// <summary><c>GET /v1/metrics/retention</c>.</summary>
public static class RetentionEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Compares = true });
        var question = request.Question;
        var groups = TopGroups.Of(
            request, await ActivityCells.InEffectAsync(request.Snapshot, question, http.RequestAborted),
            flows => flows.Values.Sum(flow => flow.Acquired), TopGroups.Sum);
        var periods = await request.PeriodsAsync(
            First(groups), async everybody => First(await ActivityCells.InEffectAsync(request.Snapshot, everybody, http.RequestAborted)));
        var rows = groups.SelectMany(group => request.Rows(periods, (first, last) =>
            CustomerRetention.Rows(group.Cells, question.Partition, question.AsOf, first, last).Select(row => RetentionFigures.Of(row, group.Value, question)))).ToList();
        return MetricAnswer.Of(request, Catalogue.Retention, request.Parameters(periods), rows);
    }

    private static int? First(IEnumerable<Group<IReadOnlyDictionary<int, ActivityFlows>>> groups) =>
        groups.SelectMany(group => group.Cells).Where(flow => flow.Value.Acquired > 0).Select(flow => (int?)flow.Key).Min();
}
