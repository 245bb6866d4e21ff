using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;

namespace Retention.Api.Voice;

/// <summary>A complaint with its promise.</summary>
/// <param name="DueAt">Until when it is, or was, to be answered; null where nothing is promised.</param>
/// <param name="AnsweredAt">The first reply or resolution; null before one.</param>
/// <param name="Promise">pending, kept or broken; none where nothing is promised.</param>
/// <param name="Late">Seconds from due to the answer, or to asOf while there is none; null where the promise is not broken.</param>
/// <param name="Age">Days from receipt to asOf.</param>
public sealed record ComplaintRow(
    string Customer, string? ComplaintId, string? Channel, string? Category, string? Severity, DateTimeOffset ReceivedAt, DateTimeOffset? DueAt,
    DateTimeOffset? AnsweredAt, PromiseState Promise, double? Late, bool Open, double Age, long Position);

/// <summary><c>GET /v1/complaints/breaches</c> and <c>GET /v1/segments/open-complaints</c>, by the tenant's service promise.</summary>
public static class ComplaintLists
{
    private static readonly string[] Own = ["cursor", "limit"];

    /// <summary>Complaints whose promise is broken, the earliest due first; with <c>from</c> and <c>to</c> those received on these days.</summary>
    public static Task<IResult> BreachesAsync(HttpContext http, Tenant tenant) =>
        AnswerAsync(http, tenant, VoiceCatalogue.Breaches, (_, state) => state == PromiseState.Broken);

    /// <summary>Complaints that are neither resolved nor withdrawn, the earliest due first, those without a promise last.</summary>
    public static Task<IResult> OpenAsync(HttpContext http, Tenant tenant) =>
        AnswerAsync(http, tenant, VoiceCatalogue.OpenComplaints, (complaint, _) => complaint.IsOpen);

    private static async Task<IResult> AnswerAsync(HttpContext http, Tenant tenant, CatalogueEntry metric, Func<Complaint, PromiseState, bool> isListed)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new([.. Own, "from", "to"]) { Periods = false, Groups = false });
        var (query, calendar) = (request.Query, request.Question.Definition.Calendar);
        var (from, to) = (query.Date("from"), query.Date("to"));
        if (from >= to) query.Fault("to", "empty_range", "must lie after from");
        var (first, end) = (from is { } day ? calendar.StartOf(day).UtcTicks : long.MinValue, to is { } until ? calendar.StartOf(until).UtcTicks : long.MaxValue);
        var (promise, before) = (ServicePromise.Of(request.Settings), request.Question.AsOf.Moment.UtcTicks);
        var more = new Dictionary<string, object?> { ["from"] = from, ["to"] = to, ["servicePromise"] = request.Settings.ServicePromise };
        return await Work.AnswerAsync<Promised, ComplaintRow>(http, (request, metric, more), (customer, list) =>
        {
            foreach (var complaint in customer.Complaints)
            {
                if (complaint.Received < first || complaint.Received >= end) continue;
                var due = promise.Of(complaint.Receipt.Channel, complaint.Received);
                var state = Complaints.StateOf(complaint, due, before);
                if (isListed(complaint, state)) list.Add(customer, due?.Ticks ?? WorkList<Promised>.Unpromised + complaint.Received, complaint.Position, new(complaint, due, state));
            }
        }, (item, stored) => Row(item, stored, request.Question.AsOf, calendar));
    }

    private static ComplaintRow Row(WorkItem<Promised> item, StoredEvent stored, AsOf asOf, Calendar calendar)
    {
        var (complaint, due, state) = item.Subject;
        var late = state == PromiseState.Broken ? (complaint.Answered ?? asOf.Moment.UtcTicks) - due!.Value.Ticks : (long?)null;
        return new(
            item.Customer, stored.Data.TryGetProperty("complaintId", out var id) ? id.GetString() : null, complaint.Receipt.Channel,
            complaint.Receipt.Category, complaint.Receipt.Severity, At(complaint.Received), due is { } promised ? At(promised.Ticks) : null,
            complaint.Answered is { } answered ? At(answered) : null, state, (double?)late / TimeSpan.TicksPerSecond, complaint.IsOpen,
            (double)(asOf.Moment.UtcTicks - complaint.Received) / TimeSpan.TicksPerDay, item.Position);

        DateTimeOffset At(long ticks) => calendar.Local(new DateTimeOffset(ticks, TimeSpan.Zero));
    }

    private sealed record Promised(Complaint Complaint, Due? Due, PromiseState State);
}
