using System.Text;
using System.Text.Json;

namespace Retention.Api.Ingest.Imports;

/// <summary>JSON in files: a document a line, or documents one after another.</summary>
internal static class JsonText
{
    /// <summary>One object a line (NDJSON), with its line's number. Lines that are no object are refused alone; blank ones are counted and skipped.</summary>
    public static IEnumerable<(long Line, JsonRow Row)> Lines(TextReader text, ImportReport report)
    {
        for (var line = 1L; text.ReadLine() is { } read; line++)
        {
            var json = read.AsSpan().Trim(" \t\uFEFF");
            if (json.IsEmpty)
            {
                report.SkipBlankLine();
                continue;
            }
            report.ReadLine();
            if (Parse(json) is { ValueKind: JsonValueKind.Object } item) yield return (line, new JsonRow(item));
            else report.Refuse(line, "malformed_json", "The line is not a JSON object, or has a member twice.");
        }
    }

    /// <summary>Whole documents, written in whatever way, with nothing but white space between them.</summary>
    /// <exception cref="ImportRefusedException">The text is not JSON, or empty.</exception>
    public static IReadOnlyList<JsonElement> Documents(TextReader text)
    {
        var bytes = Encoding.UTF8.GetBytes(text.ReadToEnd().TrimStart('\uFEFF'));
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = EventEndpoints.Strict.MaxDepth });
        var documents = new List<JsonElement>();
        try
        {
            while (reader.Read()) documents.Add(JsonElement.ParseValue(ref reader));
        }
        catch (JsonException malformed)
        {
            throw new ImportRefusedException("malformed_json", $"The file is not JSON: {malformed.Message}");
        }
        return documents.Count > 0 ? documents : throw new ImportRefusedException("empty_file", "The file is empty.");
    }

    private static JsonElement? Parse(ReadOnlySpan<char> line)
    {
        try
        {
            return JsonElement.Parse(line, EventEndpoints.Strict);
        }
        catch (Exception e) when (JsonBody.IsMalformed(e))
        {
            return null;
        }
    }
}
