using System.Globalization;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Api.Lineage;

/// <summary><c>GET /v1/metrics/{metric}/bridge</c>: why the figures of a period are others than they were at an earlier position.</summary>
public static class BridgeEndpoint
{
    private static readonly string[] Own = ["period", "fromPosition", "toPosition", "fromAsOf", "format", "knownAt", "minPosition", "receipt", "compare", "replay"];

    private static readonly string[] Refused = ["knownAt", "receipt", "compare", "replay"];

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, string metric)
    {
        var (query, ct) = (new QueryReader(http.Request.Query), http.RequestAborted);
        var question = MetricQuestion.Of(http, metric, Own);
        foreach (var name in Refused.Where(query.Has)) query.Fault(name, "not_allowed", "is no parameter of a bridge; it leads from fromPosition to toPosition, live");
        var csv = query.Choice("format", ["json", "csv"]) == "csv";
        var from = await KnownPosition.ReadAsync(query, http.RequestServices, ct, "fromPosition");
        var to = await KnownPosition.ReadAsync(query, http.RequestServices, ct, "toPosition");
        var fromAsOf = query.Time("fromAsOf");
        if (from is null) query.Fault("fromPosition", "missing", "must be the position, or the time, that the earlier figures were of");
        if (from > to) query.Fault("toPosition", "not_allowed", "must not lie before fromPosition");
        var minPosition = query.Whole("minPosition", 0, long.MaxValue);
        query.Done();

        await MetricRequest.WaitAsync(http.RequestServices, tenant.Name, minPosition, ct);
        await MetricRequest.ReachAsync(http.RequestServices, tenant.Name, to ?? from!.Value, ct);
        await using var snapshot = await Snapshot.OpenAsync(http.RequestServices.GetRequiredService<Place>(), tenant.Name, ct);
        if (NamedPeriod.Read(query, "period", snapshot.Reflection.Settings) is { } period) question = period.Of(question);
        var answer = await question.With("knownAt", (to ?? snapshot.Reflection.Position).ToString(CultureInfo.InvariantCulture)).AskAsync(http);
        var (position, asOf) = (answer.GetProperty("position").GetInt64(), answer.GetProperty("asOf").GetDateTimeOffset());
        // Without a moment of its own, the answer's stays that of everything that is compared with it.
        var bridge = await Bridge.BuildAsync(http, snapshot, question, (from!.Value, fromAsOf ?? asOf), (position, asOf, AnswerRows.Of(answer)));
        if (csv) return Csv.Of(bridge.Rows);
        return Results.Json(new Dictionary<string, object?>
        {
            ["metric"] = question.Metric.Name,
            ["definition"] = new { question.Metric.Name, question.Metric.Version },
            ["parameters"] = answer.GetProperty("parameters"),
            ["fromPosition"] = from,
            ["toPosition"] = position,
            ["fromAsOf"] = fromAsOf ?? asOf,
            ["asOf"] = asOf,
            ["events"] = bridge.Events,
            ["rows"] = bridge.Rows,
        }, MetricAnswer.Json);
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
