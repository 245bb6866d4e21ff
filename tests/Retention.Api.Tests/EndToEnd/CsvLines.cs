using System.Globalization;
using System.Text.Json;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>CSV answers read back. No cell of the figures holds a comma or a quote.</summary>
internal static class CsvLines
{
    /// <summary>The lines below the header, as cells by column.</summary>
    public static List<Dictionary<string, string>> Of(Answer answer)
    {
        answer.MediaType.ShouldBe("text/csv");
        answer.Text.ShouldNotContain("\"");
        var lines = answer.Text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        var columns = lines[0].Split(',');
        return [.. lines[1..].Select(line => columns.Zip(Cells(line, columns.Length)).ToDictionary())];
    }

    /// <summary>A line in the form in which the row of the JSON answer is told.</summary>
    public static string Told(Dictionary<string, string> line) => string.Join(' ', line.Select(cell => $"{cell.Key}={Plain(cell.Value)}"));

    /// <summary>A row of the JSON answer with the columns that CSV makes of it; empty for null.</summary>
    public static string Told(JsonElement row) => string.Join(' ', row.EnumerateObject().SelectMany(Columns));

    private static string[] Cells(string line, int count)
    {
        var cells = line.Split(',');
        cells.Length.ShouldBe(count, line);
        return cells;
    }

    private static IEnumerable<string> Columns(JsonProperty member) => member.Value.ValueKind switch
    {
        JsonValueKind.Object => member.Value.EnumerateObject().Select(part => $"{member.Name}_{part.Name}={Plain($"{part.Value}")}"),
        JsonValueKind.Array => member.Value.EnumerateArray().Zip(["lo", "hi"], (part, name) => $"{member.Name}_{name}={Plain($"{part}")}"),
        JsonValueKind.Null when member.Name == "interval" => ["interval_lo=", "interval_hi="],
        JsonValueKind.Null => [$"{member.Name}="],
        _ => [$"{member.Name}={Plain($"{member.Value}")}"],
    };

    // 10 and 10.00 are the same figure.
    private static string Plain(string cell) =>
        decimal.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number.ToString("0.############################", CultureInfo.InvariantCulture)
            : cell;
}
