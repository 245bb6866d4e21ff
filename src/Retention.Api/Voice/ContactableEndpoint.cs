using Retention.Api.Customers;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;

namespace Retention.Api.Voice;

/// <summary>
/// <c>GET /v1/customers/{id}/contactable</c>: whether the customer may be asked for an answer. The throttle is in whole local days since the
/// last request that did not bounce, of whichever instrument.
/// </summary>
public static class ContactableEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Periods = false, Groups = false });
        var id = CustomerEndpoints.IdOf(http);
        var history = await request.Snapshot.CustomerAsync(id, http.RequestAborted)
            ?? throw new ProblemException(404, "unknown_customer", $"There is no customer {id}, or no event of it is reflected yet.");
        var asOf = request.Question.AsOf;
        var customer = new CustomerView(history, request.Question.Definition, asOf.Moment.UtcTicks);
        var throttle = request.Settings.AskThrottleDays;
        var asked = AskedRequest.LastDelivered(customer.Others);
        DateOnly? day = asked is { } at ? customer.DayOf(at) : null;
        var from = day?.AddDays(throttle);
        return Results.Json(new
        {
            customer = id,
            contactable = from is null || from <= asOf.Day,
            lastAskedAt = asked is { } last ? request.Question.Definition.Calendar.Local(new DateTimeOffset(last, TimeSpan.Zero)) : (DateTimeOffset?)null,
            daysSinceAsked = asOf.Day.DayNumber - day?.DayNumber,
            throttleDays = throttle,
            contactableFrom = from,
            asOf = asOf.Moment,
            position = request.Snapshot.Reflection.Position,
        }, MetricAnswer.Json);
    }
}
