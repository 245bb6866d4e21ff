using System.Text;
using System.Text.Json;

namespace Retention.Api.Metrics;

/// <summary>The rows of an answer alone, one line each.</summary>
internal static class ExportedRows
{
    /// <param name="format">csv or ndjson.</param>
    public static IResult Of<TRow>(string format, IReadOnlyList<TRow> rows)
        where TRow : notnull
    {
        if (format == AnswerFormat.Csv) return Csv.Of(rows);
        var lines = new StringBuilder();
        foreach (var row in rows) lines.Append(JsonSerializer.Serialize(row, row.GetType(), MetricAnswer.Json)).Append('\n');
        return Results.Text(lines.ToString(), "application/x-ndjson", Encoding.UTF8);
    }
}
