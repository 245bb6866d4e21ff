using Retention.Api.Customers;
using Retention.Api.Metrics;
using Retention.Api.Replays;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Projections.ReadModels;

namespace Retention.Api.Lineage;

/// <summary>A customer behind a cell.</summary>
/// <param name="Numerator">What it adds to the numerator; 0 for who is not in it, like <paramref name="Denominator"/>.</param>
/// <param name="Excluded">Why it is not in the denominator; null for who is.</param>
/// <param name="Adds">What it adds to each sum of the cell, 0 left out.</param>
/// <param name="EarlierEvents">With <c>customer</c>, as <c>events</c>, asks for the deciding ones among the events before; null where all were looked at.</param>
public sealed record LineageRow(
    string Customer, decimal Numerator, decimal Denominator, string? Excluded, Dictionary<string, decimal> Adds, IReadOnlyList<DecidingEvent> Events,
    string? EarlierEvents);

/// <summary>The same as a line of CSV, with events as source/id.</summary>
public sealed record LineageLine(string Customer, decimal Numerator, decimal Denominator, string? Excluded, Dictionary<string, decimal> Adds, IReadOnlyList<string> Events);

/// <summary><c>GET /v1/metrics/{metric}/lineage</c>: the customers behind a cell, page by page, and the events that decide what they add to it.</summary>
public static class LineageEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, string metric)
    {
        var query = QueryReader.Of(http);
        var asked = LineageRequest.Read(query);
        var place = await ReplayEndpoints.PlaceAsync(http.RequestServices, tenant.Name, query.Text("replay"), http.RequestAborted);
        await using var snapshot = await Snapshot.OpenAsync(place, tenant.Name, http.RequestAborted);
        var cell = await asked.CellAsync(http, query, MetricQuestion.Of(http, metric, LineageRequest.Own, lists: true), snapshot.Reflection.Settings);
        await using var look = await Snapshot.OpenAsync(place, tenant.Name, http.RequestAborted);
        await look.RewindAsync(cell.Position, http.RequestAborted);
        var (found, more) = asked.Customer is { } one ? ([await LineageSearch.OneAsync(http, cell, look, one)], false) : await LineageSearch.FindAsync(http, cell, look, asked);
        var rows = await RowsAsync(http, cell, look, (found, asked.Events));
        var nextCursor = more ? new LineageCursor((cell.Position, cell.AsOf), found[^1].Customer).ToString() : null;
        nextCursor = Page<LineageRow>.Link(http, nextCursor);
        if (asked.Csv) return Csv.Of(rows.Select(row => new LineageLine(
            row.Customer, row.Numerator, row.Denominator, row.Excluded, row.Adds, [.. row.Events.Select(each => each.ToString())])).ToList());
        return Results.Json(new Dictionary<string, object?>
        {
            ["metric"] = cell.Question.Metric.Name,
            ["definition"] = new { cell.Question.Metric.Name, cell.Question.Metric.Version },
            ["parameters"] = cell.Answer.GetProperty("parameters"),
            ["asOf"] = cell.AsOf,
            ["position"] = cell.Position,
            ["group"] = cell.Group?.Value,
            ["role"] = asked.Role,
            ["numerator"] = new { figure = cell.Share.Numerator, value = cell.Share.NumeratorOf(cell.Figures) },
            ["denominator"] = new { figure = cell.Share.Denominator, value = cell.Share.DenominatorOf(cell.Figures) },
            ["nextCursor"] = nextCursor,
            ["rows"] = rows,
        }, MetricAnswer.Json);
    }

    private static async Task<List<LineageRow>> RowsAsync(
        HttpContext http, LineageCell cell, Snapshot look, (List<(string Customer, IReadOnlyDictionary<string, decimal?> Figures)> Rows, EventsCursor? Before) found)
    {
        var (histories, reasons) = (new Dictionary<string, CustomerHistory>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        var view = new CustomerView(cell.Definition, cell.AsOf.UtcTicks, cell.Position);
        var customers = await look.IdentitiesAsync(found.Rows.Select(row => row.Customer), cell.Position, http.RequestAborted);
        foreach (var (customer, figures) in found.Rows)
        {
            var history = customers[customer].History;
            if (cell.Added(figures).Count > 0 || found.Before is not null) histories[customer] = history;
            if (cell.Share.DenominatorOf(figures) == 0) reasons[customer] = cell.ReasonOf(view.Look(Columns.Of((customer, history.Entries)), 0));
        }
        var events = await DecidingEvents.OfAsync(http, cell, look, (histories, found.Before?.Told));
        return found.Rows.ConvertAll(row => new LineageRow(
            row.Customer, cell.Share.NumeratorOf(row.Figures), cell.Share.DenominatorOf(row.Figures), reasons.GetValueOrDefault(row.Customer),
            cell.Added(row.Figures), events.GetValueOrDefault(row.Customer)?.Events ?? [], events.GetValueOrDefault(row.Customer)?.Earlier(http, cell)));
    }
}
