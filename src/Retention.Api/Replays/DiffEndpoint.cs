using System.Text.Json.Nodes;
using Retention.Api.Customers;
using Retention.Api.Lineage;
using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Projections.ReadModels;

namespace Retention.Api.Replays;

/// <summary>
/// <c>GET /v1/replays/{name}/diff?metric=…</c>: a metric's figures by a replay beside the live ones, row by row, and the customers that
/// add something else to it, with the figures in which they do. All other parameters are the metric's own, for both.
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
        var query = QueryReader.Of(http);
        var names = MetricQuestion.Names.Order(StringComparer.Ordinal).ToList();
        var metric = query.Choice("metric", names);
        if (metric is null && !query.Has("metric")) query.Fault("metric", "required", $"is required: one of {string.Join(", ", names)}");
        foreach (var other in (string[])["replay", "receipt", "format"])
            if (query.Has(other)) query.Fault(other, "not_allowed", other == "replay" ? "is the one that the path names" : "is no parameter of a comparison");
        var page = PageRequest.Read(query);
        query.Done();

        var question = MetricQuestion.Of(http, metric!, Own, lists: true);
        var live = await CellAsync(http, question);
        var made = await CellAsync(http, question.With("replay", name));
        var (rows, differences) = SideBySide(RowsOf(live), RowsOf(made));
        await using var liveLook = await LookAsync(http, tenant, null, live.Position);
        await using var madeLook = await LookAsync(http, tenant, name, made.Position);
        var (customers, nextCursor) = await DifferingCustomers.PageAsync(http, new(live, liveLook), new(made, madeLook), page);
        return Results.Json(new
        {
            metric,
            replay = name,
            parameters = made.Answer.GetProperty("parameters"),
            position = new { live = live.Position, replay = made.Position },
            differences,
            rows,
            customers = new { rows = customers, nextCursor = Polling.EpochGate.Stamp(http, nextCursor) },
        }, MetricAnswer.Json);
    }

    /// <summary>All rows, as the metric answers them to anybody.</summary>
    private static async Task<LineageCell> CellAsync(HttpContext http, MetricQuestion question) =>
        new(question, LineageShare.Of(question.Metric, null, Settings.Default), null, await question.AskAsync(http));

    private static async Task<Snapshot> LookAsync(HttpContext http, Tenant tenant, string? replay, long position)
    {
        var look = await Snapshot.OpenAsync(await ReplayEndpoints.PlaceAsync(http.RequestServices, tenant.Name, replay, http.RequestAborted), tenant.Name, http.RequestAborted);
        await look.RewindAsync(position, http.RequestAborted);
        return look;
    }

    /// <summary>The rows of an answer, or of cohorts their cells, with what tells them apart among their members; of a list how many it has.</summary>
    private static List<JsonObject> RowsOf(LineageCell asked)
    {
        if (asked.Question.IsList) return [new JsonObject { [AnswerRows.Listed] = asked.Figures[AnswerRows.Listed] }];
        var answer = JsonObject.Create(asked.Answer)!;
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
}
