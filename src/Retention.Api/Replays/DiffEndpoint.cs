using System.Text.Json.Nodes;
using Retention.Api.Customers;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;

namespace Retention.Api.Replays;

/// <summary>
/// <c>GET /v1/replays/{name}/diff?metric=…</c>: a metric's figures by a replay beside the live ones, row by row, and the customers that
/// contribute something else to it. All other parameters are the metric's own, for both.
/// </summary>
internal static class DiffEndpoint
{
    /// <summary>Members that tell rows apart, in the order in which they are answered.</summary>
    private static readonly string[] Keys = ["period", "cohort", "group", "k", "t", "days", "instrument", "reason", "outcome"];

    private static readonly string[] Own = ["metric", "cursor", "limit"];

    public static async Task<IResult> GetAsync(string name, HttpContext http, Tenant tenant, Projections.Replays.Replays replays)
    {
        var ct = http.RequestAborted;
        if (await replays.FindAsync(tenant.Name, name, ct) is null) throw new ProblemException(404, "unknown_replay", $"There is no replay {name}.");
        var query = new QueryReader(http.Request.Query);
        var endpoints = MetricsOf(http.RequestServices.GetRequiredService<EndpointDataSource>());
        var metric = query.Choice("metric", [.. endpoints.Keys.Order(StringComparer.Ordinal)]);
        if (metric is null && !query.Has("metric")) query.Fault("metric", "required", $"is required: one of {string.Join(", ", endpoints.Keys.Order(StringComparer.Ordinal))}");
        if (query.Has("replay")) query.Fault("replay", "not_allowed", "is the one that the path names");
        var page = PageRequest.Read(query);
        query.Done();

        var live = await AskAsync(http, endpoints[metric!], tenant, null);
        var made = await AskAsync(http, endpoints[metric!], tenant, name);
        var (rows, differences) = SideBySide(RowsOf(live), RowsOf(made));
        return Results.Json(new
        {
            metric,
            replay = name,
            parameters = made["parameters"]?.DeepClone(),
            position = new { live = live["position"]?.GetValue<long>(), replay = made["position"]?.GetValue<long>() },
            differences,
            rows,
            customers = await CustomersAsync(http, tenant.Name, (name, metric!), page),
        }, MetricAnswer.Json);
    }

    /// <summary>The figures that can be asked, by the last part of their path.</summary>
    private static Dictionary<string, RouteEndpoint> MetricsOf(EndpointDataSource source)
    {
        var found = new Dictionary<string, RouteEndpoint>(StringComparer.Ordinal);
        foreach (var endpoint in source.Endpoints.OfType<RouteEndpoint>())
        {
            var path = endpoint.RoutePattern.RawText ?? "";
            if (endpoint.RoutePattern.Parameters.Count > 0) continue;
            if (path.StartsWith("/v1/metrics/", StringComparison.Ordinal)) found.TryAdd(path["/v1/metrics/".Length..], endpoint);
            else if (path == "/v1/cohorts") found.TryAdd("cohorts", endpoint);
        }
        return found;
    }

    /// <summary>The answer of an endpoint of this service to the request's own parameters.</summary>
    private static async Task<JsonObject> AskAsync(HttpContext http, RouteEndpoint endpoint, Tenant tenant, string? replay)
    {
        using var body = new MemoryStream();
        var inner = ContextOf(http, tenant, replay);
        inner.Request.Path = endpoint.RoutePattern.RawText;
        inner.Response.Body = body;
        inner.SetEndpoint(endpoint);
        await endpoint.RequestDelegate!(inner);
        body.Position = 0;
        return (await JsonNode.ParseAsync(body, cancellationToken: http.RequestAborted))!.AsObject();
    }

