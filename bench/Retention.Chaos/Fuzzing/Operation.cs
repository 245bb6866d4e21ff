using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retention.Chaos.Fuzzing;

/// <summary>An operation as the service describes it at <c>/openapi/v1.json</c>.</summary>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="Parameters">Those of the query string.</param>
/// <param name="BodyType">The media type of its body; null for none.</param>
/// <param name="Example">Of the body.</param>
/// <param name="Statuses">What it may answer with; <c>default</c> stands for every problem.</param>
internal sealed record Operation(string Method, string Path, IReadOnlyList<string> Parameters, string? BodyType, JsonNode? Example, IReadOnlySet<string> Statuses)
{
    /// <summary>The scope that it needs; empty for any key; null where it needs none.</summary>
    public string? Scope { get; private init; }

    public bool Reads => Method == "GET";

    public override string ToString() => $"{Method} {Path}";

    public static async Task<IReadOnlyList<Operation>> AllAsync(HttpClient http, CancellationToken ct)
    {
        var description = JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync("/openapi/v1.json", ct));
        return [.. from path in description.GetProperty("paths").EnumerateObject() from operation in path.Value.EnumerateObject() select Read(path.Name, operation)];
    }

    /// <summary>The path with its parameters filled in: by their own words, and where it has none by <paramref name="other"/>.</summary>
    public string At(IReadOnlyDictionary<string, string> words, string other = "c-1") => string.Join('/', Path.Split('/').Select(part =>
        part is ['{', .., '}'] ? Uri.EscapeDataString(words.GetValueOrDefault($"{Path.Split('/')[2]} {part[1..^1]}") ?? words.GetValueOrDefault(part[1..^1]) ?? other) : part));

    private static Operation Read(string path, JsonProperty operation)
    {
        var parameters = operation.Value.TryGetProperty("parameters", out var all) ? all.EnumerateArray().ToList() : [];
        JsonProperty? body = operation.Value.TryGetProperty("requestBody", out var sent) && sent.TryGetProperty("content", out var content) ? content.EnumerateObject().First() : null;
        return new(
            operation.Name.ToUpperInvariant(), path,
            [.. parameters.Where(parameter => parameter.GetProperty("in").GetString() == "query").Select(parameter => parameter.GetProperty("name").GetString()!)],
            body?.Name, body?.Value.TryGetProperty("example", out var example) == true ? JsonNode.Parse(example.GetRawText()) : null,
            operation.Value.GetProperty("responses").EnumerateObject().Select(response => response.Name).ToHashSet(StringComparer.Ordinal))
        {
            Scope = operation.Value.TryGetProperty("security", out var security)
                ? security[0].GetProperty("apiKey").EnumerateArray().Select(scope => scope.GetString()!).SingleOrDefault("") : null,
        };
    }
}
