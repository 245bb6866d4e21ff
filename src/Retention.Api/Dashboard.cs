using Microsoft.Extensions.FileProviders;

namespace Retention.Api;

/// <summary>The pages at <c>/</c>: files that <c>./retention up</c> builds where there is Node.js.</summary>
internal static class Dashboard
{
    private const string Missing = """
        <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Retention</title>
        <style>body{font:16px/1.5 system-ui;margin:15vh auto;max-width:34rem;padding:0 1rem;color-scheme:light dark}code{font-size:.95em}</style>
        <h1>The service runs; its dashboard is not built</h1>
        <p>Building it takes Node.js 20 or newer with npm. Install it (<code>apt-get install nodejs npm</code>, or from nodejs.org), then stop the service and start it again with <code>./retention up</code>.</p>
        <p>Every figure is also at <a href="/v1/metrics">/v1/metrics</a>, and described at <a href="/openapi/v1.json">/openapi/v1.json</a>.</p>
        </html>
        """;

    // Styles are set on elements by the charts; nothing else comes from elsewhere.
    private const string Policy = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

    /// <summary>The folder that the launcher builds into.</summary>
    public static string? BuiltFolder => Environment.GetEnvironmentVariable("RETENTION_HOME") is { } home ? Path.Combine(home, "artifacts", "dashboard") : null;

    /// <param name="folder">Where the files are; null, or a folder without them, for a page that says so.</param>
    public static void UseDashboard(this WebApplication app, string? folder)
    {
        if (folder is null || !File.Exists(Path.Combine(folder, "index.html")))
        {
            app.MapGet("/", () => Results.Content(Missing, "text/html; charset=utf-8")).ExcludeFromDescription();
            return;
        }
        app.UseWhen(http => !http.Request.Path.StartsWithSegments("/v1"), pages =>
        {
            var files = new PhysicalFileProvider(folder);
            pages.UseResponseCompression();
            pages.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
            pages.UseStaticFiles(new StaticFileOptions { FileProvider = files, OnPrepareResponse = file => Describe(file.Context) });
        });
    }

    private static void Describe(HttpContext http)
    {
        var headers = http.Response.Headers;
        // Names of assets hold a hash of what is in them.
        headers.CacheControl = http.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache";
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
    }
}
