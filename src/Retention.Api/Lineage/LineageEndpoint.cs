using System.Globalization;
using Retention.Api.Customers;
using Retention.Api.Metrics;
using Retention.Api.Replays;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Lineage;

/// <summary>A customer behind a cell.</summary>
/// <param name="Numerator">What it adds to the numerator; 0 for who is not in it, like <paramref name="Denominator"/>.</param>
/// <param name="Excluded">Why it is not in the denominator; null for who is.</param>
/// <param name="Adds">What it adds to each sum of the cell, 0 left out.</param>
public sealed record LineageRow(
    string Customer, decimal Numerator, decimal Denominator, string? Excluded, Dictionary<string, decimal> Adds, IReadOnlyList<DecidingEvent> Events);

/// <summary>The same as a line of CSV, with events as source/id.</summary>
public sealed record LineageLine(string Customer, decimal Numerator, decimal Denominator, string? Excluded, Dictionary<string, decimal> Adds, IReadOnlyList<string> Events);

/// <summary><c>GET /v1/metrics/{metric}/lineage</c>: the customers behind a cell, page by page, and the events that decide what they add to it.</summary>
public static class LineageEndpoint
{
    private static readonly string[] Own = ["period", "cohort", "k", "group", "groupBy", "role", "cursor", "limit", "format", "receipt", "compare"];

    private static readonly string[] Roles = ["any", "numerator", "denominator", "excluded"];

    /// <summary>Customers are looked at in growing batches, so that few in a large tenant are found soon.</summary>
    private const int FirstBatch = 500;

