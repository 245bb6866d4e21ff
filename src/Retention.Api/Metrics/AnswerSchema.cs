using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Retention.Domain.Metrics;

namespace Retention.Api.Metrics;

/// <summary>An answer as the description of the API shows it.</summary>
/// <param name="Parameters">The question with all defaults.</param>
/// <param name="Position">The log position that is reflected.</param>
public sealed record AnswerShape<TRow>(
    string Metric, DefinitionShape Definition, Dictionary<string, JsonElement> Parameters, DateTimeOffset AsOf, long Position, IReadOnlyList<TRow> Rows);

public sealed record DefinitionShape(string Name, int Version);

/// <summary>Describes answers as they are spelled: intervals as arrays, words as words.</summary>
internal static class AnswerSchema
{
    /// <summary>Says which rows an endpoint answers.</summary>
    public static RouteHandlerBuilder Answers<TRow>(this RouteHandlerBuilder endpoint, string summary) =>
        endpoint.WithSummary(summary).Produces<AnswerShape<TRow>>().ProducesProblem(400).ProducesProblem(503);

    public static void Describe(OpenApiOptions options) => options.AddSchemaTransformer((schema, context, _) =>
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (type == typeof(Interval))
        {
            (schema.Type, schema.Properties, schema.Required) = (JsonSchemaType.Array | JsonSchemaType.Null, null, null);
            (schema.Items, schema.MinItems, schema.MaxItems) = (new OpenApiSchema { Type = JsonSchemaType.Number }, 2, 2);
        }
        else if (type == typeof(PeriodStart)) schema.Type = JsonSchemaType.String;
        else if (type.IsEnum)
            (schema.Type, schema.Enum) = (JsonSchemaType.String, [.. Enum.GetNames(type).Select(name => (JsonNode)JsonNamingPolicy.SnakeCaseLower.ConvertName(name))]);
        return Task.CompletedTask;
    });
}
