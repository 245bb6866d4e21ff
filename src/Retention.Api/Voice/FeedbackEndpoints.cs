using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Api.Voice;

/// <summary>Recommendation in a row, from −100 to 100.</summary>
public sealed record NpsFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? Responses, double? Score, Interval? Interval,
    Dictionary<string, long>? Distribution, long? Promoters, long? Passives, long? Detractors, double? Mean, Interval? MeanInterval, double? ScoreChange,
    bool? ScoreChangeSignificant, long? Requested, long? Bounced, long? Answered, double? ResponseRate, Interval? ResponseRateInterval,
    PeriodStatus? ResponseRateStatus, bool? Suppressed) : ComparedRow
{
    internal static NpsFigures Of(FeedbackRow row) => new(
        row.From, row.From, row.To, row.Status, row.Group, row.Responses, row.Answers?.Score, row.Answers?.Interval, row.Distribution,
        row.Answers?.Promoters, row.Answers?.Passives, row.Answers?.Detractors, row.Answers?.Mean, row.MeanInterval, row.ScoreChange, row.ScoreChangeSignificant,
        row.Requests?.Requested, row.Requests?.Bounced, row.Requests?.Answered, row.Requests?.ResponseRate, row.ResponseRateInterval,
        row.ResponseRateStatus, row.Suppressed);
}

/// <summary>Satisfaction in a row: <c>score</c> is the share of the top scores.</summary>
public sealed record CsatFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? Responses, double? Score, Interval? Interval,
    Dictionary<string, long>? Distribution, double? Mean, Interval? MeanInterval, double? ScoreChange, bool? ScoreChangeSignificant, long? Requested,
    long? Bounced, long? Answered, double? ResponseRate, Interval? ResponseRateInterval, PeriodStatus? ResponseRateStatus, bool? Suppressed) : ComparedRow
{
    internal static CsatFigures Of(FeedbackRow row) => new(
        row.From, row.From, row.To, row.Status, row.Group, row.Responses, row.Answers?.Score, row.Answers?.Interval, row.Distribution,
        row.Answers?.Mean, row.MeanInterval, row.ScoreChange, row.ScoreChangeSignificant, row.Requests?.Requested, row.Requests?.Bounced,
        row.Requests?.Answered, row.Requests?.ResponseRate, row.ResponseRateInterval, row.ResponseRateStatus, row.Suppressed);
}

/// <summary>Effort in a row: <c>score</c> is the mean of 1 to 7, high is good; <c>agree</c> the share of 5 to 7.</summary>
public sealed record CesFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? Responses, double? Score, Interval? Interval,
    Dictionary<string, long>? Distribution, double? Mean, double? Agree, Interval? AgreeInterval, double? ScoreChange, bool? ScoreChangeSignificant,
    long? Requested, long? Bounced, long? Answered, double? ResponseRate, Interval? ResponseRateInterval, PeriodStatus? ResponseRateStatus,
    bool? Suppressed) : ComparedRow
{
    internal static CesFigures Of(FeedbackRow row) => new(
        row.From, row.From, row.To, row.Status, row.Group, row.Responses, row.Answers?.Score, row.Answers?.Interval, row.Distribution,
        row.Answers?.Mean, row.Answers?.TopShare, row.Answers is { } answers ? WilsonInterval.Of(answers.Top, answers.Responses) : null, row.ScoreChange,
        row.ScoreChangeSignificant, row.Requests?.Requested, row.Requests?.Bounced, row.Requests?.Answered, row.Requests?.ResponseRate,
        row.ResponseRateInterval, row.ResponseRateStatus, row.Suppressed);
}

/// <summary><c>GET /v1/metrics/nps</c>, <c>csat</c> and <c>ces</c>.</summary>
public static class FeedbackEndpoints
{
    private static readonly string[] Own = ["dedup", "window"];

    public static Task<IResult> NpsAsync(HttpContext http, Tenant tenant) => AnswerAsync(http, tenant, (Instrument.Nps, VoiceCatalogue.Nps), NpsFigures.Of);

    public static Task<IResult> CsatAsync(HttpContext http, Tenant tenant) => AnswerAsync(http, tenant, (Instrument.Csat, VoiceCatalogue.Csat), CsatFigures.Of);

    public static Task<IResult> CesAsync(HttpContext http, Tenant tenant) => AnswerAsync(http, tenant, (Instrument.Ces, VoiceCatalogue.Ces), CesFigures.Of);

    private static async Task<IResult> AnswerAsync<TRow>(
        HttpContext http, Tenant tenant, (Instrument Instrument, CatalogueEntry Entry) metric, Func<FeedbackRow, TRow> figures)
        where TRow : ComparedRow
    {
        var shape = new MetricShape(Own) { Hours = true, Compares = true, Dimensions = [.. QuestionReader.GroupDimensions, .. FeedbackPlan.OwnDimensions] };
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, shape);
        var table = new FeedbackTable(request, FeedbackTable.PlanOf(request, metric.Instrument));
        var (rows, parameters) = await table.ReadAsync(figures, http.RequestAborted);
        return MetricAnswer.Of(request, metric.Entry, parameters, rows);
    }
}
