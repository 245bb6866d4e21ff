using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Retention.Api.Security;

/// <summary>Describes the key and, for each operation, the scope that it needs.</summary>
internal static class SecuritySchema
{
    private const string Scheme = "apiKey";

    public static void Describe(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A key of retention keys create. It belongs to a tenant and has scopes: ingest, read, read:pii, replay, admin. Needed once there is any. Where an issuer of tokens is named, a JWT of its with the claims tenant and scope does the same.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var scope = RouteScopes.Find(context.Description.HttpMethod ?? "GET", context.Description.RelativePath ?? "");
            if (scope is null or RouteScopes.Public) return Task.CompletedTask;
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = scope == RouteScopes.AnyKey ? [] : [scope] }];
            operation.Responses ??= [];
            operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No key, or none of this service (any more)" });
            operation.Responses.TryAdd("403", new OpenApiResponse { Description = scope == RouteScopes.AnyKey ? "The key belongs to another tenant" : $"The key lacks the scope {scope}, or belongs to another tenant" });
            return Task.CompletedTask;
        });
    }
}
