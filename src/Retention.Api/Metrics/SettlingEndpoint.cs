using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>How much of a period is known; every figure is null while the period is not observable.</summary>
/// <param name="Elapsed">Share of its days that are over.</param>
/// <param name="Arrived">Expected share of the events of these days that have arrived; null where nothing tells.</param>
/// <param name="Completeness">elapsed × arrived.</param>
public sealed record SettlingFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, double? Elapsed, double? Arrived, double? Completeness);

/// <summary>Periods, and the curve that their completeness follows from.</summary>
public sealed record SettlingAnswer : AnswerShape<SettlingFigures>
{
    /// <summary>How many events the curve is of.</summary>
    public required long Events { get; init; }

    public required IReadOnlyList<SettlingStep> Curve { get; init; }
}

/// <summary><c>GET /v1/metrics/settling</c>: how late events come, and so how complete recent periods are.</summary>
public static class SettlingEndpoint
{
    private const int RecentPeriods = 6;

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Groups = false, Filters = false });
        var (question, asOf) = (request.Question, request.Question.AsOf);
        var delays = await Delays.LatestAsync(request.Snapshot, asOf.Moment, http.RequestAborted);
        var completeness = Completeness.Of(delays, asOf);
        var current = question.Partition.IndexOf(asOf.Day, asOf.Moment.UtcTicks);
        var periods = request.Periods(current - RecentPeriods + 1);
        var rows = Enumerable.Range(periods.First, Math.Max(0, periods.Last - periods.First + 1)).Select(period => Row(question, completeness, period)).ToList();
        return MetricAnswer.Of(
            request, Catalogue.Settling, request.Parameters(periods), rows, [new("events", delays.Sum(events => events.Events)), new("curve", completeness.Settling.Steps)]);
    }

    private static SettlingFigures Row(Question question, Completeness completeness, int period)
    {
        var (partition, asOf) = (question.Partition, question.AsOf);
        var (from, to, status) = (partition.StartOf(period), partition.EndOf(period), asOf.Of(partition, period));
        var (elapsed, arrived) = status == PeriodStatus.NotObservable ? (null, null) : completeness.Of(from, to);
        return new(PeriodStart.Of(from), PeriodStart.Of(from), PeriodStart.Of(to), status, elapsed, arrived, elapsed * arrived);
    }
}
