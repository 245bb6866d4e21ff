using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Retention.Api.Metrics;
using Retention.Api.Security;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Api.Customers;

/// <summary>One customer: what it amounts to, and the events behind it.</summary>
public static class CustomerEndpoints
{
    private const string Path = "/v1/customers";

    public static void MapCustomers(this IEndpointRouteBuilder routes)
    {
        var customers = routes.MapGroup(Path).WithTags("Customers");
        customers.MapGet("", CustomerListEndpoint.GetAsync).Describes<CustomerListAnswer>("Everybody of whom anything is known, page by page");
        customers.MapGet("{id}", (HttpContext http, Tenant tenant) => GetAsync(http, tenant, IdOf(http), whole: true))
            .Describes<CustomerFigures>("A customer, by any of its ids, with orders, activity, attributes and timeline").ProducesProblem(404);
        customers.MapGet("{id}/timeline", (HttpContext http, Tenant tenant) => GetAsync(http, tenant, IdOf(http), whole: false))
            .Describes<TimelineAnswer>("The customer's events in order of business time, each with what became of it").ProducesProblem(404);
        customers.MapDelete("{id}", (HttpContext http, Tenant tenant) => EraseEndpoint.DeleteAsync(http, tenant, IdOf(http)))
            .WithSummary("Erase a customer, under all of its ids: its events, histories, key and what it adds to figures").Produces<ErasureReceipt>().ProducesProblem(404).ProducesProblem(409);
        // A table of segments that leaves out a cell, or has one twice, stops the service before it answers anything.
        RuntimeHelpers.RunClassConstructor(typeof(RfmSegments).TypeHandle);
        var segments = routes.MapGroup("/v1/segments").WithTags("Customers");
        segments.MapGet("rfm", RfmEndpoint.GetAsync).Describes<RfmAnswer>("Customers by recency, frequency and revenue, in segments");
        segments.MapGet("lapsed-regulars", LapsedRegularsEndpoint.GetAsync).Describes<LapsedRegularsAnswer>("Who bought regularly and stays away for longer than usual");
    }

    /// <summary>The id as the URL spells it, unescaped once: routing would leave an escaped slash as it is.</summary>
    internal static string IdOf(HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var start = target.IndexOf($"{Path}/", StringComparison.OrdinalIgnoreCase) + Path.Length + 1;
        var end = target.AsSpan(start).IndexOfAny('/', '?');
        return Uri.UnescapeDataString(end < 0 ? target[start..] : target[start..(start + end)]);
    }

    private static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, string id, bool whole)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Groups = false, Receipts = false });
        var customer = await request.Snapshot.IdentityAsync(id, request.Question.KnownAt, http.RequestAborted)
            ?? throw new ProblemException(404, "unknown_customer", $"There is no customer {id}, or no event of it is reflected yet.");
        var view = new CustomerView(request.Question.Definition, request.Question.AsOf.Moment.UtcTicks, request.Question.KnownAt)
        {
            Open = await request.Snapshot.OpenerAsync(customer.Members, http.RequestAborted),
        }.Look(Columns.Of((customer.Id, customer.History.Entries)), 0);
        var timeline = await Timeline.OfAsync(http, tenant.Name, request, (customer, view));
        if (request.Format != AnswerFormat.Json) return ExportedRows.Of(request.Format, timeline);
        var position = request.Snapshot.Reflection.Position;
        return whole
            ? Results.Json(CustomerFigures.Of(customer, CustomerRow.Of(customer.Id, view, request).For(Caller.Of(http)), request) with { Timeline = timeline }, MetricAnswer.Json)
            : Results.Json(new TimelineAnswer(customer.Id, customer.Members, request.Question.AsOf.Moment, position, timeline), MetricAnswer.Json);
    }
}

/// <summary>A customer as in <see cref="CustomerRow"/>, with the events.</summary>
/// <param name="Customer">The id that it goes by, whichever of its ids was asked for.</param>
/// <param name="Members">All ids that it is known under: more than one where customers were merged.</param>
public sealed record CustomerFigures(
    string Customer, IReadOnlyList<string> Members, DateTimeOffset AsOf, long Position, DateOnly? CustomerSince, int Orders, decimal Revenue,
    double? AverageOrderValue, int PurchaseDays, DateOnly? LastPurchase, string Status, DateOnly? LapsesOn, int Reactivations, int Complaints, int OpenComplaints, int Answers,
    IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<TimelineEntry>? Timeline)
{
    internal static CustomerFigures Of(JoinedCustomer joined, CustomerRow row, MetricRequest request) =>
        new(
            joined.Id, joined.Members, request.Question.AsOf.Moment, request.Snapshot.Reflection.Position, row.CustomerSince, row.Orders, row.Revenue,
            row.AverageOrderValue, row.PurchaseDays, row.LastPurchase, row.Status, row.LapsesOn, row.Reactivations, row.Complaints, row.OpenComplaints,
            row.Answers, row.Attributes, null);
}

/// <param name="Customer">The id that the customer goes by, whichever of its ids was asked for.</param>
/// <param name="Members">All ids that it is known under.</param>
public sealed record TimelineAnswer(
    string Customer, IReadOnlyList<string> Members, DateTimeOffset AsOf, long Position, IReadOnlyList<TimelineEntry> Timeline);

