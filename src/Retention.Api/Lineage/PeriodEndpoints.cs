using System.Globalization;
using System.Text.Json;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;
using Calendar = Retention.Domain.Definitions.Calendar;

namespace Retention.Api.Lineage;

/// <summary>A closed period.</summary>
/// <param name="KnownAt">The position that its figures are of, as closed; with <paramref name="AsOf"/>, their moment.</param>
/// <param name="Position">Of the event that closed it.</param>
public sealed record PeriodFigures(
    string Period, string Grain, DateOnly From, DateOnly To, string TimeZone, DateTimeOffset ClosedAt, DateTimeOffset AsOf, long KnownAt, long SettingsVersion, long Position)
{
    public static PeriodFigures Of(ClosedPeriod closed)
    {
        var of = closed.Closing;
        return new(of.Period, of.Grain, of.From, of.To, of.TimeZone, closed.ClosedAt, of.AsOf, of.KnownAt, of.SettingsVersion, closed.Position);
    }
}

/// <summary>An event of a closed period that became known after it was closed, or retracts one.</summary>
/// <param name="OccurredAt">When it occurred; of a retraction, when what it retracts did.</param>
public sealed record LateEvent(long Position, string Source, string Id, string Type, string Customer, DateTimeOffset OccurredAt, DateTimeOffset RecordedAt);

/// <summary><c>/v1/periods</c>: periods are closed, and their figures are served as closed and as restated.</summary>
public static class PeriodEndpoints
{
    private static readonly string[] Own = ["metric", "grain"];

    private static readonly string[] Fixed = ["from", "to", "asOf", "knownAt", "format", "receipt", "compare", "replay"];

    public static void MapPeriods(this IEndpointRouteBuilder routes)
    {
        var periods = routes.MapGroup("/v1/periods").WithTags("Lineage");
        periods.MapGet("", ListAsync).WithSummary("Closed periods");
        periods.MapPost("{period}/close", CloseAsync).WithSummary("Close a period: its figures stay to be had as they are known now");
        periods.MapGet("{period}", GetAsync).WithSummary("A closed period; with metric, its figures as closed and as restated, and the bridge between");
        periods.MapGet("{period}/late-events", LateAsync).WithSummary("Events of a closed period that became known after it was closed");
    }

    private static async Task<IResult> ListAsync(HttpContext http, Tenant tenant, ClosedPeriods periods)
    {
        QueryReader.Of(http).Only();
        return Results.Json(new { periods = (await periods.AllAsync(tenant.Name, http.RequestAborted)).Select(PeriodFigures.Of) }, MetricAnswer.Json);
    }

    private static async Task<IResult> CloseAsync(HttpContext http, Tenant tenant, string period, ClosedPeriods periods, EventLog log, TimeProvider time)
    {
        QueryReader.Of(http).Only("grain");
        // What was acknowledged before the request is in the figures that are closed.
        await AwaitedPosition.ReachAsync(http.RequestServices, tenant.Name, await log.LastIssuedAsync(http.RequestAborted), http.RequestAborted);
        await using var snapshot = await Snapshot.OpenAsync(http.RequestServices.GetRequiredService<Place>(), tenant.Name, http.RequestAborted);
        var (reflection, name) = (snapshot.Reflection, Named(http, period, snapshot.Reflection.Settings));
        var asOf = QuestionReader.Read(new QueryReader(QueryCollection.Empty, 1), new MetricShape(), reflection, time.GetUtcNow()).AsOf;
        if (name.To > asOf.Day)
            throw new ProblemException(422, "period_unfinished", $"{period} ends on {name.To:yyyy-MM-dd}, and the local day is {asOf.Day:yyyy-MM-dd}.", new Fault("period", "period_unfinished", "must be over"));

        var settings = await http.RequestServices.GetRequiredService<TenantSettings>().AtAsync(tenant.Name, reflection.Position, http.RequestAborted);
        var (inForce, closed) = await periods.CloseAsync(
            tenant.Name,
            new PeriodClosed(name.Text, GrainNames.Of(name.Grain), name.From, name.To, reflection.Settings.Zone, asOf.Moment, reflection.Position, settings.Version), http.RequestAborted);
        if (!closed)
            throw new ProblemException(
                409, "period_closed", $"{period} was closed at {Timestamp.Format(inForce.ClosedAt)} as known at position {inForce.Closing.KnownAt}; that stays in force.",
                new Fault("period", "period_closed", $"is closed as known at position {inForce.Closing.KnownAt}, as of {Timestamp.Format(inForce.Closing.AsOf)}"))
            {
                Location = $"/v1/periods/{period}",
            };
        return Results.Json(PeriodFigures.Of(inForce), MetricAnswer.Json);
    }

