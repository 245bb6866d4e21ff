using Retention.Api.Tenancy;
using Retention.Projections.Security;

namespace Retention.Api.Security;

/// <summary><c>GET /v1/audit</c>: who administered what of the tenant.</summary>
internal static class AuditEndpoint
{
    public static void MapAudit(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/audit", GetAsync).WithTags("Operations")
        .WithSummary("Acts of administration: what was asked for, by which key, and when");

    private static async Task<IResult> GetAsync(HttpContext http, Tenant tenant, AdminActs acts)
    {
        QueryReader.Of(http).Only().Done();
        var recorded = await acts.AllAsync(tenant.Name, http.RequestAborted);
        return Results.Json(new { acts = recorded.Select(item => new { item.Position, item.RecordedAt, item.Act.Act, item.Act.By, item.Act.Subject, item.Act.Scopes }) });
    }
}
