using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Retention.Api.Polling;
using Retention.Api.Tenancy;

namespace Retention.Api.OpenApi;

/// <summary>
/// What an operation takes and answers, by example. <c>operations.json</c> holds one of each: the requests of <c>docs/api/*.http</c> and
/// what the service answered, as the test of those samples writes it.
/// </summary>
/// <param name="Parameters">Of the query string.</param>
/// <param name="Request">The body, of the type beside it; null for none.</param>
/// <param name="Response">Shortened to the first two items of each list; a string where it is not JSON; null for no body.</param>
internal sealed record OperationExample(IReadOnlyList<string> Parameters, string? RequestType, JsonNode? Request, int Status, string? ResponseType, JsonNode? Response);

/// <summary>Adds parameters, examples and problems to the description of the API.</summary>
internal sealed class Described : IOpenApiDocumentTransformer
{
    private static readonly Dictionary<string, OperationExample> Examples = Read();

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Retention",
            Version = "v1",
            Description = "Figures about customers who stay. Money is in major units, shares are fractions from 0 to 1, NPS from −100 to 100, clocks are in seconds.",
            License = new OpenApiLicense { Name = "MIT" },
        };
        // The address follows from where the description was asked for.
        document.Servers = [];
        foreach (var (path, item) in document.Paths)
        {
            foreach (var (method, operation) in item.Operations ?? [])
                Describe(operation, (method, path), Examples.GetValueOrDefault($"{method.Method} {path}"));
        }
        return Task.CompletedTask;
    }

    private static void Describe(OpenApiOperation operation, (HttpMethod Method, string Path) route, OperationExample? example)
    {
        var (method, path) = route;
        operation.Parameters ??= [];
        foreach (var name in path.Split('{').Skip(1).Select(part => part[..part.IndexOf('}', StringComparison.Ordinal)]))
        {
            if (!operation.Parameters.Any(parameter => parameter.Name == name))
                operation.Parameters.Add(new OpenApiParameter { Name = name, In = ParameterLocation.Path, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
        }
        foreach (var name in (example?.Parameters ?? []).Where(name => operation.Parameters.All(known => known.Name != name))) operation.Parameters.Add(QueryParameters.Described(name));
        if (operation.Parameters.All(parameter => parameter.Name != Tenant.Header) && path.StartsWith("/v1/", StringComparison.Ordinal) && !path.StartsWith("/v1/tenants", StringComparison.Ordinal))
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = Tenant.Header,
                In = ParameterLocation.Header,
                Description = "The tenant, where there are no keys; else it follows from the key.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        operation.Responses ??= [];
        operation.Responses["default"] = Problem();
        if (method == HttpMethod.Get && PolledAnswers.Answers(path)) operation.Responses["304"] = new OpenApiResponse { Description = "The answer is still the one that If-None-Match names." };
        if (example is null) return;
        if (example.RequestType is { } type)
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType> { [type] = new() { Example = example.Request?.DeepClone() } } };
        // Schemas that others have described stay beside the example.
        var response = operation.Responses.GetValueOrDefault($"{example.Status}") as OpenApiResponse ?? new OpenApiResponse { Description = "As in the example." };
        operation.Responses[$"{example.Status}"] = response;
        if (example.ResponseType is { } answered)
        {
            response.Content ??= new Dictionary<string, OpenApiMediaType>();
            if (response.Content.TryGetValue(answered, out var media) && media is OpenApiMediaType described) described.Example = example.Response?.DeepClone();
            else response.Content[answered] = new OpenApiMediaType { Example = example.Response?.DeepClone() };
        }
    }

    private static OpenApiResponse Problem() => new()
    {
        Description = "Problem details (RFC 9457) with code, and errors of path, code and message.",
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/problem+json"] = new()
            {
                Example = JsonNode.Parse("""
                    { "type": "urn:retention:problem:not_allowed", "title": "The request is not valid", "status": 400, "detail": "grain: must be one of day, week, month, quarter, year",
                      "code": "not_allowed", "errors": [{ "path": "grain", "code": "not_allowed", "message": "must be one of day, week, month, quarter, year" }] }
                    """),
            },
        },
    };

    private static Dictionary<string, OperationExample> Read()
    {
        using var file = typeof(Described).Assembly.GetManifestResourceStream("Retention.Api.OpenApi.operations.json")!;
        return JsonSerializer.Deserialize<Dictionary<string, OperationExample>>(file, JsonSerializerOptions.Web)!;
    }
}
