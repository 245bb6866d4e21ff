using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Retention.Chaos.Fuzzing;

/// <summary>Says what is wrong with an answer to a hostile request, by the rules of the HTTP contract.</summary>
internal static partial class Judge
{
    /// <summary>The fault of an answer that is the service's own failure.</summary>
    public const string Failed = "500 or above";

    // Nothing takes the database away from the trial, so that a 503 by it covers up a fault.
    private static readonly string[] Waits = ["behind", "starting", "overloaded"];

    public static IEnumerable<string> Faults(Shot shot, Reply reply)
    {
        var statuses = shot.Operation.Statuses;
        if (!statuses.Contains(reply.Status.ToString(CultureInfo.InvariantCulture)) && (reply.Status < 400 || !statuses.Contains("default"))) yield return "a status that the description does not name";
        if (reply.Status >= 400)
        {
            foreach (var fault in FaultsOfProblem(shot, reply)) yield return fault;
            if (shot.Events is { } refused && reply.Status < 500 && !refused.MayFail.Contains(reply.Status)) yield return "events refused as a whole";
            yield break;
        }
        if (shot.IsMisspelt) yield return "an unknown or repeated parameter that is passed over";
        if (!IsReadable(reply)) yield return "an answer that does not parse";
        else if (reply.MediaType == "text/csv" && Cells(Encoding.UTF8.GetString(reply.Body)).Any(IsFormula)) yield return "a formula in CSV";
        else if (shot.Events is { } sent && Counted(reply) is var counted && counted != sent.Count) yield return "events that are not all accounted for";
    }

    private static IEnumerable<string> FaultsOfProblem(Shot shot, Reply reply)
    {
        // The server itself turns such a path away, before the service sees a request.
        if (reply is { Status: 400, Body.Length: 0 } && shot.Target.Split('?')[0].Contains("%00", StringComparison.Ordinal)) yield break;
        if (Problem(reply) is not { } problem)
        {
            yield return reply.Status >= 500 ? Failed : "a refusal that is no problem document";
            yield break;
        }
        var code = problem.GetProperty("code").GetString()!;
        if (reply.Status >= 500 && (reply.Status != 503 || !Waits.Contains(code))) yield return Failed;
        if (reply.Status is 503 or 429 && !reply.SaysWhen) yield return "no word when to try again";
        var names = problem.GetProperty("errors").EnumerateArray().Count(IsError);
        if (names < problem.GetProperty("errors").GetArrayLength()) yield return "an error without path, code and message";
        if (names == 0 && (reply.Status == 422 || (reply.Status == 400 && code != "malformed_body"))) yield return "a refusal that names no member or parameter";
        if (reply.Status == 422 && shot.Operation.BodyType is null) yield return "422 where there is no body";
    }

    private static JsonElement? Problem(Reply reply)
    {
        if (reply.MediaType != "application/problem+json" || Parsed(reply.Body) is not { ValueKind: JsonValueKind.Object } problem) return null;
        return problem.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String && code.GetString() != ""
            && problem.TryGetProperty("status", out var status) && status.GetInt32() == reply.Status
            && problem.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array ? problem : null;
    }

    private static bool IsError(JsonElement error) =>
        ((string[])["path", "code", "message"]).All(name => error.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String);

    private static bool IsReadable(Reply reply) => reply.MediaType switch
    {
        "application/json" or "application/schema+json" => Parsed(reply.Body) is not null,
        "application/x-ndjson" => Encoding.UTF8.GetString(reply.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries).All(line => Parsed(Encoding.UTF8.GetBytes(line)) is not null),
        "text/csv" => IsRectangular(Encoding.UTF8.GetString(reply.Body)),
        _ => reply.Body.Length == 0 || reply.MediaType == "text/event-stream",
    };

    private static JsonElement? Parsed(byte[] json)
    {
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long Counted(Reply reply)
    {
        var answer = JsonElement.Parse(reply.Body);
        return answer.GetProperty("accepted").GetInt64() + answer.GetProperty("duplicates").GetInt64() + answer.GetProperty("rejected").GetArrayLength()
            + (answer.TryGetProperty("rejectedOmitted", out var omitted) && omitted.ValueKind == JsonValueKind.Number ? omitted.GetInt64() : 0);
    }

    private static bool IsFormula(string cell) => cell is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] && !Number().IsMatch(cell);

    private static bool IsRectangular(string csv) => Rows(csv).Select(row => row.Count).Distinct().Count() <= 1;

    private static IEnumerable<string> Cells(string csv) => Rows(csv).SelectMany(row => row);

    private static IEnumerable<IReadOnlyList<string>> Rows(string csv)
    {
        List<string> row = [];
        foreach (Match field in Field().Matches(csv))
        {
            var text = field.Groups[1].Value;
            row.Add(text is ['"', ..] ? text[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : text);
            if (field.Groups[2].Value == ",") continue;
            yield return row;
            row = [];
            if (field.Index + field.Length == csv.Length) yield break;
        }
    }

    [GeneratedRegex(@"\G(""(?:[^""]|"""")*""|[^,\r\n""]*)(,|\r?\n|\z)")]
    private static partial Regex Field();

    [GeneratedRegex(@"\A-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();
}