/// <summary>An event of a customer and what became of it.</summary>
/// <param name="Customer">The id that it was sent for.</param>
/// <param name="Id">The sender's id; null for an event of another client of the tables, like <paramref name="Source"/>.</param>
/// <param name="Effect">
/// counts, retracted, superseded (an earlier purchase has the orderId, or a later merge or unmerge is of the same two customers), cancelled
/// or refunded (the order no longer counts), withdrawn (the answer was), waits (its complaint is not known), no_effect (a step that finds
/// its complaint as it would leave it, or dated before the receipt), not_yet (at or after the moment), or other (a type without a meaning
/// here).
/// </param>
public sealed record TimelineEntry(
    long Position, Guid EventId, string Customer, string? Source, string? Id, string Type, DateTimeOffset OccurredAt, DateTimeOffset RecordedAt,
    string Effect, System.Text.Json.JsonElement Data);

/// <summary>The events of a customer under all of its ids, in order of (occurredAt, source, id), as sent.</summary>
internal static class Timeline
{
    public static async Task<IReadOnlyList<TimelineEntry>> OfAsync(
        HttpContext http, string tenant, MetricRequest request, (JoinedCustomer Joined, CustomerView View) of)
    {
        var (services, personal, ct) = (http.RequestServices, Caller.Of(http).ReadsPersonal, http.RequestAborted);
        var until = Math.Min(request.Snapshot.Reflection.Position, request.Question.KnownAt);
        var known = new List<StoredEvent>();
        foreach (var member in of.Joined.Members)
        {
            var stored = await services.GetRequiredService<EventLog>().ReadStreamAsync(tenant, CustomerStream.Of(member), 1, ct);
            known.AddRange(stored.Where(item => item.Position <= until));
        }
        var opened = (await services.GetRequiredService<Sealing>().OpenAsync(known, personal, ct)).ToDictionary(pair => pair.Stored.Position, pair => pair.Sent);
        var effects = Effects(of.Joined, of.View, request.Question.KnownAt);
        return [.. known
            .Select(item => Entry(personal ? item : item with { Data = Impersonal.Of(EventType.Named(item.Type), item.Data) }, opened.GetValueOrDefault(item.Position), request, effects))
            .OrderBy(entry => entry.OccurredAt).ThenBy(entry => entry.Source, StringComparer.Ordinal).ThenBy(entry => entry.Id, StringComparer.Ordinal)
            .ThenBy(entry => entry.Position)];
    }

    private static TimelineEntry Entry(StoredEvent stored, Envelope? sent, MetricRequest request, Dictionary<long, string> effects)
    {
        var occurredAt = sent?.OccurredAt ?? Timestamp.Parse(stored.Headers.OccurredAt);
        var known = effects.GetValueOrDefault(stored.Position, "counts");
        var effect = EventType.Named(stored.Type) is not { } type ? "other"
            : known != "retracted" && !type.CorrectsRecord && occurredAt >= request.Question.AsOf.Moment ? "not_yet"
            : known;
        return new(
            stored.Position, stored.EventId, stored.Stream[CustomerStream.Prefix.Length..], sent?.Source, sent?.Id, stored.Type, occurredAt,
            stored.RecordedAt, effect, sent?.Data ?? stored.Data);
    }

    /// <summary>What became of the events that do not simply count, by their positions.</summary>
    private static Dictionary<long, string> Effects(JoinedCustomer joined, CustomerView view, long knownAt)
    {
        var effects = new Dictionary<long, string>();
        foreach (var row in view.Superseded) effects[view.Columns.Purchases.KnownFrom[row]] = "superseded";
        foreach (var order in view.Invalid) effects[view.PositionOf(order)] = order.Cancelled ? "cancelled" : "refunded";
        AddVoice(view, effects);
        foreach (var link in joined.Links.Except(Identities.InForce(joined.Links, knownAt))) effects[link.KnownFrom] = "superseded";
        foreach (var entry in joined.History.Entries.Where(entry => entry.KnownUntil != 0 && entry.KnownUntil <= knownAt)) effects[entry.KnownFrom] = "retracted";
        return effects;
    }

    private static void AddVoice(CustomerView customer, Dictionary<long, string> effects)
    {
        var (complaints, standing) = (customer.Complaints, customer.Answers.Select(given => given.Answer).ToHashSet(ReferenceEqualityComparer.Instance));
        foreach (var position in complaints.SelectMany(complaint => complaint.Idle)) effects[position] = "no_effect";
        var received = complaints.Select(complaint => complaint.Receipt.Complaint).ToHashSet();
        for (var i = 0; i < customer.Others.Length; i++)
        {
            var fact = customer.Others[i].Fact;
            if (fact is Fact.OfComplaint step && !received.Contains(step.Complaint)) effects[customer.PositionOfOther(i)] = "waits";
            if (fact is Fact.Answer && !standing.Contains(fact)) effects[customer.PositionOfOther(i)] = "withdrawn";
        }
    }
}
