using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace Retention.Api.Telemetry;

/// <summary>Gives the span of a request its name, route and status, which ASP.NET Core leaves out.</summary>
internal static class RequestSpans
{
    private const int ServerFault = 500;

    /// <summary>Before everything else in the pipeline.</summary>
    public static void UseRequestSpans(this WebApplication app) => app.Use(async (http, next) =>
    {
        try
        {
            await next(http);
        }
        finally
        {
            if (http.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span) Describe(span, http);
        }
    });

    private static void Describe(Activity span, HttpContext http)
    {
        // A request that has failed has lost its endpoint to whoever handles that.
        var endpoint = http.GetEndpoint() ?? http.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        var route = (endpoint as RouteEndpoint)?.RoutePattern.RawText is { } pattern ? $"/{pattern.Trim('/')}" : null;
        span.DisplayName = route is null ? http.Request.Method : $"{http.Request.Method} {route}";
        span.SetTag("http.route", route);
        span.SetTag("http.response.status_code", http.Response.StatusCode);
        if (http.Response.StatusCode < ServerFault) return;
        span.SetTag("error.type", http.Features.Get<IExceptionHandlerFeature>()?.Error.GetType().FullName ?? $"{http.Response.StatusCode}");
        span.SetStatus(ActivityStatusCode.Error);
    }
}
