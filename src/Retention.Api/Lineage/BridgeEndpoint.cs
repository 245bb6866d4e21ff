using System.Globalization;
using Retention.Api.Metrics;
using Retention.Api.Replays;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;

namespace Retention.Api.Lineage;

/// <summary><c>GET /v1/metrics/{metric}/bridge</c>: why the figures of a period are others than they were at an earlier position.</summary>
public static class BridgeEndpoint
{
    private static readonly string[] Own = ["period", "fromPosition", "toPosition", "fromAsOf", "format", "knownAt", "minPosition", "receipt", "compare", "fromReplay"];

    private static readonly string[] Refused = ["knownAt", "receipt", "compare"];

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, string metric)
    {
        var (query, ct) = (QueryReader.Of(http), http.RequestAborted);
        var question = MetricQuestion.Of(http, metric, Own);
        foreach (var name in Refused.Where(query.Has)) query.Fault(name, "not_allowed", "is no parameter of a bridge; it leads from fromPosition to toPosition");
        var csv = query.Choice("format", ["json", "csv"]) == "csv";
        var (replay, earlier) = await ReplaysAsync(http, tenant, query);
        var from = earlier?.UpTo ?? await KnownPosition.ReadAsync(query, http.RequestServices, replay, ct, "fromPosition");
        var to = await KnownPosition.ReadAsync(query, http.RequestServices, replay, ct, "toPosition");
        var fromAsOf = query.Time("fromAsOf");
        if (from is null) query.Fault("fromPosition", "missing", "must be the position, or the time, that the earlier figures were of; or fromReplay the replay that they are of");
        if (from > to) query.Fault("toPosition", "not_allowed", "must not lie before fromPosition, or the position of fromReplay");
        var minPosition = query.Whole("minPosition", 0, long.MaxValue);
        query.Done();

        await AwaitedPosition.WaitAsync(http.RequestServices, tenant.Name, minPosition, ct);
        if (replay is null) await AwaitedPosition.ReachAsync(http.RequestServices, tenant.Name, to ?? from!.Value, ct);
        await using var snapshot = await Snapshot.OpenAsync(ReplayEndpoints.PlaceOf(http.RequestServices, replay), tenant.Name, ct);
        if (NamedPeriod.Read(query, "period", snapshot.Reflection.Settings) is { } period) question = period.Of(question);
        var answer = await question.With("knownAt", (to ?? snapshot.Reflection.Position).ToString(CultureInfo.InvariantCulture)).AskAsync(http);
        var (position, asOf) = (answer.GetProperty("position").GetInt64(), answer.GetProperty("asOf").GetDateTimeOffset());
        // Without a moment of its own, the answer's stays that of everything that is compared with it.
        var bridge = await Bridge.BuildAsync(http, snapshot, question, new(from!.Value, fromAsOf ?? asOf) { Replay = earlier }, (position, asOf, AnswerRows.Of(answer)));
        if (csv) return Csv.Of(bridge.Rows);
        return Results.Json(new Dictionary<string, object?>
        {
            ["metric"] = question.Metric.Name,
            ["definition"] = new { question.Metric.Name, question.Metric.Version },
            ["parameters"] = answer.GetProperty("parameters"),
            ["fromPosition"] = from,
            ["fromReplay"] = earlier?.Name,
            ["toPosition"] = position,
            ["fromAsOf"] = fromAsOf ?? asOf,
            ["asOf"] = asOf,
            ["events"] = bridge.Events,
            ["rows"] = bridge.Rows,
        }, MetricAnswer.Json);
    }

    /// <summary>The replay that both ends are of, and the one that only the earlier figures are of; null for the live record.</summary>
    private static async Task<(Replay? Both, Replay? Earlier)> ReplaysAsync(HttpContext http, Tenant tenant, QueryReader query)
    {
        if (query.Has("fromReplay"))
            foreach (var name in (string[])["fromPosition", "replay"])
                if (query.Has(name)) query.Fault(name, "not_allowed", "does not go with fromReplay, which leads from a replay to what is live");
        query.Done();
        return (await ReplayEndpoints.ReadyAsync(http.RequestServices, tenant.Name, query.Text("replay"), http.RequestAborted),
            await ReplayEndpoints.ReadyAsync(http.RequestServices, tenant.Name, query.Text("fromReplay"), http.RequestAborted, "fromReplay"));
    }
}

/// <summary>A period that a parameter names, as the metric's parameters spell it.</summary>
internal sealed record NamedPeriod(Grain Grain, string From, string To)
{
    /// <summary>By its name, or by how metrics name it: the local start, for hours a time, with <c>grain</c> beside it.</summary>
    /// <returns>Null where it is not given.</returns>
    /// <exception cref="ProblemException">400 for what names no period.</exception>
    public static NamedPeriod? Read(QueryReader query, string parameter, Settings settings)
    {
        if (query.Text(parameter) is not { } text) return null;
        var grain = query.Choice("grain", GrainNames.All) is { } name ? GrainNames.Parse(name) : null;
        if (grain is Grain.Hour)
        {
            if (query.Time(parameter) is { } start) return new(Grain.Hour, text, Timestamp.Format(start.AddHours(1)));
        }
        else if (PeriodName.Parse(text, Settings.Weekday(settings.WeekStart)!.Value, grain) is { } period)
        {
            return new(period.Grain, Spelled(period.From), Spelled(period.To));
        }
        else
        {
            query.Fault(parameter, "not_a_period", PeriodName.Allowed);
        }
        query.Done();
        return null;
    }

    /// <summary>The question for the one row of the period.</summary>
    public MetricQuestion Of(MetricQuestion question) => question.With("grain", GrainNames.Of(Grain)).With("from", From).With("to", To);

    private static string Spelled(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
