using System.Text;
using System.Text.Json;

namespace Retention.Api.Metrics;

/// <summary>The rows of an answer alone, one line each.</summary>
internal static class ExportedRows
{
    /// <param name="format">csv or ndjson.</param>
    /// <param name="completeness">A member more at the end of each row; null for none.</param>
    public static IResult Of<TRow>(string format, IReadOnlyList<TRow> rows, Func<TRow, double?>? completeness = null)
        where TRow : notnull
    {
        if (format == AnswerFormat.Csv) return Csv.Of(rows, completeness);
        var lines = new StringBuilder();
        foreach (var row in rows) lines.Append(completeness is null ? JsonSerializer.Serialize(row, row.GetType(), MetricAnswer.Json) : MetricAnswer.With(row, completeness).ToJsonString(MetricAnswer.Json)).Append('\n');
        return Results.Text(lines.ToString(), "application/x-ndjson", Encoding.UTF8);
    }
}
