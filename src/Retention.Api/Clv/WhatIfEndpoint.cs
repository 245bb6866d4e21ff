using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Clv;
using Retention.Domain.Metrics;

namespace Retention.Api.Clv;

/// <summary>One change of retention and what it would have brought; amounts in major units, changes as shares.</summary>
/// <param name="Case">points (added to each period's retention rate) or share (multiplied).</param>
public sealed record WhatIfRow(
    string Case, double Points, double Share, double RevenueBefore, double RevenueAfter, double? RevenueChange, double? ProfitBefore, double? ProfitAfter,
    double? ProfitChange);

/// <summary>What would have been, and what is taken for granted.</summary>
public sealed record WhatIfAnswer : AnswerShape<WhatIfRow>
{
    public required int Cohorts { get; init; }

    public required long Customers { get; init; }

    /// <summary>The day after the last period that counts; null without cohorts.</summary>
    public required DateOnly? ObservedUntil { get; init; }

    public required IReadOnlyList<string> Assumptions { get; init; }

    public required string Claim { get; init; }
}

/// <summary><c>GET /v1/models/clv/what-if</c>: the tenant's own cohorts, had more of their customers stayed.</summary>
public static class WhatIfEndpoint
{
    private const string Claim =
        "The claim beside which this stands: 5 points more retention raise profits by 25 to 95 % (Reichheld & Sasser 1990, and later by Reichheld); it is the present value over a customer's whole life in chosen industries.";

    private static readonly string[] Assumptions =
    [
        "Only complete periods that were observed count; nothing is extrapolated or discounted.",
        "The retention rate of each period of each cohort rises by the points, or by the share; a rate is at most 1, unless reactivations had it higher.",
        "Retention is by the activity policy: customers of the cohort active at a period's end over those at the end of the one before.",
        "Those who stay longer spend in each period what those spent who were active in it anyway.",
        "The change costs nothing, brings nobody new, and leaves margin and acquisition cost as they are.",
        "Profit is margin × revenue − acquisition cost × customers; without a known margin there is none.",
    ];

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(
            http, tenant.Name, new("points", "share", "margin", "acquisitionCost") { ExactRange = false, Groups = false });
        var (query, question) = (request.Query, request.Question);
        var (points, share) = (query.Number("points", 0, 1) ?? 0.05, query.Number("share", 0, 10) ?? 0.05);
        var (margin, cost) = (query.Number("margin", 0, 1), query.Number("acquisitionCost", 0, 1e9) ?? 0);
        query.Done();
        var last = question.Partition.IndexOf(question.AsOf.Day) - 1;
        var cells = (await request.Snapshot.FoldAsync(
            question, () => new Cells<CohortCell, ActiveCohortCounts>(), (customer, all) => ActiveCohorts.Contribute(customer, question.Partition, last, all),
            http.RequestAborted)).Single().Cells;
        var periods = request.Periods(cells.Select(cell => (int?)cell.Key.Cohort).Min());
        var cohorts = ActiveCohorts.Cohorts(cells, periods, last);
        var counted = cells.Where(cell => cell.Key.Cohort >= periods.First && cell.Key.Cohort <= periods.Last).Aggregate(default(ActiveCohortCounts), (sum, cell) => sum + cell.Value);
        margin ??= MarginShare.Of(counted.Margin, counted.MarginRevenue);
        var economics = margin is { } known ? new Economics(known, cost) : (Economics?)null;
        WhatIfRow[] rows =
        [
            Row("points", new RetentionChange(points, 0), cohorts, economics), Row("share", new RetentionChange(0, share), cohorts, economics),
        ];
        var parameters = request.Parameters(periods);
        (parameters["points"], parameters["share"], parameters["margin"], parameters["acquisitionCost"]) = (points, share, margin, cost);
        return MetricAnswer.Of(
            request, Catalogue.ClvWhatIf, parameters, rows,
            [
                new("cohorts", cohorts.Count), new("customers", cohorts.Sum(cohort => cohort[0].Active)),
                new("observedUntil", cohorts.Count == 0 ? null : question.Partition.EndOf(last)), new("assumptions", Assumptions), new("claim", Claim),
            ]);
    }

    private static WhatIfRow Row(string name, RetentionChange change, IReadOnlyList<IReadOnlyList<CohortPeriod>> cohorts, Economics? economics)
    {
        var result = WhatIf.Evaluate(cohorts, change, economics);
        return new(
            name, change.Points, change.Share, result.RevenueBefore, result.RevenueAfter, result.RevenueChange, result.ProfitBefore, result.ProfitAfter,
            result.ProfitChange);
    }
}
