using System.Text.Json;

namespace Retention.Api.Tests.Ingest;

/// <summary>
/// Holds a value against a JSON Schema (draft 2020-12) in the keywords that the service's schemas use, written from the specification;
/// any other keyword is a mistake of the schema.
/// </summary>
internal static class JsonSchemaCheck
{
    /// <summary>Where and by which keyword the value is refused; empty when it is valid.</summary>
    public static IEnumerable<string> Faults(JsonElement schema, JsonElement value, string at = "$") =>
        schema.ValueKind == JsonValueKind.False ? [$"{at} is not allowed"] : schema.EnumerateObject().Where(keyword => !Holds(keyword.Name, keyword.Value, schema, value)).Select(keyword => $"{at} {keyword.Name}")
            .Concat(Below(schema, value, at));

    public static bool IsValid(JsonElement schema, JsonElement value) => !Faults(schema, value).Any();

    private static bool Holds(string keyword, JsonElement said, JsonElement schema, JsonElement value) => keyword switch
    {
        "$schema" or "$id" or "title" or "description" or "properties" or "items" or "additionalProperties" or "then" => true,
        "type" => said.ValueKind == JsonValueKind.Array ? said.EnumerateArray().Any(type => IsOf(type.GetString()!, value)) : IsOf(said.GetString()!, value),
        "enum" => said.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value)),
        "const" => JsonElement.DeepEquals(said, value),
        "required" => value.ValueKind != JsonValueKind.Object || said.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() >= said.GetDecimal(),
        "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() <= said.GetDecimal(),
        "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() > said.GetDecimal(),
        "minLength" => value.ValueKind != JsonValueKind.String || Length(value) >= said.GetInt32(),
        "maxLength" => value.ValueKind != JsonValueKind.String || Length(value) <= said.GetInt32(),
        "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= said.GetInt32(),
        "propertyNames" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(member => IsValid(said, Text(member.Name))),
        "anyOf" => said.EnumerateArray().Any(choice => IsValid(choice, value)),
        "allOf" => said.EnumerateArray().All(part => IsValid(part, value)),
        "if" => !IsValid(said, value) || IsValid(schema.GetProperty("then"), value),
        _ => throw new NotSupportedException($"The schema uses the keyword {keyword}."),
    };

    /// <summary>The faults of members and items.</summary>
    private static IEnumerable<string> Below(JsonElement schema, JsonElement value, string at)
    {
        var named = schema.TryGetProperty("properties", out var properties) ? properties : default;
        if (value.ValueKind == JsonValueKind.Object)
            foreach (var member in value.EnumerateObject())
                if ((named.ValueKind == JsonValueKind.Object && named.TryGetProperty(member.Name, out var own)) || schema.TryGetProperty("additionalProperties", out own))
                    foreach (var fault in Faults(own, member.Value, $"{at}.{member.Name}")) yield return fault;
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
            foreach (var (index, item) in value.EnumerateArray().Index())
                foreach (var fault in Faults(items, item, $"{at}[{index}]")) yield return fault;
    }

    private static bool IsOf(string type, JsonElement value) => (type, value.ValueKind) switch
    {
        ("integer", JsonValueKind.Number) => decimal.IsInteger(value.GetDecimal()),
        ("number", JsonValueKind.Number) or ("string", JsonValueKind.String) or ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array)
            or ("boolean", JsonValueKind.True or JsonValueKind.False) or ("null", JsonValueKind.Null) => true,
        _ => false,
    };

    private static int Length(JsonElement text) => text.GetString()!.EnumerateRunes().Count();

    private static JsonElement Text(string text) => JsonSerializer.SerializeToElement(text);
}
