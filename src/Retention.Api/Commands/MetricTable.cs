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
    /// <param name="width">What there is room for. Where it is too little for a column a figure, each figure is a row and each period a column.</param>
    public static Table Of(JsonElement metric, JsonElement answer, int width = int.MaxValue)
    {
        var rows = answer.GetProperty("rows").EnumerateArray().ToList();
        var units = metric.GetProperty("figures").EnumerateArray().ToDictionary(figure => figure.GetProperty("name").GetString()!, figure => figure.GetProperty("unit").GetString()!);
        var keys = Keys.Where(key => rows.Any(row => row.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String)).ToList();
        var figures = rows.SelectMany(row => row.EnumerateObject()).Where(member => member.Value.ValueKind == JsonValueKind.Number).Select(member => member.Name).Distinct().ToList();
        List<string[]> lines =
        [
            [.. keys, .. figures],
            .. rows.Select(row => (string[])[.. keys.Select(key => KeyOf(row, key)), .. figures.Select(figure => Spelled(row, figure, units.GetValueOrDefault(figure)))]),
        ];
        if (rows.Count > 1 && keys is ["period"]) lines.Add(["course", .. figures.Select(figure => Sparkline(rows.Select(row => NumberOf(row, figure))))]);
        var turned = keys.Count == 1 ? Turned(lines) : lines;
        return WidthOf(lines) > width && WidthOf(turned) < WidthOf(lines) ? TableOf(turned, 1) : TableOf(lines, keys.Count);
    }

    private static List<string[]> Turned(List<string[]> lines) => [.. Enumerable.Range(0, lines[0].Length).Select(column => lines.Select(line => line[column]).ToArray())];

    /// <summary>What lines take as a table, with what stands between columns.</summary>
    private static int WidthOf(List<string[]> lines) => Enumerable.Range(0, lines[0].Length).Sum(column => lines.Max(line => line[column].Length) + 3) + 1;

    /// <param name="left">How many columns name what the others are of.</param>
    private static Table TableOf(List<string[]> lines, int left)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var (index, name) in lines[0].Index())
        {
            var column = new TableColumn(name.EscapeMarkup());
            table.AddColumn(index < left ? column : column.RightAligned());
        }
        foreach (var line in lines.Skip(1)) table.AddRow(line.Select(cell => new Text(cell)));
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
