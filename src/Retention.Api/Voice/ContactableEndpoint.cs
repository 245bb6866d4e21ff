using Retention.Api.Customers;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;

namespace Retention.Api.Voice;

/// <param name="LastAskedAt">Null for who was never asked, like <paramref name="DaysSinceAsked"/> and <paramref name="ContactableFrom"/>.</param>
public sealed record ContactableFigures(
    string Customer, bool Contactable, DateTimeOffset? LastAskedAt, int? DaysSinceAsked, int ThrottleDays, DateOnly? ContactableFrom, DateTimeOffset AsOf,
    long Position);

/// <summary>
/// <c>GET /v1/customers/{id}/contactable</c>: whether the customer may be asked for an answer. The throttle is in whole local days since the
/// last request that did not bounce, of whichever instrument and to whichever of the customer's ids.
/// </summary>
public static class ContactableEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Periods = false, Groups = false, Receipts = false });
        var (id, question) = (CustomerEndpoints.IdOf(http), request.Question);
        var joined = await request.Snapshot.IdentityAsync(id, question.KnownAt, http.RequestAborted)
            ?? throw new ProblemException(404, "unknown_customer", $"There is no customer {id}, or no event of it is reflected yet.");
        var customer = new CustomerView(question.Definition, question.AsOf.Moment.UtcTicks, question.KnownAt)
            .Look(Columns.Of((joined.Id, joined.History.Entries)), 0);
        var throttle = request.Settings.AskThrottleDays;
        var asked = AskedRequest.LastDelivered(customer.Others);
        DateOnly? day = asked is { } at ? customer.DayOf(at) : null;
        var from = day?.AddDays(throttle);
        return Results.Json(new ContactableFigures(
            joined.Id, from is null || from <= question.AsOf.Day,
            asked is { } last ? question.Definition.Calendar.Local(new DateTimeOffset(last, TimeSpan.Zero)) : null, question.AsOf.Day.DayNumber - day?.DayNumber,
            throttle, from, question.AsOf.Moment, request.Snapshot.Reflection.Position), MetricAnswer.Json);
    }
}