    private static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, string period, ClosedPeriods periods)
    {
        var (closed, query) = (await ClosedAsync(http, tenant, period, periods), QueryReader.Of(http));
        if (query.Text("metric") is not { } metric)
        {
            query.Only(Own);
            return Results.Json(PeriodFigures.Of(closed), MetricAnswer.Json);
        }
        foreach (var name in Fixed.Where(query.Has)) query.Fault(name, "not_allowed", "follows from the period");
        query.Done();
        var of = closed.Closing;
        var question = MetricQuestion.Of(http, metric, Own).With("grain", of.Grain).With("from", Spelled(of.From)).With("to", Spelled(of.To));
        var asClosed = await question.With("knownAt", of.KnownAt.ToString(CultureInfo.InvariantCulture)).With("asOf", Timestamp.Format(of.AsOf)).AskAsync(http);
        await using var snapshot = await Snapshot.OpenAsync(http.RequestServices.GetRequiredService<Place>(), tenant.Name, http.RequestAborted);
        var restated = await question.With("knownAt", snapshot.Reflection.Position.ToString(CultureInfo.InvariantCulture)).AskAsync(http);
        var (position, asOf) = (restated.GetProperty("position").GetInt64(), restated.GetProperty("asOf").GetDateTimeOffset());
        var bridge = await Bridge.BuildAsync(http, snapshot, question.With("minPosition", null), new(of.KnownAt, of.AsOf), (position, asOf, AnswerRows.Of(restated)));
        return Results.Json(new
        {
            closed = PeriodFigures.Of(closed),
            metric,
            asClosed = Served(asClosed),
            restated = Served(restated),
            bridge = new { bridge.Events, rows = bridge.Rows.Where(row => row.Before != row.After || row.Steps.Values.Any(step => step is not null and not 0)) },
        }, MetricAnswer.Json);
    }

    private static async Task<IResult> LateAsync(HttpContext http, Tenant tenant, string period, ClosedPeriods periods)
    {
        var query = QueryReader.Of(http).Only("after", "limit", "format", "minPosition", "grain");
        var (csv, limit) = (query.Choice("format", ["json", "csv"]) == "csv", query.Limit());
        var (after, minPosition) = (query.Whole("after", 0, long.MaxValue) ?? 0, query.Whole("minPosition", 0, long.MaxValue));
        query.Done();
        await AwaitedPosition.WaitAsync(http.RequestServices, tenant.Name, minPosition, http.RequestAborted);
        var closed = await ClosedAsync(http, tenant, period, periods);
        await using var snapshot = await Snapshot.OpenAsync(http.RequestServices.GetRequiredService<Place>(), tenant.Name, http.RequestAborted);
        var (of, calendar) = (closed.Closing, Calendar.In(closed.Closing.TimeZone)!);
        var since = await snapshot.BetweenAsync(of.KnownAt, snapshot.Reflection.Position, http.RequestAborted);
        var (from, to) = (calendar.StartOf(of.From).UtcTicks, calendar.StartOf(of.To).UtcTicks);
        var late = new SortedDictionary<long, long>();
        await snapshot.EntriesAsync(since with { Known = Causes.All }, (_, entries) =>
        {
            foreach (var (at, occurredAt) in entries.Where(entry => entry.OccurredAt >= from && entry.OccurredAt < to).SelectMany(entry => PositionsOf(entry, of.KnownAt)))
                late[at] = occurredAt;
        }, http.RequestAborted);
        var page = late.Where(item => item.Key > after).Take(limit).ToList();
        var stored = await http.RequestServices.GetRequiredService<EventLog>().ReadAtAsync(tenant.Name, [.. page.Select(item => item.Key)], http.RequestAborted);
        var rows = page.ConvertAll(item => LateOf(stored[item.Key], item.Value, calendar));
        return csv ? Csv.Of(rows) : Results.Json(new
        {
            closed = PeriodFigures.Of(closed),
            position = snapshot.Reflection.Position,
            count = late.Count,
            nextAfter = rows.Count > 0 && rows[^1].Position != late.Last().Key ? rows[^1].Position : (long?)null,
            rows,
        }, MetricAnswer.Json);
    }

    /// <summary>Where an event of the period became known after the closing, or the retraction of one did.</summary>
    private static IEnumerable<(long Position, long OccurredAt)> PositionsOf(Entry entry, long closed)
    {
        if (entry.KnownFrom > closed) yield return (entry.KnownFrom, entry.OccurredAt);
        if (entry.KnownUntil > closed) yield return (entry.KnownUntil, entry.OccurredAt);
    }

    private static LateEvent LateOf(StoredEvent stored, long occurredAt, Calendar calendar) => new(
        stored.Position, stored.Headers.Source, stored.Headers.Id, stored.Type, stored.Stream[CustomerStream.Prefix.Length..],
        calendar.Local(new DateTimeOffset(occurredAt, TimeSpan.Zero)), stored.RecordedAt);

    private static async Task<ClosedPeriod> ClosedAsync(HttpContext http, Tenant tenant, string period, ClosedPeriods periods)
    {
        var settings = await http.RequestServices.GetRequiredService<TenantSettings>().LoadAsync(tenant.Name, http.RequestAborted);
        return await periods.OfAsync(tenant.Name, Named(http, period, settings.Settings), http.RequestAborted)
            ?? throw new ProblemException(404, "not_closed", $"{period} is not closed: POST /v1/periods/{period}/close.");
    }

    /// <exception cref="ProblemException">400 for what names no period.</exception>
    private static PeriodName Named(HttpContext http, string period, Settings settings)
    {
        var query = QueryReader.Of(http);
        var grain = query.Choice("grain", GrainNames.OfDays) is { } name ? GrainNames.Parse(name) : null;
        query.Done();
        return PeriodName.Parse(period, Settings.Weekday(settings.WeekStart)!.Value, grain)
            ?? throw new ProblemException(400, "not_a_period", $"{period}: {PeriodName.Allowed}.", new Fault("period", "not_a_period", PeriodName.Allowed));
    }

    private static Dictionary<string, JsonElement> Served(JsonElement answer) =>
        answer.EnumerateObject().Where(member => member.Name is not ("metric" or "definition")).ToDictionary(member => member.Name, member => member.Value);

    private static string Spelled(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
