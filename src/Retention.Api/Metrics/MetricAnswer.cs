using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Retention.Domain.Metrics;

namespace Retention.Api.Metrics;

/// <summary>Writes an answer as JSON, CSV or NDJSON.</summary>
public static class MetricAnswer
{
    /// <summary>Names of statuses as words with underscores; nulls are written, since absence is an answer.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new IntervalConverter() },
    };

    /// <param name="rows">One for each period, in order; records whose members are the columns.</param>
    /// <param name="beside">Members of the JSON beside the rows, by name; CSV has the rows alone.</param>
    public static IResult Of<TRow>(
        MetricRequest request, CatalogueEntry metric, Dictionary<string, object?> parameters, IReadOnlyList<TRow> rows,
        IEnumerable<KeyValuePair<string, object?>>? beside = null)
        where TRow : notnull
    {
        if (request.Format != AnswerFormat.Json) return ExportedRows.Of(request.Format, rows, CompletenessOf<TRow>(request));
        var answer = new Dictionary<string, object?>(
        [
            new("metric", metric.Name),
            new("definition", new { metric.Name, metric.Version }),
            new("parameters", parameters),
            new("asOf", request.Question.AsOf.Moment),
            new("position", request.Snapshot.Reflection.Position),
            .. beside ?? [],
            new("rows", CompletenessOf<TRow>(request) is { } known ? rows.Select(row => With(row, known)).ToList() : rows),
        ]);
        if (request.ReceiptOf(metric, answer) is { } receipt) answer["receipt"] = receipt;
        return Results.Json(answer, Json);
    }

    /// <summary>How much of a row is known; null where it is not asked for, or rows are not of periods.</summary>
    private static Func<TRow, double?>? CompletenessOf<TRow>(MetricRequest request)
    {
        if (request.Completeness is not { } completeness || typeof(TRow).GetProperty("From") is not { } from || typeof(TRow).GetProperty("To") is not { } to) return null;
        return row => completeness.OfRow(Spelled(from.GetValue(row)!), Spelled(to.GetValue(row)!));

        static string Spelled(object day) => day is DateOnly date ? PeriodStart.Of(date).Text : day.ToString()!;
    }

    /// <summary>A row with its completeness after its figures.</summary>
    internal static JsonObject With<TRow>(TRow row, Func<TRow, double?> completeness)
    {
        var members = (JsonObject)JsonSerializer.SerializeToNode(row, Json)!;
        members["completeness"] = completeness(row);
        return members;
    }

    private sealed class IntervalConverter : JsonConverter<Interval>
    {
        public override Interval Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, Interval value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(value.Low);
            writer.WriteNumberValue(value.High);
            writer.WriteEndArray();
        }
    }
}
