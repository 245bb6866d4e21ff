using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Metrics;

namespace Retention.Api.Customers;

/// <summary>A customer with every criterion: what it looks at, and whether it is met. Days and gaps in days.</summary>
/// <param name="Misses">How many criteria are not met; 0 for a lapsed regular.</param>
public sealed record LapsedRegularRow(
    string Customer, int Misses, Criterion<int> PurchaseDays, Criterion<double?> Variation, Criterion<int?> DaysSinceLast, double? MedianGap, Criterion<bool> OnlyOneOff,
    Criterion<bool> OpenComplaint, Criterion<int?> DaysSinceAsked)
{
    public static LapsedRegularRow Of(string id, LapsedRegularCriteria criteria) => new(
        id, criteria.Misses, criteria.PurchaseDays, criteria.Variation, criteria.DaysSinceLast, criteria.MedianGap, criteria.OnlyOneOff, criteria.OpenComplaint,
        criteria.DaysSinceAsked);
}

/// <summary>A page of the list.</summary>
public sealed record LapsedRegularsAnswer : PageShape<LapsedRegularRow>
{
    /// <summary>How many customers the whole list has.</summary>
    public required long Customers { get; init; }
}

/// <summary><c>GET /v1/segments/lapsed-regulars</c>: who used to buy regularly and stays away for longer than usual.</summary>
public static class LapsedRegularsEndpoint
{
    private static readonly string[] Own = ["minPurchaseDays", "maxVariation", "gapMultiple", "throttleDays", "misses", .. PageRequest.Parameters];

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new(Own) { Periods = false, Groups = false });
        var (asked, rules) = (PageRequest.Read(request), RulesOf(request));
        var misses = (int)(request.Query.Whole("misses", 0, LapsedRegulars.Criteria) ?? 0);
        request.Query.Done();
        var question = request.Question with { Details = true };
        var folded = await request.Snapshot.FoldAsync(question, () => new Counted<Page<LapsedRegularRow>>(new(asked)), (customer, list) =>
        {
            if (customer.Orders.IsEmpty) return;
            var criteria = LapsedRegulars.Of(customer, question.AsOf, rules);
            if (criteria.Misses > misses) return;
            list.Customers++;
            if (list.Cells.Wants(customer)) list.Cells.Add(customer, LapsedRegularRow.Of(Page<LapsedRegularRow>.IdOf(customer), criteria));
        }, http.RequestAborted);
        var (rows, nextCursor) = folded.Single().Cells.Cells.Take();
        nextCursor = Page<LapsedRegularRow>.Link(http, nextCursor);
        return MetricAnswer.Of(
            request, Catalogue.LapsedRegulars, Parameters(request, rules, misses, asked), rows,
            [new("customers", folded.Single().Cells.Customers), new("nextCursor", nextCursor)]);
    }

    private static LapsedRegularRules RulesOf(MetricRequest request)
    {
        var (query, rules) = (request.Query, new LapsedRegularRules());
        return new(
            (int)(query.Whole("minPurchaseDays", 1, 1_000) ?? rules.PurchaseDays), query.Number("maxVariation", 0, 100) ?? rules.Variation,
            query.Number("gapMultiple", 0, 100) ?? rules.Gaps, (int)(query.Whole("throttleDays", 0, 36_500) ?? request.Settings.AskThrottleDays));
    }

    private static Dictionary<string, object?> Parameters(MetricRequest request, LapsedRegularRules rules, int misses, PageRequest page)
    {
        var parameters = request.Parameters();
        parameters["minPurchaseDays"] = rules.PurchaseDays;
        parameters["maxVariation"] = rules.Variation;
        parameters["gapMultiple"] = rules.Gaps;
        parameters["throttleDays"] = rules.ThrottleDays;
        parameters["misses"] = misses;
        parameters["limit"] = page.Limit;
        return parameters;
    }
}
