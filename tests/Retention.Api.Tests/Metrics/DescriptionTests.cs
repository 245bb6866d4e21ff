using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Api.Tests.Clv;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>The catalogue, the description in OpenAPI and the answers themselves name the same figures.</summary>
public sealed class DescriptionTests(ServiceFixture service)
{
    [Fact]
    public async Task Every_figure_of_the_catalogue_is_described()
    {
        var shop = service.NewTenant();
        var description = (await shop.GetAsync("/openapi/v1.json")).Root;

        foreach (var entry in (await shop.GetAsync("/v1/metrics")).List("metrics"))
        {
            var described = Names(description, AnswerOf(description, entry.GetProperty("path").GetString()!), []).ToHashSet();
            foreach (var figure in entry.GetProperty("figures").EnumerateArray())
                described.ShouldContain(figure.GetProperty("name").GetString(), $"{entry.GetProperty("path")}: {string.Join(' ', described)}");
        }
    }

    [Fact]
    public async Task The_catalogue_names_the_grains_and_dimensions_that_each_metric_takes()
    {
        var shop = service.NewTenant();

        foreach (var entry in (await shop.GetAsync("/v1/metrics")).List("metrics"))
        {
            await ShouldTakeAsync(entry, "grain", "grains", "from=2025-01-01&to=2025-02-01&");
            await ShouldTakeAsync(entry, "groupBy", "dimensions", "");
        }

        async Task ShouldTakeAsync(JsonElement entry, string parameter, string member, string more)
        {
            var path = entry.GetProperty("path").GetString();
            var named = entry.GetProperty(member).EnumerateArray().Select(value => value.GetString()).ToList();
            var refused = await shop.GetAsync($"{path}?{more}{parameter}=none");
            refused.ShouldBeProblem(400, named.Count == 0 ? "unknown_parameter" : "not_allowed", parameter, named.Count == 0 ? "is not a parameter" : $"must be one of {string.Join(", ", named)}");
            foreach (var value in named.Where(value => value != "hour")) (await shop.GetAsync($"{path}?{more}{parameter}={value}")).Status.ShouldBe(200, $"{path} {value}");
        }
    }

    [Fact]
    public async Task Every_member_of_every_answer_is_described_with_its_type()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        await shop.AcceptAsync(Voices());
        await shop.FitAsync("mbg-nbd");
        var description = (await shop.GetAsync("/openapi/v1.json")).Root;
        var paths = (await shop.GetAsync("/v1/metrics")).List("metrics").Select(entry => entry.GetProperty("path").GetString()!);

        foreach (var path in paths.Concat(["/v1/customers", "/v1/models/clv", "/v1/customers/{id}", "/v1/customers/{id}/timeline", "/v1/customers/{id}/clv", "/v1/customers/{id}/contactable"]))
        {
            var answer = (await shop.AskAsync($"{path.Replace("{id}", "00004", StringComparison.Ordinal)}?asOf=1998-07-01")).Root;
            Undescribed(description, AnswerOf(description, path), answer, "").ShouldBeEmpty(path);
        }
        var values = (await shop.AskAsync("/v1/dimensions/channel/values")).Root;
        Undescribed(description, AnswerOf(description, "/v1/dimensions/{name}/values"), values, "").ShouldBeEmpty();
    }

    private static JsonObject[] Voices() =>
    [
        .. Enumerable.Range(0, 12).Select(i => Score($"c-{i}", "1998-06-01", "nps", i % 11)), Score("c-1", "1998-06-02", "csat", 4), Score("c-2", "1998-06-02", "ces", 6),
        Complaint("00004", "1997-06-03", "k-1"), Complaint("c-3", "1998-06-03", "k-2"), Replied("00004", "1997-06-04", "k-1"), Resolved("00004", "1997-06-05", "k-1"),
        Event("lapse_reason_given", "00004", "1998-06-05", new JsonObject { ["reason"] = "price" }),
    ];

    /// <summary>The schema of a path's answer.</summary>
    private static JsonElement AnswerOf(JsonElement description, string path) => description.GetProperty("paths").GetProperty(path).GetProperty("get")
        .GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json").GetProperty("schema");

    private static IEnumerable<string> Names(JsonElement description, JsonElement schema, HashSet<string> seen)
    {
        foreach (var alternative in Alternatives(description, schema))
        {
            if (alternative.TryGetProperty("items", out var items))
            {
                foreach (var name in Names(description, items, seen)) yield return name;
            }
            if (!alternative.TryGetProperty("properties", out var properties) || !seen.Add(alternative.GetRawText())) continue;
            foreach (var property in properties.EnumerateObject())
            {
                yield return property.Name;
                foreach (var name in Names(description, property.Value, seen)) yield return name;
            }
        }
    }

    /// <summary>Paths of an answer that the schema lacks, or has with another type.</summary>
    private static IEnumerable<string> Undescribed(JsonElement description, JsonElement schema, JsonElement answer, string path)
    {
        var schemas = Alternatives(description, schema).ToList();
        if (schemas.Count == 0 || schemas.Any(alternative => !alternative.TryGetProperty("type", out _))) return [];
        var fitting = schemas.Where(alternative => Types(alternative).Any(type => Is(answer, type))).ToList();
        if (fitting.Count == 0) return [$"{path} is {answer.ValueKind}, not {string.Join(' ', schemas.SelectMany(Types))}"];
        return answer.ValueKind switch
        {
            JsonValueKind.Object when IsFree(fitting[0]) => [],
            JsonValueKind.Object => answer.EnumerateObject().SelectMany(member => MemberOf(fitting[0], member.Name) is { } own
                ? Undescribed(description, own, member.Value, $"{path}.{member.Name}")
                : [$"{path}.{member.Name}"]),
            JsonValueKind.Array => answer.EnumerateArray().SelectMany(item => Undescribed(description, fitting[0].GetProperty("items"), item, $"{path}[]")).Distinct(),
            _ => [],
        };
    }

    /// <summary>Whether an object of this schema has whatever members, as the parameters of a question do.</summary>
    private static bool IsFree(JsonElement schema) => !schema.TryGetProperty("properties", out _) && !schema.TryGetProperty("additionalProperties", out _);

    private static JsonElement? MemberOf(JsonElement schema, string name) =>
        schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(name, out var own) ? own
        : schema.TryGetProperty("additionalProperties", out var any) ? any : null;

    private static IEnumerable<JsonElement> Alternatives(JsonElement description, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object) return [];
        if (schema.TryGetProperty("$ref", out var reference))
            return Alternatives(description, description.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]));
        foreach (var several in (string[])["oneOf", "anyOf", "allOf"])
        {
            if (schema.TryGetProperty(several, out var parts)) return parts.EnumerateArray().SelectMany(part => Alternatives(description, part));
        }
        return [schema];
    }

    private static IEnumerable<string> Types(JsonElement schema) => schema.GetProperty("type") switch
    {
        { ValueKind: JsonValueKind.Array } several => several.EnumerateArray().Select(type => type.GetString()!),
        var one => [one.GetString()!],
    };

    private static bool Is(JsonElement answer, string type) => answer.ValueKind switch
    {
        JsonValueKind.Null => type == "null",
        JsonValueKind.Number => type is "number" || (type == "integer" && answer.TryGetInt64(out _)),
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        _ => string.Equals(type, answer.ValueKind.ToString(), StringComparison.OrdinalIgnoreCase),
    };
}
