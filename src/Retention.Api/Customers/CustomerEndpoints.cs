using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;

namespace Retention.Api.Customers;

/// <summary>One customer: what it amounts to, and the events behind it.</summary>
public static class CustomerEndpoints
{
    private const string Path = "/v1/customers";

    public static void MapCustomers(this IEndpointRouteBuilder routes)
    {
        var customers = routes.MapGroup(Path).WithTags("Customers");
        customers.MapGet("", CustomerListEndpoint.GetAsync).WithSummary("Everybody of whom anything is known, page by page");
        customers.MapGet("{id}", (HttpContext http, Tenant tenant) => GetAsync(http, tenant, IdOf(http), whole: true))
            .WithSummary("A customer with orders, activity, attributes and timeline");
        customers.MapGet("{id}/timeline", (HttpContext http, Tenant tenant) => GetAsync(http, tenant, IdOf(http), whole: false))
            .WithSummary("The customer's events in order of business time, each with what became of it");
        // A table of segments that leaves out a cell, or has one twice, stops the service before it answers anything.
        RuntimeHelpers.RunClassConstructor(typeof(RfmSegments).TypeHandle);
        var segments = routes.MapGroup("/v1/segments").WithTags("Customers");
        segments.MapGet("rfm", RfmEndpoint.GetAsync).WithSummary("Customers by recency, frequency and revenue, in segments");
        segments.MapGet("lapsed-regulars", LapsedRegularsEndpoint.GetAsync).WithSummary("Who bought regularly and stays away for longer than usual");
    }

    /// <summary>The id as the URL spells it, unescaped once: routing would leave an escaped slash as it is.</summary>
    private static string IdOf(HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var start = target.IndexOf($"{Path}/", StringComparison.OrdinalIgnoreCase) + Path.Length + 1;
        var end = target.AsSpan(start).IndexOfAny('/', '?');
        return Uri.UnescapeDataString(end < 0 ? target[start..] : target[start..(start + end)]);
    }

    private static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, string id, bool whole)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Groups = false });
        var history = await request.Snapshot.CustomerAsync(id, http.RequestAborted)
            ?? throw new ProblemException(404, "unknown_customer", $"There is no customer {id}, or no event of it is reflected yet.");
        var customer = new CustomerView(history, request.Question.Definition, request.Question.AsOf.Moment.UtcTicks);
        var timeline = await Timeline.OfAsync(http.RequestServices, (tenant.Name, id), request, customer, http.RequestAborted);
        if (request.Format == "csv") return Csv.Of(timeline);
        var position = request.Snapshot.Reflection.Position;
        return whole
            ? Results.Json(CustomerFigures.Of(id, customer, request) with { Timeline = timeline }, MetricAnswer.Json)
            : Results.Json(new { customer = id, asOf = request.Question.AsOf.Moment, position, timeline }, MetricAnswer.Json);
    }
}

/// <summary>A customer as in <see cref="CustomerRow"/>, with the events.</summary>
public sealed record CustomerFigures(
    string Customer, DateTimeOffset AsOf, long Position, DateOnly? CustomerSince, int Orders, decimal Revenue, double? AverageOrderValue, int PurchaseDays,
    DateOnly? LastPurchase, string Status, DateOnly? LapsesOn, int Reactivations, int Complaints, int OpenComplaints, int Answers,
    IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<TimelineEntry>? Timeline)
{
    internal static CustomerFigures Of(string id, CustomerView customer, MetricRequest request)
    {
        var row = CustomerRow.Of(id, customer, request);
        return new(
            id, request.Question.AsOf.Moment, request.Snapshot.Reflection.Position, row.CustomerSince, row.Orders, row.Revenue, row.AverageOrderValue, row.PurchaseDays,
            row.LastPurchase, row.Status, row.LapsesOn, row.Reactivations, row.Complaints, row.OpenComplaints, row.Answers, row.Attributes, null);
    }
}

/// <summary>An event of a customer and what became of it.</summary>
/// <param name="Id">The sender's id; null for an event of another client of the tables, like <paramref name="Source"/>.</param>
/// <param name="Effect">
/// counts, superseded (an earlier purchase has the orderId), cancelled or refunded (the order no longer counts), not_yet (at or after the
/// moment), or other (a type without a meaning here).
/// </param>
public sealed record TimelineEntry(
    long Position, Guid EventId, string? Source, string? Id, string Type, DateTimeOffset OccurredAt, DateTimeOffset RecordedAt, string Effect,
    System.Text.Json.JsonElement Data);

/// <summary>The events of a customer in order of (occurredAt, source, id), as sent.</summary>
internal static class Timeline
{
    public static async Task<IReadOnlyList<TimelineEntry>> OfAsync(
        IServiceProvider services, (string Tenant, string Customer) of, MetricRequest request, CustomerView customer, CancellationToken ct)
    {
        var stored = await services.GetRequiredService<EventLog>().ReadStreamAsync(of.Tenant, CustomerStream.Of(of.Customer), 1, ct);
        var known = stored.Where(item => item.Position <= request.Snapshot.Reflection.Position).ToList();
        var opened = (await services.GetRequiredService<Sealing>().OpenAsync(known, ct)).ToDictionary(pair => pair.Stored.Position, pair => pair.Sent);
        var effects = Effects(customer);
        return [.. known
            .Select(item => Entry(item, opened.GetValueOrDefault(item.Position), request, effects))
            .OrderBy(entry => entry.OccurredAt).ThenBy(entry => entry.Source, StringComparer.Ordinal).ThenBy(entry => entry.Id, StringComparer.Ordinal)];
    }

    private static TimelineEntry Entry(StoredEvent stored, Envelope? sent, MetricRequest request, Dictionary<long, string> effects)
    {
        var occurredAt = sent?.OccurredAt ?? Timestamp.Parse(stored.Headers.OccurredAt);
        var effect = EventType.Named(stored.Type) is not { } type ? "other"
            : !type.CorrectsRecord && occurredAt >= request.Question.AsOf.Moment ? "not_yet"
            : effects.GetValueOrDefault(stored.Position, "counts");
        return new(
            stored.Position, stored.EventId, sent?.Source, sent?.Id, stored.Type, occurredAt, stored.RecordedAt, effect, sent?.Data ?? stored.Data);
    }

    private static Dictionary<long, string> Effects(CustomerView customer)
    {
        var effects = new Dictionary<long, string>();
        foreach (var row in customer.Superseded) effects[customer.Columns.KnownFrom[row]] = "superseded";
        foreach (var order in customer.Invalid) effects[customer.PositionOf(order)] = order.Cancelled ? "cancelled" : "refunded";
        return effects;
    }
}
