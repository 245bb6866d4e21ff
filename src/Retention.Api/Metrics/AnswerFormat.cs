using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Retention.Api.Metrics;

/// <summary>The formats of an answer: by the parameter <c>format</c>, else by Accept.</summary>
public static class AnswerFormat
{
    public const string Json = "json";

    public const string Csv = "csv";

    /// <summary>One JSON object a line, for each row.</summary>
    public const string Ndjson = "ndjson";

    /// <summary>As the parameter spells them.</summary>
    public static IReadOnlyList<string> Names { get; } = [Json, Csv, Ndjson];

    private static readonly (string Name, MediaTypeHeaderValue Type)[] Types =
    [
        (Json, new("application/json")), (Csv, new("text/csv")), (Ndjson, new("application/x-ndjson")), (Ndjson, new("application/jsonl")),
    ];

    /// <summary>
    /// The format that Accept prefers (RFC 9110, section 12.5.1): of those with the highest quality the one named most closely, then
    /// first. JSON where it names none of them.
    /// </summary>
    public static string Accepted(StringValues accept)
    {
        if (accept.Count == 0 || (accept.Count == 1 && accept[0] is "*/*" or "application/json")) return Json;
        if (!MediaTypeHeaderValue.TryParseList([.. accept.Select(value => value ?? "")], out var ranges)) return Json;
        var best = Types
            .Select(type => (type.Name, Range: RangeOf(type.Type, ranges)))
            .Where(found => found.Range is { Quality: not 0 })
            .OrderByDescending(found => found.Range!.Quality ?? 1).ThenByDescending(found => Closeness(found.Range!)).ThenBy(found => ranges.IndexOf(found.Range!))
            .Select(found => found.Name).FirstOrDefault();
        return best ?? Json;
    }

    /// <summary>What Accept says of a type: the closest range that it falls in.</summary>
    private static MediaTypeHeaderValue? RangeOf(MediaTypeHeaderValue type, IList<MediaTypeHeaderValue> ranges) =>
        ranges.Where(range => type.MediaType == range.MediaType || range.MatchesAllTypes || (range.MatchesAllSubTypes && type.Type == range.Type)).MaxBy(Closeness);

    private static int Closeness(MediaTypeHeaderValue range) => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2;
}