    private static DefaultHttpContext ContextOf(HttpContext http, Tenant tenant, string? replay)
    {
        var inner = new DefaultHttpContext { RequestServices = http.RequestServices, RequestAborted = http.RequestAborted, User = http.User };
        inner.Request.Method = HttpMethods.Get;
        inner.Request.Headers[Tenant.Header] = tenant.Name;
        inner.Request.Headers.Accept = "application/json";
        var asked = http.Request.Query.Where(parameter => !Own.Contains(parameter.Key)).SelectMany(
            parameter => parameter.Value.Select(value => KeyValuePair.Create(parameter.Key, value)));
        if (replay is not null) asked = asked.Append(new("replay", replay));
        inner.Request.QueryString = QueryString.Create(asked);
        return inner;
    }

    /// <summary>The rows of an answer, or of cohorts their cells, with what tells them apart among their members.</summary>
    private static List<JsonObject> RowsOf(JsonObject answer)
    {
        if (answer["rows"] is JsonArray rows) return [.. rows.OfType<JsonObject>()];
        var cells = new List<JsonObject>();
        foreach (var cohort in (answer["cohorts"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var head = cohort.Where(member => member.Value is not JsonArray).ToDictionary(member => member.Key, member => member.Value);
            foreach (var cell in (cohort["cells"] as JsonArray ?? []).OfType<JsonObject>())
                cells.Add(new JsonObject(head.Concat(cell).Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))));
        }
        return cells;
    }

    private static (List<JsonObject> Rows, int Differences) SideBySide(List<JsonObject> live, List<JsonObject> made)
    {
        var (theirs, rows, differences) = (Keyed(made), new List<JsonObject>(), 0);
        foreach (var (key, row) in Keyed(live).Select(pair => (pair.Key, pair.Value)))
        {
            theirs.Remove(key, out var other);
            rows.Add(Row(row, other));
        }
        rows.AddRange(theirs.Values.Select(other => Row(null, other)));
        return (rows, differences);

        JsonObject Row(JsonObject? one, JsonObject? other)
        {
            var some = (one ?? other)!;
            var row = new JsonObject(Keys.Where(some.ContainsKey).Select(key => KeyValuePair.Create(key, some[key]?.DeepClone())));
            var names = some.Select(member => member.Key).Where(member => !Keys.Contains(member));
            var changed = names.Where(member => !JsonNode.DeepEquals(one?[member], other?[member])).ToArray();
            if (changed.Length > 0) differences++;
            row["differs"] = new JsonArray([.. changed.Select(member => (JsonNode)member)]);
            row["live"] = Figures(one);
            row["replay"] = Figures(other);
            return row;
        }

        static JsonObject? Figures(JsonObject? row) =>
            row is null ? null : new(row.Where(member => !Keys.Contains(member.Key)).Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
    }

    /// <summary>Rows by what tells them apart, in their order; rows without it by their number.</summary>
    private static Dictionary<string, JsonObject> Keyed(List<JsonObject> rows)
    {
        var keyed = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var (index, row) in rows.Index())
        {
            var key = string.Join('|', Keys.Where(row.ContainsKey).Select(name => row[name]?.ToJsonString()));
            if (key == "" || !keyed.TryAdd(key, row)) keyed.Add($"#{index}", row);
        }
        return keyed;
    }

    /// <summary>Customers whose contributions are not the same; null for figures that do not tell them.</summary>
    private static async Task<object?> CustomersAsync(HttpContext http, string tenant, (string Replay, string Metric) of, PageRequest page)
    {
        if (!DifferingCustomers.Tells(of.Metric)) return null;
        var own = new Tenant(tenant);
        var shape = new MetricShape([.. http.Request.Query.Keys]) { Hours = true };
        await using var live = await MetricRequest.OpenAsync(ContextOf(http, own, null), tenant, shape);
        await using var made = await MetricRequest.OpenAsync(ContextOf(http, own, of.Replay), tenant, shape);
        var (customers, next) = await DifferingCustomers.PageAsync(of.Metric, live, made, page, http.RequestAborted);
        return new { rows = customers, nextCursor = next };
    }
}
