using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Api.Metrics;

/// <summary>A step of the curve of the gaps that began in a period.</summary>
/// <param name="T">Days since the purchase.</param>
/// <param name="AtRisk">Gaps not closed, and seen, before t days.</param>
/// <param name="Closed">Gaps closed after t days by a purchase whose day is over.</param>
/// <param name="Survival">The share of purchases not followed by another within t days.</param>
public sealed record GapFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, int T, long AtRisk, long Closed, double Survival, Interval? Interval);

/// <summary>What the gaps of one curve amount to, in days; null while its period is not observable.</summary>
/// <param name="N">Closed gaps, which mean, median and p90 are of.</param>
/// <param name="Open">Gaps that were seen without being closed by a day that is over.</param>
/// <param name="CurveMedian">The first time with S ≤ 0.5, open gaps included; null while more than half are open longer.</param>
public sealed record GapSummary(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? N, long? Open, double? Mean, double? Median, double? P90,
    int? CurveMedian);

/// <summary>Curves, and what all gaps together amount to, as in <see cref="GapSummary"/>.</summary>
public sealed record PurchaseGapsAnswer : AnswerShape<GapFigures>
{
    public required long N { get; init; }

    public required long Open { get; init; }

    public required double? Mean { get; init; }

    public required double? Median { get; init; }

    public required double? P90 { get; init; }

    public required int? CurveMedian { get; init; }

    public required IReadOnlyList<GapSummary> Curves { get; init; }
}

/// <summary><c>GET /v1/metrics/time-between-purchases</c>.</summary>
public static class PurchaseGapsEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { WholeRange = true });
        var asOf = request.Question.AsOf;
        var curves = await Curves<GapCounts>.OfAsync(request, (customer, cells) => PurchaseGaps.Contribute(customer, asOf, cells), http.RequestAborted);
        var estimates = curves.All.Select(curve => (Of: curve, Estimate: Estimate(curve.Cells))).ToList();
        var rows = estimates.SelectMany(estimate => estimate.Estimate.Curve.Steps.Select(step => new GapFigures(
            estimate.Of.From, estimate.Of.From, estimate.Of.To, estimate.Of.Status, estimate.Of.Group, step.Time, step.AtRisk, step.Lapsed, step.Survival, step.Interval)));
        var (figures, all) = Estimate(curves.Total);
        return MetricAnswer.Of(request, Catalogue.TimeBetweenPurchases, curves.Parameters, rows.ToList(),
        [
            new("n", figures.Count),
            new("open", all.Lifetimes.Censored),
            new("mean", figures.Mean),
            new("median", figures.Median),
            new("p90", figures.P90),
            new("curveMedian", all.Median),
            new("curves", estimates.Select(estimate => Summary(estimate.Of, estimate.Estimate))),
        ]);
    }

    private static (PurchaseGapFigures Figures, SurvivalCurve Curve) Estimate(DenseCells<GapCounts> cells)
    {
        var figures = PurchaseGaps.Figures(cells);
        return (figures, KaplanMeier.Estimate(figures.Lifetimes));
    }

    private static GapSummary Summary(Curve<GapCounts> of, (PurchaseGapFigures Figures, SurvivalCurve Curve) estimate)
    {
        var (figures, curve) = estimate;
        return of.Status == PeriodStatus.NotObservable
            ? new(of.From, of.From, of.To, of.Status, of.Group, null, null, null, null, null, null)
            : new(
                of.From, of.From, of.To, of.Status, of.Group, figures.Count, curve.Lifetimes.Censored, figures.Mean, figures.Median, figures.P90, curve.Median);
    }
}