    private const int LargestBatch = 32_000;

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, string metric)
    {
        var query = new QueryReader(http.Request.Query);
        var (csv, role) = (query.Choice("format", ["json", "csv"]) == "csv", query.Choice("role", Roles) ?? "any");
        var limit = (int)(query.Whole("limit", 1, PageRequest.MaxLimit) ?? PageRequest.DefaultLimit);
        var cursor = query.Text("cursor") is { } text ? LineageCursor.Parse(text) : null;
        if (query.Has("cursor") && cursor is null) query.Fault("cursor", "unknown_cursor", "must be a nextCursor of this list, or left out for the first page");
        query.Done();

        var place = await ReplayEndpoints.PlaceAsync(http.RequestServices, tenant.Name, query.Text("replay"), http.RequestAborted);
        await using var snapshot = await Snapshot.OpenAsync(place, tenant.Name, http.RequestAborted);
        var cell = await CellOfAsync(http, query, MetricQuestion.Of(http, metric, Own), snapshot.Reflection.Settings, cursor);
        await using var look = await Snapshot.OpenAsync(place, tenant.Name, http.RequestAborted);
        await look.RewindAsync(cell.Position, http.RequestAborted);
        var (found, more) = await FindAsync(http, cell, look, (role, limit, cursor?.After));
        var rows = await RowsAsync(http, cell, look, found);
        var nextCursor = more ? new LineageCursor(cell.Position, cell.AsOf, found[^1].Customer).ToString() : null;
        Page<LineageRow>.Link(http, nextCursor);
        if (csv) return Csv.Of(rows.Select(row => new LineageLine(
            row.Customer, row.Numerator, row.Denominator, row.Excluded, row.Adds, [.. row.Events.Select(each => each.ToString())])).ToList());
        return Results.Json(new Dictionary<string, object?>
        {
            ["metric"] = cell.Question.Metric.Name,
            ["definition"] = new { cell.Question.Metric.Name, cell.Question.Metric.Version },
            ["parameters"] = cell.Answer.GetProperty("parameters"),
            ["asOf"] = cell.AsOf,
            ["position"] = cell.Position,
            ["group"] = cell.Group?.Value,
            ["role"] = role,
            ["numerator"] = new { figure = cell.Share.Numerator, value = cell.Share.NumeratorOf(cell.Figures) },
            ["denominator"] = new { figure = cell.Share.Denominator, value = cell.Share.DenominatorOf(cell.Figures) },
            ["nextCursor"] = nextCursor,
            ["rows"] = rows,
        }, MetricAnswer.Json);
    }

    private static async Task<LineageCell> CellOfAsync(HttpContext http, QueryReader query, MetricQuestion question, Settings settings, LineageCursor? cursor)
    {
        var cohorts = question.Metric.Name == Catalogue.Cohorts.Name;
        var (named, other) = cohorts ? ("cohort", "period") : ("period", "cohort");
        if (query.Has(other)) query.Fault(other, "not_allowed", $"is called {named} here");
        if (query.Has("k") != cohorts) query.Fault("k", cohorts ? "missing" : "not_allowed", cohorts ? "must be a column of the cohort, as k names it" : "is for cohorts");
        foreach (var name in (string[])["receipt", "compare"])
            if (query.Has(name)) query.Fault(name, "not_allowed", "is no parameter of a lineage");
        if (query.Text("measure") == "cumulativeRevenuePerCustomer") query.Fault("measure", "not_allowed", "is no sum over customers; ask for cumulativeRevenue");
        var dimension = query.Choice("groupBy", QuestionReader.GroupDimensions);
        if (query.Has("group") && dimension is null) query.Fault("group", "not_allowed", $"needs groupBy, one of {string.Join(", ", QuestionReader.GroupDimensions)}");
        if (NamedPeriod.Read(query, named, settings) is { } period) question = period.Of(question);
        else if (!query.Has("from") || !query.Has("to")) query.Fault(named, "missing", $"{PeriodName.Allowed}; or from and to");
        query.Done();
        if (cursor is not null)
            question = question.With("knownAt", cursor.Position.ToString(CultureInfo.InvariantCulture)).With("asOf", Timestamp.Format(cursor.AsOf));

        var column = query.Text("k") ?? "";
        (string, string?)? group = dimension is null ? null : (dimension, http.Request.Query["group"] is [{ Length: > 0 } value] ? value : null);
        var cell = await LineageCell.AskAsync(http, question, LineageShare.Of(question.Metric, column), group);
        var rows = AnswerRows.Of(cell.Answer);
        if (rows.Count > 1) query.Fault("to", "not_allowed", "makes more than one period with from and grain; a lineage is of one");
        if (cohorts && rows is [var row] && !row.Figures.ContainsKey($"k{column}.value")) query.Fault("k", "not_allowed", "must be a column of the cohort, as k names it; see periods and brackets");
        query.Done();
        return cell;
    }

    /// <summary>The next customers of a role, in order of ids, with what they add; and whether there are more.</summary>
    private static async Task<(List<(string Customer, IReadOnlyDictionary<string, decimal?> Figures)> Found, bool More)> FindAsync(
        HttpContext http, LineageCell cell, Snapshot look, (string Role, int Limit, string? After) asked)
    {
        var found = new List<(string, IReadOnlyDictionary<string, decimal?>)>();
        var question = new Question(cell.Definition, AsOf.In(cell.Definition.Calendar, cell.AsOf), cell.Definition.By(Grain.Month)) { KnownAt = cell.Position };
        var (after, batch) = (asked.After, FirstBatch);
        while (true)
        {
            var page = new PageRequest(after, batch);
            var folded = await look.FoldAsync(question, () => new Page<string>(page), (customer, ids) => ids.Add(customer, Page<string>.IdOf(customer)), http.RequestAborted);
            var (ids, next) = folded.Single().Cells.Take();
            var added = await cell.EachAsync(http, new FoldScope { Only = ids.ToHashSet(StringComparer.Ordinal) });
            foreach (var id in ids)
            {
                var figures = added.GetValueOrDefault(id) ?? new Dictionary<string, decimal?>();
                if (!Has(cell, figures, asked.Role)) continue;
                if (found.Count == asked.Limit) return (found, true);
                found.Add((id, figures));
            }
            if (next is null) return (found, false);
            (after, batch) = (ids[^1], Math.Min(batch * 2, LargestBatch));
        }
    }

    private static bool Has(LineageCell cell, IReadOnlyDictionary<string, decimal?> figures, string role) => role switch
    {
        "numerator" => cell.Share.NumeratorOf(figures) != 0,
        "denominator" => cell.Share.DenominatorOf(figures) != 0,
        "excluded" => cell.Share.DenominatorOf(figures) == 0,
        _ => cell.Added(figures).Count > 0,
    };

    private static async Task<List<LineageRow>> RowsAsync(
        HttpContext http, LineageCell cell, Snapshot look, List<(string Customer, IReadOnlyDictionary<string, decimal?> Figures)> found)
    {
        var (histories, reasons) = (new Dictionary<string, CustomerHistory>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        var view = new CustomerView(cell.Definition, cell.AsOf.UtcTicks, cell.Position);
        foreach (var (customer, figures) in found)
        {
            var history = (await look.IdentityAsync(customer, cell.Position, http.RequestAborted))!.History;
            if (cell.Added(figures).Count > 0) histories[customer] = history;
            if (cell.Share.DenominatorOf(figures) == 0) reasons[customer] = cell.ReasonOf(view.Look(Columns.Of((customer, history.Entries)), 0));
        }
        var events = await DecidingEvents.OfAsync(http, cell, look, histories);
        return found.ConvertAll(row => new LineageRow(
            row.Customer, cell.Share.NumeratorOf(row.Figures), cell.Share.DenominatorOf(row.Figures), reasons.GetValueOrDefault(row.Customer),
            cell.Added(row.Figures), events.GetValueOrDefault(row.Customer) ?? []));
    }
}
