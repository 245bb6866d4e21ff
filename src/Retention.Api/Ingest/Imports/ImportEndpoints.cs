using Microsoft.AspNetCore.Mvc;
using Retention.Api.Security.Limiting;
using Retention.Api.Tenancy;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// <c>POST /v1/imports?mapping=…&amp;dryRun=…</c> takes a CSV file, packed or not, as the body, or a zip of the files of a data set that has several: 200 with the ended <see cref="Import"/> once
/// every event is committed, or, with <c>Prefer: respond-async</c>, 202 with its Location. <c>GET /v1/imports/{id}</c> shows it.
/// </summary>
public static class ImportEndpoints
{
    private static readonly string[] MediaTypes =
        ["text/csv", "application/csv", "application/gzip", "application/x-gzip", "application/zip", "application/x-ndjson", "application/json", "application/octet-stream"];

    public static void MapImports(this IEndpointRouteBuilder routes)
    {
        var imports = routes.MapGroup("/v1/imports").WithTags("Ingest");
        imports.MapPost("", (Tenant tenant, HttpContext http, ImportRuns runs) => PostAsync(tenant.Name, http, runs))
            .WithMetadata(new DisableRequestSizeLimitAttribute()).WithSummary("Import a CSV file by a mapping");
        imports.MapGet("", ListAsync).Takes().WithSummary("The tenant's latest imports");
        imports.MapGet("{id}", (Tenant tenant, HttpContext http, string id, ImportRuns runs) => GetAsync(tenant.Name, id, runs, http.RequestAborted))
            .Takes().WithSummary("Progress and report of an import");
        imports.MapDelete("{id}", RetractAsync).Takes().WithSummary("Retract every event that an import has stored");
    }

    public static async Task<IResult> PostAsync(string tenant, HttpContext http, ImportRuns runs)
    {
        var query = QueryReader.Of(http).Only("mapping", "dryRun");
        var name = query.Choice("mapping", [.. Mapping.All.Select(known => known.Name), CustomMapping.Name]);
        if (name is null) query.Fault("mapping", "required", $"is required: one of {Mapping.Names}, {CustomMapping.Name}");
        var dryRun = query.Flag("dryRun") ?? false;
        query.Done();
        var (mapping, file) = name == CustomMapping.Name ? await CustomUpload.ReadAsync(http) : (Mapping.Named(name)!, await FileOfAsync(http));
        var (import, end) = await runs.StartAsync(tenant, mapping, dryRun, file);
        http.Response.Headers.Location = $"/v1/imports/{import.Id}";
        if (http.Request.Headers["Prefer"].Any(prefer => prefer!.Contains("respond-async", StringComparison.OrdinalIgnoreCase)))
        {
            http.Response.Headers["Preference-Applied"] = "respond-async";
            http.Features.Get<Throttle.Place>()?.KeepUntil(end);
            return Results.Json(import, ImportReport.Json, statusCode: 202);
        }
        import = await end;
        return import.Error is not { } error ? Results.Json(import, ImportReport.Json)
            : throw new ProblemException(error.Code == "import_failed" ? 500 : 400, error.Code, error.Message, new Fault("body", error.Code, error.Message)) { Location = $"/v1/imports/{import.Id}" };
    }

    private static async Task<IResult> ListAsync(Tenant tenant, HttpContext http, ImportRuns runs) =>
        Results.Json(new { imports = await runs.LatestAsync(tenant.Name, http.RequestAborted) }, ImportReport.Json);

    public static async Task<IResult> GetAsync(string tenant, string id, ImportRuns runs, CancellationToken cancellation) =>
        Guid.TryParse(id, out var known) && await runs.FindAsync(tenant, known, cancellation) is { } import
            ? Results.Json(import, ImportReport.Json)
            : throw new ProblemException(404, "unknown_import", $"There is no import {id}.");

    private static async Task<IResult> RetractAsync(Tenant tenant, string id, HttpContext http)
    {
        if (!Guid.TryParse(id, out var known)) throw new ProblemException(404, "unknown_import", $"There is no import {id}.");
        var (import, retracted, position) = await http.RequestServices.GetRequiredService<ImportRetraction>().RetractAsync(tenant.Name, known, http.RequestAborted);
        return Results.Json(new { id = import.Id, import.Mapping, import.Status, retracted, position }, ImportReport.Json);
    }

    private static async Task<FileStream> FileOfAsync(HttpContext http)
    {
        if (http.Request.ContentType is { Length: > 0 } type
            && !MediaTypes.Contains(type.Split(';')[0].Trim(), StringComparer.OrdinalIgnoreCase))
            throw new ProblemException(415, "unsupported_media_type", $"Content-Type must be one of {string.Join(", ", MediaTypes)}; it is {type}.");
        return await SpoolAsync(http, http.Request.Body);
    }

    /// <summary>The body in a temporary file that is gone when it is closed, or when the process ends.</summary>
    /// <exception cref="ProblemException">413 for one that is larger than a file may be.</exception>
    internal static async Task<FileStream> SpoolAsync(HttpContext http, Stream body)
    {
        var most = http.RequestServices.GetRequiredService<Limits>().ImportBytes;
        if (http.Request.ContentLength > most) throw TooLarge(most);
        var path = Path.GetTempFileName();
        var file = new FileStream(path, new FileStreamOptions
        {
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.Asynchronous,
            BufferSize = 1 << 16,
        });
        File.Delete(path);
        try
        {
            var part = new byte[1 << 16];
            while (await body.ReadAsync(part, http.RequestAborted) is var read and > 0)
            {
                if (file.Length + read > most) throw TooLarge(most);
                await file.WriteAsync(part.AsMemory(0, read), http.RequestAborted);
            }
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private static ProblemException TooLarge(long most) => new(413, "too_large", $"The file of an import may have at most {most} bytes; cut it, each part with the first line.");
}
