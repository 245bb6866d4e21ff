using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Retention.Api.Ingest.Imports;

/// <summary>JSON in files: a document a line, or documents one after another.</summary>
internal static class JsonText
{
    /// <summary>Most characters of a file of documents, since they are held in memory together.</summary>
    private const int MostText = 64 << 20;

    /// <summary>One object a line (NDJSON), with its line's number. Lines that are no object are refused alone; blank ones are counted and skipped.</summary>
    public static IEnumerable<(long Line, JsonRow Row)> Lines(TextReader text, ImportReport report)
    {
        var lines = new TextLines(text);
        for (var line = 1L; lines.Read(out var tooLong) is { } read; line++)
        {
            if (tooLong)
            {
                report.ReadLine();
                report.Refuse(line, "line_too_long", $"The line has more than {TextLines.Longest} characters.");
                continue;
            }
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
    /// <exception cref="ImportRefusedException">The text is not JSON, has a member twice, or is empty.</exception>
    public static IReadOnlyList<JsonElement> Documents(TextReader text)
    {
        var bytes = BytesOf(text);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = EventEndpoints.Strict.MaxDepth });
        var documents = new List<JsonElement>();
        try
        {
            while (reader.Read())
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                documents.Add(JsonElement.Parse(bytes[start..(int)reader.BytesConsumed], EventEndpoints.Strict));
            }
        }
        catch (Exception malformed) when (JsonBody.IsMalformed(malformed))
        {
            throw new ImportRefusedException("malformed_json", $"The file is not JSON: {malformed.Message}");
        }
        return documents.Count > 0 ? documents : throw new ImportRefusedException("empty_file", "The file is empty.");
    }

    private static ReadOnlySpan<byte> BytesOf(TextReader text)
    {
        var (bytes, encoder, part, all) = (new ArrayBufferWriter<byte>(), Encoding.UTF8.GetEncoder(), new char[16 * 1024], 0L);
        while (text.ReadBlock(part) is > 0 and var count)
        {
            if ((all += count) > MostText) throw new ImportRefusedException("file_too_large", $"A file of JSON documents may have at most {MostText} characters unpacked; cut it.");
            encoder.Convert(part.AsSpan(0, count), bytes, flush: false, out _, out _);
        }
        return bytes.WrittenSpan is [0xEF, 0xBB, 0xBF, .. var rest] ? rest : bytes.WrittenSpan;
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
