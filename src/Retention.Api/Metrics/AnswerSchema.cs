using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Retention.Domain.Metrics;

namespace Retention.Api.Metrics;

/// <summary>An answer as the description of the API shows it; what a metric answers beside its rows is a member of a record of its own.</summary>
public record AnswerShape<TRow>
{
    public required string Metric { get; init; }

    public required DefinitionShape Definition { get; init; }

    /// <summary>The question with all defaults.</summary>
    public required Dictionary<string, JsonElement> Parameters { get; init; }

    public required DateTimeOffset AsOf { get; init; }

    /// <summary>The log position that is reflected.</summary>
    public required long Position { get; init; }

    public required IReadOnlyList<TRow> Rows { get; init; }

    /// <summary>Only with <c>receipt=true</c>.</summary>
    public Lineage.Receipt? Receipt { get; init; }
}

public sealed record DefinitionShape(string Name, int Version);

/// <summary>A list that is answered page by page.</summary>
public record PageShape<TRow> : AnswerShape<TRow>
{
    /// <summary>The cursor of the next page; null at the end of the list.</summary>
    public required string? NextCursor { get; init; }
}

/// <summary>Describes answers as they are spelled: intervals as arrays, words as words.</summary>
internal static class AnswerSchema
{
    /// <summary>Says which rows an endpoint answers.</summary>
    public static RouteHandlerBuilder Answers<TRow>(this RouteHandlerBuilder endpoint, string summary) =>
        endpoint.Describes<AnswerShape<TRow>>(summary);

    /// <summary>Says what an endpoint answers.</summary>
    public static RouteHandlerBuilder Describes<TAnswer>(this RouteHandlerBuilder endpoint, string summary) =>
        endpoint.WithSummary(summary).Produces<TAnswer>().ProducesProblem(400).ProducesProblem(503);

    public static void Describe(OpenApiOptions options)
    {
        // One name would stand for criteria of numbers and of numbers that may be null.
        options.CreateSchemaReferenceId = type =>
            type.Type is { IsGenericType: true } generic && generic.GetGenericTypeDefinition() == typeof(Criterion<>) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddSchemaTransformer((schema, context, _) =>
        {
            Spell(schema, Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type);
            return Task.CompletedTask;
        });
    }

    private static void Spell(OpenApiSchema schema, Type type)
    {
        const JsonSchemaType numbers = JsonSchemaType.Integer | JsonSchemaType.Number;
        if (type == typeof(PeriodStart)) schema.Type = JsonSchemaType.String;
        else if (type == typeof(ColumnKey)) schema.Type = JsonSchemaType.Integer | JsonSchemaType.String;
        else if (type.IsEnum)
            (schema.Type, schema.Enum) = (JsonSchemaType.String, [.. Enum.GetNames(type).Select(name => (JsonNode)JsonNamingPolicy.SnakeCaseLower.ConvertName(name))]);
        // The numbers of the array are visited, too, as if they were the interval.
        else if (type == typeof(Interval) && schema.Type != JsonSchemaType.Number)
        {
            (schema.Type, schema.Properties, schema.Required) = (JsonSchemaType.Array | JsonSchemaType.Null, null, null);
            (schema.Items, schema.MinItems, schema.MaxItems) = (new OpenApiSchema { Type = JsonSchemaType.Number }, 2, 2);
        }
        // Numbers would be read from strings, but are never written as such.
        else if ((schema.Type & numbers) != 0) (schema.Type, schema.Pattern) = (schema.Type & ~JsonSchemaType.String, null);
    }
}
