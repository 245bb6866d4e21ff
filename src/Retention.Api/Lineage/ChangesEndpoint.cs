using System.Globalization;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;

namespace Retention.Api.Lineage;

/// <summary>A period of which some figure is another one than it was.</summary>
/// <param name="Period">Its local start, for cohorts that of the cohort; null for every period of the grain.</param>
public sealed record MovedPeriod(string Metric, string Grain, string? Period);

/// <summary>
/// <c>GET /v1/changes</c>: which periods of which metrics have moved since a position. Only customers whose record has changed are looked at: as
/// they were known then and as they are known now, as of one moment.
/// </summary>
public static class ChangesEndpoint
{
    private const int MostCustomers = 20_000;

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        var (ct, names) = (http.RequestAborted, LineageShare.Metrics.ToList());
        var query = QueryReader.Of(http).Only("after", "metric", "grain", "asOf", "minPosition", "format");
        var (metric, grain, csv) = (query.Choice("metric", names), query.Choice("grain", GrainNames.OfDays), query.Choice("format", ["json", "csv"]) == "csv");
        var after = await KnownPosition.ReadAsync(query, http.RequestServices, null, ct, "after");
        var minPosition = query.Whole("minPosition", 0, long.MaxValue);
        if (after is null) query.Fault("after", "missing", "must be the position of the answers that are at hand, or a time");
        query.Done();
        await AwaitedPosition.WaitAsync(http.RequestServices, tenant.Name, minPosition, ct);
        await AwaitedPosition.ReachAsync(http.RequestServices, tenant.Name, after!.Value, ct);

        await using var snapshot = await Snapshot.OpenAsync(http.RequestServices.GetRequiredService<Place>(), tenant.Name, ct);
        var reflection = snapshot.Reflection;
        var asOf = QuestionReader.Read(query, new MetricShape(), reflection, http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow()).AsOf.Moment;
        query.Done();
        var (settings, fits) = await RedefinedAsync(http, tenant.Name, after.Value, reflection);
        var between = await snapshot.BetweenAsync(after.Value, reflection.Position, ct);
        var was = await ChangedAsync(snapshot, between, ct);
        var now = await ChangedAsync(snapshot, between with { Known = Causes.All }, ct);
        // Of so many customers, everything has moved.
        var all = settings || was is null || now is null;

        var moved = new List<MovedPeriod>();
        foreach (var each in names.Where(name => metric is null || name == metric))
        {
            foreach (var period in GrainNames.OfDays.Where(name => grain is null || name == grain))
            {
                if (all || (fits && each == Catalogue.Clv.Name)) moved.Add(new(each, period, null));
                else if (now!.Instead!.Count > 0) moved.AddRange(await MovedAsync(http, (each, period, asOf), was!, now));
            }
        }
        return csv ? Csv.Of(moved) : Results.Json(new { after, asOf, reflection.Position, settingsChanged = settings, count = moved.Count, rows = moved }, MetricAnswer.Json);
    }

    /// <summary>Whether settings that figures depend on have changed, and whether a model was fitted. What the first order and the first answer fix changes no figure before them.</summary>
    private static async Task<(bool Settings, bool Fits)> RedefinedAsync(HttpContext http, string tenant, long after, Reflection now)
    {
        var was = (await http.RequestServices.GetRequiredService<TenantSettings>().AtAsync(tenant, after, http.RequestAborted)).Settings;
        var same = (was with { Currency = now.Settings.Currency, CurrencyInUse = now.Settings.CurrencyInUse, Scales = now.Settings.Scales }).Same(now.Settings);
        var fits = await http.RequestServices.GetRequiredService<FittedModels>().AllAsync(tenant, now.Position, http.RequestAborted);
        return (!same, fits.Any(fit => fit.Position > after));
    }

    /// <summary>The customers whose record has changed; null where they are too many.</summary>
    private static async Task<FoldScope?> ChangedAsync(Snapshot snapshot, Supposition supposed, CancellationToken ct)
    {
        var changed = new List<(string, IReadOnlyList<Entry>)>();
        await snapshot.EntriesAsync(supposed, (id, entries) =>
        {
            if (changed.Count <= MostCustomers) changed.Add((id, supposed.Of(entries)));
        }, ct);
        return changed.Count > MostCustomers ? null : new FoldScope { Instead = changed };
    }

    private static async Task<IEnumerable<MovedPeriod>> MovedAsync(HttpContext http, (string Metric, string Grain, DateTimeOffset AsOf) of, FoldScope was, FoldScope now)
    {
        var question = new MetricQuestion(MetricQuestion.Named(of.Metric), [new("grain", of.Grain), new("asOf", Timestamp.Format(of.AsOf))]);
        // Rows of complaints count orders, too, and those of the tenant may begin before the first complaint of these customers.
        if (of.Metric == VoiceCatalogue.Complaints.Name && FirstDay(was, now, of.AsOf.UtcTicks) is { } first) question = question.With("from", first);
        var (before, after) = (await RowsAsync(was), await RowsAsync(now));
        var all = before.Keys.Union(after.Keys).Order(StringComparer.Ordinal).ToList();
        var moved = all.Where(period => before.GetValueOrDefault(period, "") != after.GetValueOrDefault(period, ""));
        // The repeat rate over the lifetime is of everybody acquired so far: it goes on from the first period that moved.
        if (of.Metric == Catalogue.Revenue.Name && moved.FirstOrDefault() is { } since) moved = all.Where(period => string.CompareOrdinal(period, since) >= 0);
        return moved.Select(period => new MovedPeriod(of.Metric, of.Grain, period));

        async Task<Dictionary<string, string>> RowsAsync(FoldScope scope)
        {
            var answer = await question.AskAsync(http, scope);
            var steps = answer.TryGetProperty("curves", out _) ? answer.GetProperty("rows").EnumerateArray().ToLookup(row => row.GetProperty("period").GetString(), row => row.GetRawText()) : null;
            return AnswerRows.Of(answer).GroupBy(row => row.Period, StringComparer.Ordinal).ToDictionary(
                rows => rows.Key, rows => string.Concat(rows.Select(row => Text(question.Metric, row))) + string.Concat(steps?[rows.Key] ?? []), StringComparer.Ordinal);
        }
    }

    /// <summary>The day before the first order or complaint of all, which is early enough in every zone; null without any before the moment.</summary>
    private static string? FirstDay(FoldScope was, FoldScope now, long before)
    {
        var counted = was.Instead!.Concat(now.Instead!).SelectMany(customer => customer.Entries)
            .Where(entry => entry.Fact is Fact.Purchase or Fact.ComplaintReceived && entry.OccurredAt < before).ToList();
        return counted.Count == 0 ? null : PeriodStart.Of(DateOnly.FromDateTime(new DateTime(counted.Min(entry => entry.OccurredAt))).AddDays(-1)).Text;
    }

    // A sum that is 0 is like that of a row that is not there; a share that is 0 is not.
    private static string Text(CatalogueEntry metric, AnswerRow row) => Figures(metric, row) is { Length: > 0 } figures ? $"{row.Part} {figures}" : "";

    private static string Figures(CatalogueEntry metric, AnswerRow row) => string.Concat(row.Figures
        .Where(figure => figure.Value is { } value && (value != 0 || !AnswerRows.IsSum(metric, figure.Key)))
        .Select(figure => string.Create(CultureInfo.InvariantCulture, $"{figure.Key}={figure.Value!.Value:0.############} ")));
}
