using Microsoft.AspNetCore.Http.Extensions;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Clv;
using Retention.Domain.Customers;
using Retention.Domain.Metrics;

namespace Retention.Api.Clv;

/// <summary>A customer at risk, with what the rank follows from; amounts in major units.</summary>
/// <param name="ExpectedLoss">clv × (1 − pAlive): the order of the list.</param>
/// <param name="Frequency">x: purchase days after the first.</param>
/// <param name="DaysSinceLast">From the last purchase day to the end of observation.</param>
/// <param name="ExpectedNextPurchase">The median date, if the customer is active and buys again.</param>
public sealed record AtRiskRow(
    string Customer, double ExpectedLoss, double Clv, double PAlive, double ExpectedPurchases, double ExpectedAverageValue, int Frequency,
    DateOnly FirstPurchase, DateOnly LastPurchase, int DaysSinceLast, double? MeanRepeatValue, DateOnly? ExpectedNextPurchase);

/// <summary>A page of the list, and by what it is ranked.</summary>
public sealed record AtRiskAnswer : PageShape<AtRiskRow>
{
    public required FitFigures Fit { get; init; }

    /// <summary>The last day that scores have observed any of.</summary>
    public required DateOnly ObservationEnd { get; init; }

    /// <summary>How many customers the whole list has.</summary>
    public required int Customers { get; init; }
}

/// <summary>
/// <c>GET /v1/segments/at-risk</c>: customers in order of expected loss, by the latest fit in force whose P(alive) falls for everybody.
/// Who is expected to bring nothing, or has no expected value, is not in it.
/// </summary>
public static class AtRiskEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(
            http, tenant.Name, new([.. ScoringRequest.Parameters, "cursor", "limit"]) { Periods = false, Groups = false });
        var limit = request.WholeList ? int.MaxValue - 1 : request.Query.Limit();
        var after = AtRiskCursor.Read(request.Query);
        var scoring = await ScoringRequest.ReadForRiskAsync(request, http);
        var end = ScoringRequest.ObservationEnd(request.Question.AsOf);
        var folded = await request.Snapshot.FoldAsync(request.Question, () => new Named(), (customer, all) => all.Add(customer, end), http.RequestAborted);
        var all = folded.Single().Cells;
        var scores = scoring.Of(all.Customers);
        var page = Page(all, scores, after, limit + 1);
        var rows = page.Take(limit).Select(index => Row(all.Ids[index], all.Customers[index], scores[index], end)).ToList();
        var next = Polling.EpochGate.Stamp(http, page.Count > limit ? AtRiskCursor.After(rows[^1]) : null);
        Link(http, next);
        var parameters = request.Parameters();
        scoring.Echo(parameters);
        parameters["limit"] = limit;
        return MetricAnswer.Of(
            request, Catalogue.AtRisk, parameters, rows,
            [
                new("fit", scoring.Fit), new("observationEnd", end), new("customers", scores.Count(score => score.ExpectedLoss > 0)), new("nextCursor", next),
            ]);
    }

    /// <summary>The first customers after a place in the list: the largest loss first, equal ones in order of their ids.</summary>
    private static List<int> Page(Named all, Score[] scores, AtRiskCursor? after, int count)
    {
        var order = Comparer<(double Loss, string Id)>.Create((one, other) =>
            one.Loss != other.Loss ? other.Loss.CompareTo(one.Loss) : string.CompareOrdinal(one.Id, other.Id));
        var last = Comparer<(double Loss, string Id)>.Create((one, other) => order.Compare(other, one));
        var kept = new PriorityQueue<int, (double, string)>(last);
        for (var index = 0; index < scores.Length; index++)
        {
            if (!(scores[index].ExpectedLoss is > 0 and var loss)) continue;
            var place = (loss, all.Ids[index]);
            if (after is not null && order.Compare(place, (after.Loss, after.Id)) <= 0) continue;
            if (kept.Count < count) kept.Enqueue(index, place);
            else kept.EnqueueDequeue(index, place);
        }
        var page = new List<int>(kept.Count);
        while (kept.TryDequeue(out var index, out _)) page.Add(index);
        page.Reverse();
        return page;
    }

    private static AtRiskRow Row(string id, CustomerPurchases customer, Score score, DateOnly end)
    {
        var first = end.AddDays(-customer.Age);
        var last = first.AddDays(customer.AgeAtLastPurchase);
        return new AtRiskRow(
            id, score.ExpectedLoss!.Value, score.Clv!.Value, score.PAlive, score.ExpectedPurchases, score.ExpectedAverageValue!.Value, customer.Frequency, first, last,
            end.DayNumber - last.DayNumber, customer.MeanRepeatValue, CustomerClvEndpoint.NextOf(score.NextPurchase, end)?["date"]);
    }

    /// <summary>Names the next page in the header <c>Link</c> (RFC 8288), where CSV has no other place for it.</summary>
    private static void Link(HttpContext http, string? nextCursor)
    {
        if (nextCursor is null) return;
        var others = http.Request.Query.Where(pair => pair.Key != "cursor").SelectMany(pair => pair.Value, (pair, value) => KeyValuePair.Create(pair.Key, value ?? ""));
        http.Response.Headers.Link = $"<{http.Request.Path}{new QueryBuilder(others) { { "cursor", nextCursor } }}>; rel=\"next\"";
    }

    /// <summary>The customers of a fold by id; in no particular order.</summary>
    private sealed class Named : IMergeable<Named>
    {
        public List<string> Ids { get; } = [];

        public List<CustomerPurchases> Customers { get; } = [];

        public void Add(CustomerView customer, DateOnly observationEnd)
        {
            if (CustomerPurchases.Of(customer, observationEnd) is not { } purchases) return;
            Ids.Add(customer.Columns.IdOf(customer.Customer));
            Customers.Add(purchases);
        }

        public void Add(Named others)
        {
            Ids.AddRange(others.Ids);
            Customers.AddRange(others.Customers);
        }
    }
}
