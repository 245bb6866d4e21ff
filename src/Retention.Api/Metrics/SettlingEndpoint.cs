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
        var settling = Settling.Of(delays.Select(events => (events.Delay, events.Age, events.Events)));
        var current = question.Partition.IndexOf(asOf.Day, asOf.Moment.UtcTicks);
        var periods = request.Periods(current - RecentPeriods + 1);
        var rows = Enumerable.Range(periods.First, Math.Max(0, periods.Last - periods.First + 1)).Select(period => Row(question, settling, period)).ToList();
        return MetricAnswer.Of(
            request, Catalogue.Settling, request.Parameters(periods), rows, [new("events", delays.Sum(events => events.Events)), new("curve", settling.Steps)]);
    }

    private static SettlingFigures Row(Question question, Settling settling, int period)
    {
        var (partition, asOf) = (question.Partition, question.AsOf);
        var (from, to, status) = (partition.StartOf(period), partition.EndOf(period), asOf.Of(partition, period));
        if (status == PeriodStatus.NotObservable) return new(PeriodStart.Of(from), PeriodStart.Of(from), PeriodStart.Of(to), status, null, null, null);
        var over = Math.Min(to.DayNumber, asOf.Day.DayNumber) - from.DayNumber;
        var elapsed = (double)over / (to.DayNumber - from.DayNumber);
        // A day that ended d days ago has events of d to d + 1 days ago: the younger ones decide.
        var arrived = over == 0 ? null : Enumerable.Range(0, over).Select(day => settling.ArrivedAfter(asOf.Day.DayNumber - from.DayNumber - day - 1)).Average();
        return new(PeriodStart.Of(from), PeriodStart.Of(from), PeriodStart.Of(to), status, elapsed, arrived, elapsed * arrived);
    }
}
