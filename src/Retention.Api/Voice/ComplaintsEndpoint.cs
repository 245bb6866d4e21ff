using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Voice;

/// <summary>Complaints of a row; every figure is null while the row is not observable. Clocks are in seconds, ages in days.</summary>
/// <param name="BacklogAge">Of the complaints that are open at asOf; only in the row that asOf falls in, or ends.</param>
public sealed record ComplaintFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? Received, long? Acknowledged, long? Replied,
    long? Resolved, long? Reopened, long? Withdrawn, long? Open, double? ReopenRate, double? OneTouchRate, long? Orders, double? PerThousandOrders,
    long? Promised, long? PromiseKept, double? PromiseKeptRate, Interval? PromiseKeptInterval, Dictionary<string, double?>? FirstReply,
    Dictionary<string, double?>? NextReply, Dictionary<string, double?>? Resolution, Dictionary<string, double?>? LastResolution,
    Dictionary<string, double?>? BacklogAge) : ComparedRow;

/// <summary><c>GET /v1/metrics/complaints</c>.</summary>
public static class ComplaintsEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        var shape = new MetricShape { Hours = true, Compares = true, Dimensions = ComplaintPlan.Dimensions };
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, shape);
        var question = request.Question;
        var plan = new ComplaintPlan(question.Partition, ServiceRules.Of(request.Settings), question.AsOf.Moment.UtcTicks, question.GroupBy) { Own = request.Own };
        var all = await ComplaintFold.OfAsync(request.Snapshot, question, plan, http.RequestAborted);
        var groups = TopGroups.Of(
            request, [.. all.All.Select(group => new Group<ComplaintRows>(group.Value, group.Rows))], rows => rows.ByRow.Values.Sum(row => row.Received),
            parts => TopGroups.Merge(parts, new ComplaintRows()));
        if (plan.ByProduct && groups.Count < all.All.Count) groups = await OthersOnceAsync(request, plan, groups, http.RequestAborted);
        var periods = await request.PeriodsAsync(First(groups.Select(group => group.Cells)), async everybody =>
            First((await ComplaintFold.OfAsync(request.Snapshot, everybody, plan with { GroupBy = null }, http.RequestAborted)).All.Select(group => group.Rows)));
        var rows = groups.SelectMany(group => request.Rows(periods, (first, last) => Rows(request, group, all.OrdersOf(group.Cells), (first, last)))).ToList();
        var parameters = request.Parameters(periods);
        parameters["businessHours"] = request.Settings.BusinessHours;
        parameters["servicePromise"] = request.Settings.ServicePromise;
        return MetricAnswer.Of(request, VoiceCatalogue.Complaints, parameters, rows);
    }

    private static int? First(IEnumerable<ComplaintRows> groups) =>
        groups.SelectMany(group => group.ByRow).Where(row => row.Value.Received > 0).Select(row => (int?)row.Key).Min();

    /// <summary>An order, or a complaint, of several products that are not shown is one of the others once: sums of groups would count it for each.</summary>
    private static async Task<IReadOnlyList<Group<ComplaintRows>>> OthersOnceAsync(
        MetricRequest request, ComplaintPlan plan, IReadOnlyList<Group<ComplaintRows>> groups, CancellationToken ct)
    {
        var shown = groups.Select(group => group.Value).Where(value => value != TopGroups.Other).ToList();
        var all = await ComplaintFold.OfAsync(request.Snapshot, request.Question, plan with { Merged = (shown, TopGroups.Other) }, ct);
        return [.. groups.Select(group => new Group<ComplaintRows>(group.Value, all.All.First(other => other.Value == group.Value).Rows))];
    }

    private static IEnumerable<ComplaintFigures> Rows(MetricRequest request, Group<ComplaintRows> group, DenseCells<Tally> orders, (int First, int Last) periods)
    {
        var question = request.Question;
        var rows = group.Cells.ByRow;
        var open = rows.Where(row => row.Key < periods.First).Sum(row => row.Value.Opened);
        for (var period = periods.First; period <= periods.Last; period++)
        {
            var (from, to) = (PeriodStart.Of(question, period), PeriodStart.Of(question, period + 1));
            var (tally, status) = (rows.GetValueOrDefault(period) ?? new(), question.AsOf.Of(question.Partition, period));
            open += tally.Opened;
            var known = status != PeriodStatus.NotObservable;
            var holdsMoment = known && (status == PeriodStatus.InProgress || question.AsOf.Of(question.Partition, period + 1) == PeriodStatus.NotObservable);
            var count = orders[period].Count;
            yield return !known
                ? new(
                    from, from, to, status, group.Value, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
                    null, null, null, null)
                : new(
                    from, from, to, status, group.Value, tally.Received, tally.Acknowledged, tally.Replied, tally.Resolved, tally.Reopened,
                    tally.Withdrawn, open, Share(tally.ResolvedThenReopened, tally.Resolved), Share(tally.OneTouch, tally.Resolved), count,
                    count == 0 ? null : 1000.0 * tally.Received / count, tally.Promised, tally.Kept, Share(tally.Kept, tally.Promised),
                    WilsonInterval.Of(tally.Kept, tally.Promised), Clock(tally.FirstReply), Clock(tally.NextReply), Clock(tally.Resolution),
                    Clock(tally.LastResolution), holdsMoment ? Age(group.Cells.Waiting, question.AsOf) : null);
        }
    }

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;

    private static Dictionary<string, double?> Clock(Clocks clocks)
    {
        var ((p50, p90, mean), (businessP50, businessP90, businessMean)) = (clocks.Calendar, clocks.Business);
        return new()
        {
            ["n"] = clocks.Count,
            ["p50"] = p50,
            ["p90"] = p90,
            ["mean"] = mean,
            ["businessP50"] = businessP50,
            ["businessP90"] = businessP90,
            ["businessMean"] = businessMean,
        };
    }

    private static Dictionary<string, double?> Age(IReadOnlyList<long> waiting, AsOf asOf)
    {
        var ages = waiting.OrderDescending().Select(received => (double)(asOf.Moment.UtcTicks - received) / TimeSpan.TicksPerDay).ToList();
        return new()
        {
            ["n"] = ages.Count,
            ["p50"] = Percentiles.Of(ages, 0.5),
            ["p90"] = Percentiles.Of(ages, 0.9),
            ["mean"] = ages.Count == 0 ? null : ages.Sum() / ages.Count,
            ["max"] = ages.Count == 0 ? null : ages[^1],
        };
    }
}
