using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Retention.Api.Clv;
using Retention.Api.Demo;
using Retention.Api.Ingest;
using Retention.Api.Ingest.Imports;
using Retention.Projections.Running;

namespace Retention.Api.Tests.OpenApi;

/// <summary>
/// Runs <c>docs/api/*.http</c> against a demo shop, and holds the description of the API to what the service answers. With
/// <c>RETENTION_ACCEPT=1</c> it writes <c>operations.json</c> and <c>docs/api/openapi.json</c> anew where they are out of date; the second
/// holds the first, so build and run it twice.
/// </summary>
public sealed partial class SamplesTests(ServiceFixture service)
{
    private static readonly JsonSerializerOptions Written = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // What is read there must have been sent or fitted before.
    private static readonly string[] Order = ["ingest", "metrics", "customers", "operations"];

    /// <summary>Operations whose samples only people can run; the samples say why.</summary>
    private static readonly string[] ByHand = ["DELETE /v1/rebuild", "POST /v1/skips"];

    private static readonly bool Accepts = Environment.GetEnvironmentVariable("RETENTION_ACCEPT") == "1";

    private readonly Dictionary<string, string> names = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "Retention.sln"))) folder = folder.Parent;
            return folder.FullName;
        }
    }

    private static string Examples => Path.Combine(Root, "src", "Retention.Api", "OpenApi", "operations.json");

    [Fact]
    public async Task Every_sample_is_answered_and_every_operation_has_one()
    {
        await using var api = await service.StartAsync($"samples_{Guid.NewGuid():n}"[..30], TimeProvider.System);
        await LoadDemoAsync(api);
        var operations = await OperationsAsync(api);
        var examples = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        var byHand = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var sample in Samples())
        {
            var path = new Uri(HttpSamples.Filled(sample.Url, names)).PathAndQuery;
            if (sample.Manual is not null)
            {
                byHand.Add(operations.Single(known => known.Matches(sample.Method, path)).Key);
                continue;
            }
            using var response = await AskAsync(api, sample, path);
            var text = await TextOfAsync(response);
            ((int)response.StatusCode).ShouldBeLessThan(300, $"{sample.File}: {sample.Title}: {text}");
            if (sample.Name is not null) Remember(sample.Name, text);
            if (sample.Method != HttpMethod.Get && sample.Headers.ContainsKey("Retention-Tenant") && text.StartsWith('{') && JsonNode.Parse(text)!["position"]?.GetValue<long>() is { } position)
                await api.Services.GetRequiredService<Progress>().ReachedAsync(sample.Headers["Retention-Tenant"], position, TimeSpan.FromSeconds(30), Cancellation);
            var operation = operations.Single(known => known.Matches(sample.Method, path));
            if (!examples.ContainsKey(operation.Key)) examples[operation.Key] = await ExampleAsync(api, sample, path, response, text);
        }
        byHand.ShouldBe(ByHand);
        operations.Select(operation => operation.Key).Except(examples.Keys).Order(StringComparer.Ordinal).ToArray().ShouldBe(ByHand, "every other operation has a sample");
        var known = JsonNode.Parse(await File.ReadAllTextAsync(Examples, Cancellation))!.AsObject();
        if (Accepts) known = await AcceptAsync(known, examples);
        foreach (var (key, example) in examples) Shape(known[key]).ShouldBe(Shape(example), $"{key}: the example is out of date; RETENTION_ACCEPT=1 writes it anew.");
    }

    [Fact]
    public async Task The_description_is_the_committed_one()
    {
        var file = Path.Combine(Root, "docs", "api", "openapi.json");
        var served = JsonNode.Parse(await service.Api.Client.GetStringAsync("/openapi/v1.json", Cancellation))!;
        served["openapi"]!.GetValue<string>().ShouldStartWith("3.1");
        var text = served.ToJsonString(Written) + "\n";
        if (Accepts) await File.WriteAllTextAsync(file, text, Cancellation);
        (await File.ReadAllTextAsync(file, Cancellation) == text).ShouldBeTrue("docs/api/openapi.json is not what is served; RETENTION_ACCEPT=1 writes it anew.");
    }

    [Fact]
    public async Task The_description_can_be_read_by_people() =>
        (await service.Api.Client.GetStringAsync("/docs/index.html", Cancellation)).ShouldContain("Retention API");

    /// <summary>Examples that still are of the right shape stay as they are, so that a change shows what has changed.</summary>
    private static async Task<JsonObject> AcceptAsync(JsonObject known, SortedDictionary<string, JsonObject> examples)
    {
        var accepted = new JsonObject(examples.Select(example =>
            KeyValuePair.Create<string, JsonNode?>(example.Key, Shape(known[example.Key]) == Shape(example.Value) ? known[example.Key]!.DeepClone() : example.Value.DeepClone())));
        await File.WriteAllTextAsync(Examples, JsonSerializer.Serialize(accepted, Written) + "\n", Cancellation);
        return accepted;
    }

    private static IEnumerable<HttpSample> Samples() =>
        Order.Concat(Directory.GetFiles(Path.Combine(Root, "docs", "api"), "*.http").Select(Path.GetFileNameWithoutExtension)).Distinct()
            .SelectMany(name => HttpSamples.Read(Path.Combine(Root, "docs", "api", $"{name}.http")));

    private static Task LoadDemoAsync(RunningApi api)
    {
        var (ingestion, imports, progress) =
            (api.Services.GetRequiredService<Ingestion>(), api.Services.GetRequiredService<ImportTable>(), api.Services.GetRequiredService<Progress>());
        return new DemoTenant(ingestion, imports, progress, api.Services.GetRequiredService<ClvFitting>(), TimeProvider.System) { Customers = 400 }.LoadAsync(_ => { }, Cancellation);
    }

    /// <summary>What later samples may say of a response: its members, and the whole of it.</summary>
    private void Remember(string name, string text)
    {
        names[$"{name}.response.body.*"] = text;
        foreach (var (member, value) in JsonNode.Parse(text)!.AsObject())
            if (value is JsonValue) names[$"{name}.response.body.{member}"] = value.ToString();
    }

    /// <summary>The answer to a sample, asked for as often as it says.</summary>
    private async Task<HttpResponseMessage> AskAsync(RunningApi api, HttpSample sample, string path)
    {
        while (true)
        {
            var response = await SendAsync(api, sample, path);
            if (sample.Until is not var (member, value) || JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))![member]?.ToString() == value) return response;
            response.Dispose();
            await Task.Delay(20, Cancellation);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(RunningApi api, HttpSample sample, string path)
    {
        using var request = new HttpRequestMessage(sample.Method, path);
        if (sample.Body is not null) request.Content = new StringContent(HttpSamples.Filled(sample.Body, names), null, sample.Headers["Content-Type"]);
        foreach (var (name, value) in sample.Headers.Where(header => header.Key != "Content-Type")) request.Headers.Add(name, value);
        return await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    /// <summary>The body; of a stream that has no end, its first event.</summary>
    private static async Task<string> TextOfAsync(HttpResponseMessage response)
    {
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream") return await response.Content.ReadAsStringAsync(Cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        var first = new System.Text.StringBuilder();
        while (await reader.ReadLineAsync(Cancellation) is { } line && (line.Length > 0 || first.Length == 0)) first.Append(line).Append('\n');
        return first.ToString();
    }

    private async Task<JsonObject> ExampleAsync(RunningApi api, HttpSample sample, string path, HttpResponseMessage response, string text)
    {
        var (type, sent) = (response.Content.Headers.ContentType?.MediaType, sample.Headers.GetValueOrDefault("Content-Type"));
        return new JsonObject
        {
            ["parameters"] = new JsonArray([.. (await ParametersAsync(api, sample, path)).Select(name => JsonValue.Create(name))]),
            ["requestType"] = sent,
            ["request"] = sample.Body is null ? null : sent == "application/json" ? Shortened(JsonNode.Parse(HttpSamples.Filled(sample.Body, names))) : JsonValue.Create(sample.Body),
            ["status"] = (int)response.StatusCode,
            ["responseType"] = type,
            ["response"] = text.Length == 0 ? null : type == "application/x-ndjson" || type is null || !type.EndsWith("json", StringComparison.Ordinal) ? JsonValue.Create(text) : Shortened(JsonNode.Parse(text)),
        };
    }

    /// <summary>The parameters of a sample, and those that its operation names when it is asked with one that it does not have.</summary>
    private async Task<IEnumerable<string>> ParametersAsync(RunningApi api, HttpSample sample, string path)
    {
        if (sample.Method == HttpMethod.Delete || sample.Method == HttpMethod.Put) return [];
        using var response = await SendAsync(api, sample, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}no-such-parameter=1");
        var (text, own) = (await TextOfAsync(response), QueryHelpers.ParseQuery(path[path.Split('?')[0].Length..]).Keys);
        return own.Union(Allowed().Match(text) is { Success: true } match ? match.Groups[1].Value.Split(", ") : []).Order(StringComparer.Ordinal);
    }

    private static JsonNode? Shortened(JsonNode? node) => node switch
    {
        JsonArray list => new JsonArray([.. list.Take(2).Select(Shortened)]),
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Shortened(member.Value)))),
        _ => node?.DeepClone(),
    };

    /// <summary>The names of members, whatever their values are.</summary>
    private static string Shape(JsonNode? node) => node switch
    {
        JsonObject members when members["response"] is JsonObject response =>
            $"{members["status"]} {members["responseType"]} {members["parameters"]?.ToJsonString()} {string.Join(' ', response.Select(member => member.Key).Order(StringComparer.Ordinal))}",
        JsonObject members => $"{members["status"]} {members["responseType"]} {members["parameters"]?.ToJsonString()}",
        _ => "none",
    };

    private static async Task<IReadOnlyList<Operation>> OperationsAsync(RunningApi api)
    {
        var document = JsonNode.Parse(await api.Client.GetStringAsync("/openapi/v1.json", Cancellation))!;
        return [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => new Operation(operation.Key.ToUpperInvariant(), path.Key)))];
    }

    [GeneratedRegex("allowed are ([^\"]+?)\"")]
    private static partial Regex Allowed();

    private sealed record Operation(string Method, string Path)
    {
        public string Key => $"{Method} {Path}";

        public bool Matches(HttpMethod method, string path) =>
            method.Method == Method && Regex.IsMatch(path.Split('?')[0], $"^{Regex.Replace(Path, @"\{[^}]+\}", "[^/]+")}$");
    }
}
