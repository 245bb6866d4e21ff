using System.Text.Json;

namespace Retention.Api.Tests.Security;

/// <summary>An operation as the service describes it at <c>/openapi/v1.json</c>.</summary>
/// <param name="Scope">The scope that it needs; empty for any key; null where it needs none.</param>
/// <param name="Parameters">Those of the query string.</param>
internal sealed record DescribedOperation(string Method, string Path, string? Scope, IReadOnlyList<string> Parameters, string? BodyType)
{
    public override string ToString() => $"{Method} {Path}";

    public static async Task<IReadOnlyList<DescribedOperation>> AllAsync(HttpClient http)
    {
        var description = JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken));
        return [.. from path in description.GetProperty("paths").EnumerateObject() from operation in path.Value.EnumerateObject() select Read(path.Name, operation)];
    }

    /// <summary>The path with its parameters filled in: by their own words, and where it has none by <paramref name="other"/>.</summary>
    public string At(IReadOnlyDictionary<string, string> words, string other = "c-1") => string.Join('/', Path.Split('/').Select(part =>
        part is ['{', .., '}'] ? Uri.EscapeDataString(words.GetValueOrDefault($"{Path.Split('/')[2]} {part[1..^1]}") ?? words.GetValueOrDefault(part[1..^1]) ?? other) : part));

    private static DescribedOperation Read(string path, JsonProperty operation)
    {
        var scope = operation.Value.TryGetProperty("security", out var security)
            ? security[0].GetProperty("apiKey").EnumerateArray().Select(name => name.GetString()!).SingleOrDefault("")
            : null;
        var parameters = operation.Value.TryGetProperty("parameters", out var all) ? all.EnumerateArray().ToList() : [];
        var body = operation.Value.TryGetProperty("requestBody", out var sent) && sent.TryGetProperty("content", out var content) ? content.EnumerateObject().First().Name : null;
        return new(
            operation.Name.ToUpperInvariant(), path, scope,
            [.. parameters.Where(parameter => parameter.GetProperty("in").GetString() == "query").Select(parameter => parameter.GetProperty("name").GetString()!)], body);
    }
}
