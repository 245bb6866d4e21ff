using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Clv;
using Retention.Domain.Customers;
using Retention.Domain.Metrics;

namespace Retention.Api.Clv;

/// <summary>What is expected of one customer from the day after <paramref name="ObservationEnd"/> on; amounts in major units of net revenue.</summary>
/// <param name="Customer">The id that it goes by, whichever of its ids was asked for.</param>
/// <param name="ObservationEnd">The last day that is observed at all, if only in part.</param>
/// <param name="Reason">Why figures are null: no_model (nothing was fitted yet) or no_purchase (no valid order); null where there are figures.</param>
/// <param name="Frequency">x: purchase days after the first.</param>
/// <param name="AgeAtLastPurchase">t_x: days from the first purchase day to the last.</param>
/// <param name="Age">T: days from the first purchase day to <paramref name="ObservationEnd"/>.</param>
/// <param name="MeanRepeatValue">Mean net value of the repeat purchase days; null without any.</param>
/// <param name="BuysAgain">The probability of a purchase within the horizon.</param>
/// <param name="ExpectedAverageValue">Of a further purchase day; null without a model of value.</param>
/// <param name="Clv">Expected within the horizon, discounted; what was spent before is not in it.</param>
/// <param name="MarginShare">Margin / net revenue of the customer's orders that state a margin; null where none does.</param>
/// <param name="ClvMargin">clv × marginShare.</param>
/// <param name="ExpectedNextPurchase">If the customer is active and buys again: the median date, and the interval in which four of five buy.</param>
public sealed record CustomerClvFigures(
    string Customer, DateTimeOffset AsOf, long Position, DateOnly ObservationEnd, string? Reason, int? Frequency, int? AgeAtLastPurchase, int? Age,
    double? MeanRepeatValue, double? PAlive, double? ExpectedPurchases, double? BuysAgain, double? ExpectedAverageValue, double? Clv, double? MarginShare,
    double? ClvMargin, Dictionary<string, DateOnly?>? ExpectedNextPurchase, int Horizon, double DiscountRate, string? Model,
    Dictionary<string, double>? Parameters, Dictionary<string, double>? Spend, IReadOnlyList<string>? Diagnostics, long? FitPosition);

/// <summary><c>GET /v1/customers/{id}/clv</c>.</summary>
public static class CustomerClvEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, string id)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new(ScoringRequest.Parameters) { Periods = false, Groups = false, Receipts = false });
        var scoring = await ScoringRequest.ReadAsync(request, http);
        var joined = await request.Snapshot.IdentityAsync(id, request.Question.KnownAt, http.RequestAborted)
            ?? throw new ProblemException(404, "unknown_customer", $"There is no customer {id}, or no event of it is reflected yet.");
        var customer = new CustomerView(request.Question.Definition, request.Question.AsOf.Moment.UtcTicks, request.Question.KnownAt)
            .Look(Columns.Of((joined.Id, joined.History.Entries)), 0);
        var figures = Figures(joined.Id, customer, request, scoring);
        return request.Format != AnswerFormat.Json ? ExportedRows.Of(request.Format, [figures]) : Results.Json(figures, MetricAnswer.Json);
    }

    private static CustomerClvFigures Figures(string id, CustomerView customer, MetricRequest request, ScoringRequest scoring)
    {
        var (asOf, end) = (request.Question.AsOf, ScoringRequest.ObservationEnd(request.Question.AsOf));
        var purchases = CustomerPurchases.Of(customer, end);
        var score = purchases is { } known && scoring.Fitted is not null ? scoring.Of([known])[0] : (Score?)null;
        var margin = MarginShare.Of(customer);
        var fit = scoring.Fit;
        return new CustomerClvFigures(
            id, asOf.Moment, request.Snapshot.Reflection.Position, end, purchases is null ? "no_purchase" : fit is null ? "no_model" : null,
            purchases?.Frequency, purchases?.AgeAtLastPurchase, purchases?.Age, purchases?.MeanRepeatValue, score?.PAlive, score?.ExpectedPurchases, score?.BuysAgain,
            score?.ExpectedAverageValue, score?.Clv, margin, score?.Clv * margin, NextOf(score?.NextPurchase, end), scoring.Horizon.Days,
            scoring.Horizon.YearlyDiscountRate, fit?.Model, fit?.Parameters, fit?.Spend, fit?.Diagnostics, fit?.Position);
    }

    /// <summary>Days after the end of observation as dates: what happens within the first day after it happens on the next.</summary>
    internal static Dictionary<string, DateOnly?>? NextOf(NextPurchase? next, DateOnly end)
    {
        if (next is not { } days) return null;
        DateOnly On(double after) => end.AddDays(Math.Max(1, (int)Math.Ceiling(after)));
        return new Dictionary<string, DateOnly?> { ["date"] = On(days.Median), ["low"] = On(days.Low), ["high"] = days.High is { } high ? On(high) : null };
    }
}
