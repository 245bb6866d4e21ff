using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>Recommendation in a period, from −100 to 100.</summary>
public sealed record NpsFigures(
    DateOnly Period, DateOnly From, DateOnly To, PeriodStatus Status, long? Responses, double? Score, Interval? Interval,
    Dictionary<string, long>? Distribution, long? Promoters, long? Passives, long? Detractors);

/// <summary>Satisfaction in a period: <c>score</c> is the share of the top scores.</summary>
public sealed record CsatFigures(
    DateOnly Period, DateOnly From, DateOnly To, PeriodStatus Status, long? Responses, double? Score, Interval? Interval,
    Dictionary<string, long>? Distribution, double? Mean, Interval? MeanInterval);

/// <summary>Effort in a period: <c>score</c> is the mean of 1 to 7, high is good.</summary>
public sealed record CesFigures(
    DateOnly Period, DateOnly From, DateOnly To, PeriodStatus Status, long? Responses, double? Score, Interval? Interval,
    Dictionary<string, long>? Distribution, double? Agree, Interval? AgreeInterval);

/// <summary><c>GET /v1/metrics/nps</c>, <c>csat</c> and <c>ces</c>.</summary>
public static class FeedbackEndpoints
{
    public static Task<IResult> NpsAsync(HttpContext http, Tenant tenant) =>
        AnswerAsync(http, tenant, (Instrument.Nps, Catalogue.Nps), (from, to, status, answers) => answers is null
            ? new NpsFigures(from, from, to, status, null, null, null, null, null, null, null)
            : new NpsFigures(
                from, from, to, status, answers.Responses, answers.Score, AdjustedWald.Of(answers.Promoters, answers.Passives, answers.Detractors),
                Distribution(answers), answers.Promoters, answers.Passives, answers.Detractors));

    public static Task<IResult> CsatAsync(HttpContext http, Tenant tenant) =>
        AnswerAsync(http, tenant, (Instrument.Csat, Catalogue.Csat), (from, to, status, answers) => answers is null
            ? new CsatFigures(from, from, to, status, null, null, null, null, null, null)
            : new CsatFigures(
                from, from, to, status, answers.Responses, answers.Score, WilsonInterval.Of(answers.Top, answers.Responses), Distribution(answers),
                answers.Mean, MeanInterval.Of(answers.ByScore)));

    public static Task<IResult> CesAsync(HttpContext http, Tenant tenant) =>
        AnswerAsync(http, tenant, (Instrument.Ces, Catalogue.Ces), (from, to, status, answers) => answers is null
            ? new CesFigures(from, from, to, status, null, null, null, null, null, null)
            : new CesFigures(
                from, from, to, status, answers.Responses, answers.Score, MeanInterval.Of(answers.ByScore), Distribution(answers),
                answers.Responses == 0 ? null : (double)answers.Top / answers.Responses, WilsonInterval.Of(answers.Top, answers.Responses)));

    /// <param name="row">From a period and its pooled answers, which are null while it is not observable.</param>
    private static async Task<IResult> AnswerAsync<TRow>(
        HttpContext http, Tenant tenant, (Instrument Instrument, CatalogueEntry Entry) metric, Func<DateOnly, DateOnly, PeriodStatus, Answers?, TRow> row)
        where TRow : notnull
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Groups = false });
        var question = request.Question;
        var responses = await AnswerCells.ByPeriodAsync(request.Snapshot, question, metric.Instrument, http.RequestAborted);
        var scale = request.Settings.ScaleOf(metric.Instrument);
        var periods = request.Periods(responses.Keys.Select(key => (int?)key.Period).Min());
        var rows = new List<TRow>();
        for (var period = periods.First; period <= periods.Last; period++)
        {
            var status = question.AsOf.Of(question.Partition, period);
            var at = period;
            var answers = status == PeriodStatus.NotObservable ? null : new Answers(
                metric.Instrument, scale,
                Enumerable.Range(scale.Min, scale.Max - scale.Min + 1).ToDictionary(score => score, score => responses.GetValueOrDefault((at, score))));
            rows.Add(row(question.Partition.StartOf(period), question.Partition.EndOf(period), status, answers));
        }
        return MetricAnswer.Of(request, metric.Entry, request.Parameters(periods), rows);
    }

    private static Dictionary<string, long> Distribution(Answers answers) => answers.ByScore.ToDictionary(score => $"{score.Key}", score => score.Value);
}
