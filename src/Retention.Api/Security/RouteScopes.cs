using Retention.Projections.Security;

namespace Retention.Api.Security;

/// <summary>
/// The scope that each route needs: one table for all of them. A route that is not in it needs <c>admin</c>, so that a forgotten row closes
/// a door instead of opening one.
/// </summary>
public static class RouteScopes
{
    /// <summary>Needs no key.</summary>
    public const string Public = "public";

    /// <summary>Needs a key, of whatever scope.</summary>
    public const string AnyKey = "any";

    private static readonly Dictionary<string, string> Table = new(StringComparer.OrdinalIgnoreCase)
    {
        ["GET /"] = Public,
        ["GET /health/live"] = Public,
        ["GET /health/ready"] = Public,
        ["GET /openapi/v1.json"] = Public,

        // Their signature is their key.
        ["POST /v1/webhooks/shopify/{tenant}"] = Public,
        ["POST /v1/webhooks/segment/{tenant}"] = Public,

        ["GET /v1/status"] = AnyKey,
        ["GET /v1/event-types"] = AnyKey,
        ["GET /v1/event-types/{type}"] = AnyKey,
        ["GET /v1/metrics"] = AnyKey,

        ["POST /v1/events"] = Scopes.Ingest,
        ["POST /v1/imports"] = Scopes.Ingest,
        ["GET /v1/imports"] = Scopes.Ingest,
        ["GET /v1/imports/{id}"] = Scopes.Ingest,
        ["DELETE /v1/imports/{id}"] = Scopes.Ingest,

        ["GET /v1/settings"] = Scopes.Read,
        ["GET /v1/events"] = Scopes.Read,
        ["GET /v1/events/stream"] = Scopes.Read,
        ["GET /v1/exports"] = Scopes.Read,
        ["GET /v1/exports/{model}"] = Scopes.Read,
        ["GET /v1/cohorts"] = Scopes.Read,
        ["GET /v1/dimensions/{name}/values"] = Scopes.Read,
        ["GET /v1/metrics/retention"] = Scopes.Read,
        ["GET /v1/metrics/lifecycle"] = Scopes.Read,
        ["GET /v1/metrics/revenue"] = Scopes.Read,
        ["GET /v1/metrics/revenue-retention"] = Scopes.Read,
        ["GET /v1/metrics/time-between-purchases"] = Scopes.Read,
        ["GET /v1/metrics/survival"] = Scopes.Read,
        ["GET /v1/metrics/clv"] = Scopes.Read,
        ["GET /v1/metrics/settling"] = Scopes.Read,
        ["GET /v1/metrics/nps"] = Scopes.Read,
        ["GET /v1/metrics/csat"] = Scopes.Read,
        ["GET /v1/metrics/ces"] = Scopes.Read,
        ["GET /v1/metrics/complaints"] = Scopes.Read,
        ["GET /v1/metrics/service-recovery"] = Scopes.Read,
        ["GET /v1/metrics/lapse-reasons"] = Scopes.Read,
        ["GET /v1/metrics/win-back"] = Scopes.Read,
        ["GET /v1/metrics/{metric}/bridge"] = Scopes.Read,
        ["GET /v1/metrics/{metric}/lineage"] = Scopes.Read,
        ["GET /v1/complaints/breaches"] = Scopes.Read,
        ["GET /v1/segments/rfm"] = Scopes.Read,
        ["GET /v1/segments/lapsed-regulars"] = Scopes.Read,
        ["GET /v1/segments/at-risk"] = Scopes.Read,
        ["GET /v1/segments/open-complaints"] = Scopes.Read,
        ["GET /v1/segments/detractors"] = Scopes.Read,
        ["GET /v1/customers"] = Scopes.Read,
        ["GET /v1/customers/{id}"] = Scopes.Read,
        ["GET /v1/customers/{id}/timeline"] = Scopes.Read,
        ["GET /v1/customers/{id}/clv"] = Scopes.Read,
        ["GET /v1/customers/{id}/contactable"] = Scopes.Read,
        ["GET /v1/models/clv"] = Scopes.Read,
        ["GET /v1/models/clv/evaluation"] = Scopes.Read,
        ["GET /v1/models/clv/what-if"] = Scopes.Read,
        ["GET /v1/changes"] = Scopes.Read,
        ["GET /v1/periods"] = Scopes.Read,
        ["GET /v1/periods/{period}"] = Scopes.Read,
        ["GET /v1/periods/{period}/late-events"] = Scopes.Read,
        ["POST /v1/receipts/verify"] = Scopes.Read,
        ["GET /v1/replays"] = Scopes.Read,
        ["GET /v1/replays/{name}"] = Scopes.Read,
        ["GET /v1/replays/{name}/diff"] = Scopes.Read,

        ["POST /v1/replays"] = Scopes.Replay,
        ["DELETE /v1/replays/{name}"] = Scopes.Replay,
        ["POST /v1/models/clv/fit"] = Scopes.Replay,

        ["DELETE /v1/customers/{id}"] = Scopes.Admin,
        ["GET /v1/tenants"] = Scopes.Admin,
        ["POST /v1/tenants"] = Scopes.Admin,
        ["DELETE /v1/tenants/{name}"] = Scopes.Admin,
        ["PUT /v1/settings"] = Scopes.Admin,
        ["POST /v1/periods/{period}/close"] = Scopes.Admin,
        ["GET /v1/skips"] = Scopes.Admin,
        ["POST /v1/skips"] = Scopes.Admin,
        ["GET /v1/rebuild"] = Scopes.Admin,
        ["POST /v1/rebuild"] = Scopes.Admin,
        ["DELETE /v1/rebuild"] = Scopes.Admin,
        ["POST /v1/rebuild/confirm"] = Scopes.Admin,
        ["POST /v1/rebuild/revert"] = Scopes.Admin,
        ["GET /v1/audit"] = Scopes.Admin,
        ["GET /v1/webhooks"] = Scopes.Admin,
        ["PUT /v1/webhooks/{sender}"] = Scopes.Admin,
        ["DELETE /v1/webhooks/{sender}"] = Scopes.Admin,
    };

    /// <summary>The row of a route; null for one that has none.</summary>
    /// <param name="pattern">As it was mapped, such as <c>/v1/customers/{id}</c>.</param>
    public static string? Find(string method, string pattern) => Table.GetValueOrDefault($"{method} /{pattern.Trim('/')}");

    /// <summary>What a request needs. Outside of <c>/v1</c> lie the files of pages only, and what is not there needs a key to be told so.</summary>
    internal static string Of(HttpContext http)
    {
        // A browser asks without a key whether it may ask with one; no route answers it more.
        if (HttpMethods.IsOptions(http.Request.Method)) return Public;
        if (http.GetEndpoint() is RouteEndpoint route)
            return Find(HttpMethods.IsHead(http.Request.Method) ? "GET" : http.Request.Method, route.RoutePattern.RawText!) ?? Scopes.Admin;
        return http.Request.Path.StartsWithSegments("/v1") ? AnyKey : Public;
    }
}
