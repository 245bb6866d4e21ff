using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary>An answer's rows as a table for a terminal, each figure by its unit, with its course below.</summary>
internal static class MetricTable
{
    private const string Nothing = "–";
    private const string Bars = "▁▂▃▄▅▆▇█";

    private static readonly string[] Keys = ["period", "group", "customer"];

    /// <param name="metric">The metric's entry in the catalogue, which names figures and units.</param>
    public static Table Of(JsonElement metric, JsonElement answer)
    {
        var rows = answer.GetProperty("rows").EnumerateArray().ToList();
        var units = metric.GetProperty("figures").EnumerateArray().ToDictionary(figure => figure.GetProperty("name").GetString()!, figure => figure.GetProperty("unit").GetString()!);
        var keys = Keys.Where(key => rows.Any(row => row.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String)).ToList();
        var figures = rows.SelectMany(row => row.EnumerateObject()).Where(member => member.Value.ValueKind == JsonValueKind.Number).Select(member => member.Name).Distinct().ToList();
        var table = new Table().Border(TableBorder.Simple);
        foreach (var key in keys) table.AddColumn(key);
        foreach (var figure in figures) table.AddColumn(new TableColumn(figure).RightAligned());
        foreach (var row in rows)
            table.AddRow([.. keys.Select(key => new Text(KeyOf(row, key))), .. figures.Select(figure => new Text(Spelled(row, figure, units.GetValueOrDefault(figure))))]);
        if (rows.Count > 1 && keys.Contains("period") && !keys.Contains("group"))
            table.AddRow([new Text("course"), .. figures.Select(figure => new Text(Sparkline(rows.Select(row => NumberOf(row, figure)))))]);
        return table;
    }

    /// <summary>Rates by cohort and period, or values where there are no rates.</summary>
    public static Table OfCohorts(JsonElement answer)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("cohort").AddColumn(new TableColumn("size").RightAligned());
        foreach (var column in answer.GetProperty("columns").EnumerateArray()) table.AddColumn(new TableColumn(column.GetProperty("k").ToString().EscapeMarkup()).RightAligned());
        foreach (var cohort in answer.GetProperty("cohorts").EnumerateArray())
        {
            var cells = cohort.GetProperty("cells").EnumerateArray().ToList();
            table.AddRow([
                new Text(KeyOf(cohort, "cohort") + (KeyOf(cohort, "group") is { Length: > 0 } group ? $" {group}" : "")), new Text(cohort.GetProperty("size").ToString()),
                .. cells.Select(cell => new Text(NumberOf(cell, "rate") is { } rate ? Percent(rate) + Mark(cell) : NumberOf(cell, "value") is { } value ? Plain(value) + Mark(cell) : ""))]);
        }
        table.AddRow([new Text("all"), new Text(""), .. answer.GetProperty("summary").EnumerateArray().Select(column => new Text(NumberOf(column, "rate") is { } rate ? Percent(rate) : ""))]);
        return table.Caption("* in progress");
    }

    /// <summary>One bar for each value, from the least to the most; a gap where there is none.</summary>
    internal static string Sparkline(IEnumerable<double?> values)
    {
        var all = values.ToList();
        if (all.All(value => value is null)) return "";
        var (least, most) = (all.Min()!.Value, all.Max()!.Value);
        return string.Concat(all.Select(value => value is not { } known ? ' ' : most == least ? Bars[3] : Bars[(int)Math.Round((known - least) / (most - least) * (Bars.Length - 1))]));
    }

    private static string KeyOf(JsonElement row, string key) => !row.TryGetProperty(key, out var value) ? "" : (value.GetString() ?? "") + (key == "period" ? Mark(row) : "");

    private static string Mark(JsonElement row) => row.TryGetProperty("status", out var status) && status.GetString() == "in_progress" ? "*" : "";

    private static double? NumberOf(JsonElement row, string name) => row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static string Spelled(JsonElement row, string figure, string? unit) => NumberOf(row, figure) is not { } value ? Nothing : unit switch
    {
        "share" => Percent(value),
        "seconds" => TimeSpan.FromSeconds(value).ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture),
        "money" => value.ToString("#,0.00", CultureInfo.InvariantCulture),
        _ => Plain(value),
    };

    private static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);

    private static string Plain(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);
}
