using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Api.Metrics;

/// <summary>A step of the survival curve of the customers acquired in a period.</summary>
/// <param name="T">Days since the first purchase.</param>
/// <param name="Survival">S(t), just after t days.</param>
public sealed record SurvivalFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, int T, long AtRisk, long Lapsed, double Survival, Interval? Interval);

/// <summary>What one curve amounts to; null while its period is not observable.</summary>
/// <param name="Median">Days; null while more than half survive.</param>
public sealed record SurvivalSummary(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, LifetimeCounts? Lifetimes, int? Median);

/// <summary>The test of equal survival in all groups.</summary>
public sealed record LogRankFigures(double ChiSquare, int DegreesOfFreedom, double P);

/// <summary>Curves, and what all of them together amount to.</summary>
public sealed record SurvivalAnswer : AnswerShape<SurvivalFigures>
{
    public required LifetimeCounts Lifetimes { get; init; }

    public required int? Median { get; init; }

    /// <summary>Null where nothing is grouped by, or no test is possible.</summary>
    public required LogRankFigures? LogRank { get; init; }

    public required IReadOnlyList<SurvivalSummary> Curves { get; init; }
}

/// <summary><c>GET /v1/metrics/survival</c>: for how long customers stay, from the first purchase to the first lapse.</summary>
public static class SurvivalEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { WholeRange = true });
        var asOf = request.Question.AsOf;
        var curves = await Curves<LifetimeCounts>.OfAsync(request, (customer, cells) => KaplanMeier.Contribute(customer, asOf, cells), http.RequestAborted);
        var estimates = curves.All.Select(curve => (Of: curve, Curve: KaplanMeier.Estimate(curve.Cells))).ToList();
        var rows = estimates.SelectMany(estimate => estimate.Curve.Steps.Select(step => new SurvivalFigures(
            estimate.Of.From, estimate.Of.From, estimate.Of.To, estimate.Of.Status, estimate.Of.Group, step.Time, step.AtRisk, step.Lapsed, step.Survival, step.Interval)));
        var all = KaplanMeier.Estimate(curves.Total);
        return MetricAnswer.Of(request, Catalogue.Survival, curves.Parameters, rows.ToList(),
        [
            new("lifetimes", all.Lifetimes),
            new("median", all.Median),
            new("logRank", request.Question.GroupBy is null ? null : TestOf(LogRank.Of(curves.ByGroup))),
            new("curves", estimates.Select(estimate => Summary(estimate.Of, estimate.Curve))),
        ]);
    }

    private static LogRankFigures? TestOf(LogRankTest? test) => test is null ? null : new(test.ChiSquare, test.DegreesOfFreedom, test.P);

    private static SurvivalSummary Summary(Curve<LifetimeCounts> of, SurvivalCurve curve) => of.Status == PeriodStatus.NotObservable
        ? new(of.From, of.From, of.To, of.Status, of.Group, null, null)
        : new(of.From, of.From, of.To, of.Status, of.Group, curve.Lifetimes, curve.Median);
}
