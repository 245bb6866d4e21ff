using System.Text.Json.Serialization;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Voice;

/// <summary>What followed one outcome in a row; every figure is null while the row is not observable.</summary>
/// <param name="OutcomeStatus">Complete once the 90 days after every moment of the row are over.</param>
public sealed record RecoveryFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, Outcome Outcome, long? Moments, long? OrderedAgain, double? RepurchaseRate,
    Interval? Interval, double? ControlRate, Interval? ControlInterval, long? Controls, long? Unmatched, double? Difference, Interval? DifferenceInterval,
    Dictionary<string, double?>? NpsBefore, Dictionary<string, double?>? NpsAfter, Dictionary<string, double?>? NpsChange, PeriodStatus? OutcomeStatus)
{
    /// <summary>Null where nothing is grouped by.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Group { get; init; }
}

/// <summary><c>GET /v1/metrics/service-recovery</c>.</summary>
public static class ServiceRecoveryEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { WholeRange = true, Groups = false });
        var (asOf, days) = (request.Question.AsOf, request.Question.Definition.ByDays(Grain.Day));
        var folded = await FoldAsync(request.Question);
        var range = await Ranged.OfAsync(request, First(folded), async everybody => First(await FoldAsync(everybody)));
        return MetricAnswer.Of(request, VoiceCatalogue.ServiceRecovery, range.Parameters, folded.SelectMany(group => Rows(range, group, days)).ToList());

        Task<IReadOnlyList<Group<Cells<RecoveryCell, RecoveryCounts>>>> FoldAsync(Question question) => request.Snapshot.FoldAsync(
            question, () => new Cells<RecoveryCell, RecoveryCounts>(),
            (customer, cells) => ServiceRecovery.Contribute(customer, (days, asOf.Moment.UtcTicks), cells), http.RequestAborted);

        DateOnly? First(IEnumerable<Group<Cells<RecoveryCell, RecoveryCounts>>> groups) => groups.SelectMany(group => group.Cells).Select(cell => (DateOnly?)days.StartOf(cell.Key.Period)).Min();
    }

    private static IEnumerable<RecoveryFigures> Rows(Ranged range, Group<Cells<RecoveryCell, RecoveryCounts>> group, Partition days)
    {
        var cells = new Cells<RecoveryCell, RecoveryCounts>();
        foreach (var (cell, counts) in group.Cells) cells.Add(cell with { Period = range.Question.Partition.IndexOf(days.StartOf(cell.Period)) }, counts);
        return range.Rows.SelectMany(period => Enum.GetValues<Outcome>().Select(outcome => Row(range, period, outcome, cells) with { Group = group.Value }));
    }

    private static RecoveryFigures Row(Ranged range, int period, Outcome outcome, Cells<RecoveryCell, RecoveryCounts> cells)
    {
        var (from, to, status) = range.RowOf(period);
        if (status == PeriodStatus.NotObservable)
            return new(from, from, to, status, outcome, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
        var over = range.Question.Partition.InstantOf(period + 1, range.Question.Definition.Calendar).AddDays(ServiceRecovery.Days) <= range.Question.AsOf.Moment;
        var outcomeStatus = over ? PeriodStatus.Complete : PeriodStatus.InProgress;

        IReadOnlyList<RecoveryCounts> Of(Outcome of) => [.. Enumerable.Range(0, ServiceRecovery.Strata).Select(stratum => cells[new(period, of, stratum)])];
        var (own, controls) = (Of(outcome), Of(Outcome.None));
        var again = own.Aggregate(new Sample(), (sum, counts) => sum + counts.Again);
        if (outcome == Outcome.None)
        {
            // Weighted as all complaints are, whatever became of them.
            own = [.. Of(Outcome.Resolved).Zip(Of(Outcome.Unresolved), (resolved, unresolved) => resolved + unresolved)];
            var weighted = Match(own, controls, counts => counts.Again);
            return new(
                from, from, to, status, outcome, again.N, again.Sum, weighted?.Mean, Share(weighted), null, null, null, null, null, null,
                Nps(Match(own, controls, counts => counts.NpsBefore)), Nps(Match(own, controls, counts => counts.NpsAfter)),
                Nps(Match(own, controls, counts => counts.Change)), outcomeStatus);
        }
        var matched = Match(own, controls, counts => counts.Again);
        return new(
            from, from, to, status, outcome, again.N, again.Sum, again.Mean, WilsonInterval.Of(again.Sum, again.N), matched?.Mean, Share(matched),
            matched?.Controls ?? 0, again.N - (matched?.Matched.N ?? 0), matched?.Difference, Difference(matched), Nps(Sum(own, counts => counts.NpsBefore)),
            Nps(Sum(own, counts => counts.NpsAfter)), Change(Sum(own, counts => counts.Change)), outcomeStatus);
    }

    private static MatchedMean? Match(IReadOnlyList<RecoveryCounts> complaints, IReadOnlyList<RecoveryCounts> controls, Func<RecoveryCounts, Sample> of) =>
        MatchedMean.Of([.. complaints.Select(counts => counts.Again)], [.. controls.Select(of)]);

    private static Sample Sum(IReadOnlyList<RecoveryCounts> strata, Func<RecoveryCounts, Sample> of) =>
        strata.Aggregate(new Sample(), (sum, counts) => sum + of(counts));

    private static Interval? Share(MatchedMean? matched) => matched is null ? null : Around(matched.Mean, matched.ErrorSquared, (0, 1));

    private static Interval? Difference(MatchedMean? matched) =>
        matched is null ? null : Around(matched.Difference, matched.ErrorSquared + matched.Matched.ErrorSquared, (-1, 1));

    /// <summary>A score from its promoters, passives and detractors.</summary>
    private static Dictionary<string, double?> Nps(Sample sample)
    {
        var (promoters, detractors) = ((sample.Squares + sample.Sum) / 2, (sample.Squares - sample.Sum) / 2);
        return Figures(sample.N, 100 * sample.Mean, AdjustedWald.Of(promoters, sample.N - sample.Squares, detractors));
    }

    private static Dictionary<string, double?> Nps(MatchedMean? matched) => Figures(
        matched?.Controls ?? 0, 100 * matched?.Mean, matched is null ? null : Around(100 * matched.Mean, 10_000 * matched.ErrorSquared, (-200, 200)));

    private static Dictionary<string, double?> Change(Sample sample) => Figures(
        sample.N, 100 * sample.Mean, MeanInterval.Of(sample.N, 100 * sample.Sum, 10_000 * sample.Squares));

    private static Dictionary<string, double?> Figures(long n, double? score, Interval? interval) =>
        new() { ["n"] = n, ["score"] = score, ["low"] = interval?.Low, ["high"] = interval?.High };

    private static Interval Around(double mean, double errorSquared, (double Least, double Most) bounds)
    {
        var half = Interval.Z * Math.Sqrt(errorSquared);
        return new(Math.Max(bounds.Least, mean - half), Math.Min(bounds.Most, mean + half));
    }
}
