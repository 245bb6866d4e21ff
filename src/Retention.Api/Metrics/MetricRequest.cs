using Microsoft.Extensions.Primitives;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;

namespace Retention.Api.Metrics;

/// <summary>
/// A metric question from a query string, at one consistent look at its tenant: what is asked, by which definition and as of when, with
/// the tenant's settings for whatever is not given.
/// </summary>
public sealed class MetricRequest : IAsyncDisposable
{
    /// <summary>The parameters that every metric takes.</summary>
    public static IReadOnlyList<string> Common { get; } =
        ["from", "to", "grain", "tz", "asOf", "activity", "refunds", "minPosition", "format"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DateOnly? from;
    private readonly DateOnly? to;

    private MetricRequest(Snapshot snapshot, Question question, QueryReader query, string format)
    {
        Snapshot = snapshot;
        Question = question;
        Query = query;
        Format = format;
        (from, to) = RangeOf(query);
    }

    public Snapshot Snapshot { get; }

    public Question Question { get; }

    public QueryReader Query { get; }

    public Settings Settings => Snapshot.Reflection.Settings;

    /// <summary>json or csv.</summary>
    public string Format { get; }

    /// <summary>The grain's name; null where one row for exactly [from, to) is asked.</summary>
    public string? GrainName => Question.Partition is Partition.ByGrain { Grain: var grain } ? GrainNames.Of(grain) : null;

    /// <summary>Decimals of the tenant's currency; 2 before it has one.</summary>
    public int MoneyDigits => Settings.Currency is { } currency ? Currency.Digits(currency) ?? 2 : 2;

    /// <param name="own">Parameters besides the common ones.</param>
    /// <param name="exactRange">Whether from and to without a grain ask for one row of exactly that range; else the grain is month.</param>
    /// <exception cref="ProblemException">400 for a wrong query; 503 when projections stay behind minPosition.</exception>
    public static async Task<MetricRequest> OpenAsync(HttpContext http, string tenant, IReadOnlyList<string> own, bool exactRange = true)
    {
        var (services, ct) = (http.RequestServices, http.RequestAborted);
        var query = new QueryReader(http.Request.Query).Only([.. Common, .. own]);
        var format = query.Choice("format", ["json", "csv"]) ?? Accepted(http.Request.Headers.Accept);
        var minPosition = query.Whole("minPosition", 0, long.MaxValue);
        RefuseFaults(query, services.GetRequiredService<TimeProvider>().GetUtcNow());
        await WaitAsync(services, tenant, minPosition, ct);

        var snapshot = await Snapshot.OpenAsync(services.GetRequiredService<Place>(), tenant, ct);
        try
        {
            var definition = DefinitionOf(query, snapshot.Reflection.Settings);
            var asOf = AsOfOf(query, definition.Calendar, snapshot.Reflection, services.GetRequiredService<TimeProvider>().GetUtcNow());
            var request = new MetricRequest(snapshot, new Question(definition, asOf, PartitionOf(query, definition, exactRange)), query, format);
            query.Done();
            return request;
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Snapshot.DisposeAsync();

    /// <summary>
    /// The periods asked for, both ends included: from and to widened to whole periods; by default from the first period that counts
    /// anything to the period of the moment.
    /// </summary>
    /// <param name="firstCounted">Null when nothing counts; without from there are then no periods.</param>
    /// <returns>Last &lt; First for none.</returns>
    /// <exception cref="ProblemException">400 for more periods than <paramref name="most"/>.</exception>
    public (int First, int Last) Periods(int? firstCounted, int most = 20_000)
    {
        var partition = Question.Partition;
        if (partition is Partition.Exactly) return (0, 0);
        var last = partition.IndexOf(to?.AddDays(-1) ?? Question.AsOf.Day);
        var first = from is { } day ? partition.IndexOf(day) : firstCounted ?? last + 1;
        if (last - first >= most)
        {
            Query.Fault("from", "too_many_periods", $"with to spans more than {most} periods; ask for a shorter range or a coarser grain");
            Query.Done();
        }
        return (first, last);
    }

    /// <summary>Parameters echoed, defaults included.</summary>
    public Dictionary<string, object?> Parameters((int First, int Last) periods)
    {
        var echoed = new Dictionary<string, object?>
        {
            ["from"] = periods.Last < periods.First ? from : Question.Partition.StartOf(periods.First),
            ["to"] = periods.Last < periods.First ? to : Question.Partition.EndOf(periods.Last),
            ["grain"] = GrainName,
            ["tz"] = Question.Definition.Calendar.Zone,
            ["weekStart"] = Question.Definition.WeekStart.ToString().ToLowerInvariant(),
            ["asOf"] = Question.AsOf.Moment,
            ["activity"] = $"window:{Question.Definition.ActivityDays}d",
            ["refunds"] = Question.Definition.Refunds.ToString().ToLowerInvariant(),
        };
        return echoed;
    }

    private static string Accepted(StringValues accept) =>
        accept.ToString().Split(',').Select(type => type.Split(';')[0].Trim()).FirstOrDefault(type => type is "text/csv" or "application/json") == "text/csv" ? "csv" : "json";

    /// <summary>Reads everything once with the default settings, so that a wrong query does not wait first.</summary>
    private static void RefuseFaults(QueryReader query, DateTimeOffset now)
    {
        var definition = DefinitionOf(query, Settings.Default);
        AsOfOf(query, definition.Calendar, Reflection.Nothing, now);
        PartitionOf(query, definition, exactRange: true);
        RangeOf(query);
        query.Done();
    }

    private static (DateOnly? From, DateOnly? To) RangeOf(QueryReader query)
    {
        var (from, to) = (query.Date("from"), query.Date("to"));
        if (from >= to) query.Fault("to", "empty_range", "must lie after from");
        return (from, to);
    }

    private static async Task WaitAsync(IServiceProvider services, string tenant, long? position, CancellationToken ct)
    {
        if (position is not { } wanted) return;
        if (wanted > await services.GetRequiredService<EventLog>().LastIssuedAsync(ct))
            throw new ProblemException(400, "unknown_position", $"minPosition: {wanted} has not been issued.", new Fault("minPosition", "unknown_position", "must be a position that the service has answered"));
        if (!await services.GetRequiredService<Progress>().ReachedAsync(tenant, wanted, Patience, ct))
            throw new ProblemException(503, "behind", $"Projections have not reached position {wanted} within {Patience.TotalSeconds} s.") { RetryAfter = 5 };
    }

    private static Definition DefinitionOf(QueryReader query, Settings settings)
    {
        var definition = settings.ToDefinition();
        if (query.Text("tz") is { } zone)
        {
            if (Calendar.In(zone) is { } calendar) definition = definition with { Calendar = calendar };
            else query.Fault("tz", "unknown_time_zone", "must be a tz database name such as Europe/Helsinki");
        }
        if (query.Text("activity") is { } activity)
        {
            if (ActivityDays(activity) is { } days) definition = definition with { ActivityDays = days };
            else query.Fault("activity", "not_allowed", $"must be window:Nd with N from 1 to {Definition.MaxActivityDays}, such as window:60d");
        }
        if (query.Choice("refunds", Settings.RefundNames) is { } refunds)
            definition = definition with { Refunds = refunds == "refund" ? RefundAttribution.Refund : RefundAttribution.Order };
        return definition;
    }

    private static int? ActivityDays(string activity) =>
        activity.StartsWith("window:", StringComparison.Ordinal) && activity.EndsWith('d') && activity.Length is > 8 and < 14
        && int.TryParse(activity.AsSpan(7, activity.Length - 8), System.Globalization.NumberStyles.None, null, out var days)
        && days is >= 1 and <= Definition.MaxActivityDays ? days : null;

    /// <summary>The moment given, or the later of the start of the local day and the time of the last event reflected.</summary>
    private static AsOf AsOfOf(QueryReader query, Calendar calendar, Reflection reflection, DateTimeOffset now)
    {
        var today = calendar.StartOf(calendar.DayOf(now.UtcTicks));
        var moment = reflection.RecordedAt is { } recorded && recorded > today ? recorded : today;
        if (query.Text("asOf") is not { } text) return AsOf.In(calendar, moment);
        var given = Timestamp.TryParse(text) ?? (QueryReader.TryDate(text) is { } day ? calendar.StartOf(day) : null);
        if (given is null) query.Fault("asOf", "not_a_time", "must be an RFC 3339 time with an offset, or an ISO date from 1900 to 2200 for its local start; a + in a URL is written %2B");
        else if (given > now) query.Fault("asOf", "in_future", $"may not lie in the future; the service's clock says {Timestamp.Format(now)}");
        else if (given.Value.UtcDateTime.Year < 1900) query.Fault("asOf", "out_of_range", "may not lie before 1900");
        else moment = given.Value;
        return AsOf.In(calendar, moment);
    }

    private static Partition PartitionOf(QueryReader query, Definition definition, bool exactRange)
    {
        if (query.Choice("grain", GrainNames.OfDays) is { } grain) return definition.By(GrainNames.Parse(grain)!.Value);
        var exact = exactRange && query.Has("from") && query.Has("to") && !query.Has("grain");
        return exact && query.Date("from") is { } first && query.Date("to") is { } end && first < end
            ? new Partition.Exactly(first, end)
            : definition.By(Grain.Month);
    }
}
