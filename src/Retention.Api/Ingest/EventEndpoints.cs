using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using Retention.Api.Security.Limiting;
using Retention.Api.Tenancy;

namespace Retention.Api.Ingest;

/// <summary><c>POST /v1/events</c>: one body, many events, a verdict for each.</summary>
public static class EventEndpoints
{
    private const string Json = "application/json";
    private const string Ndjson = "application/x-ndjson";
    private const string CloudEvents = "application/cloudevents-batch+json";

    /// <summary>Duplicate members are refused: readers differ in which of them they believe.</summary>
    internal static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public static void MapEvents(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/events", PostAsync).WithName("PostEvents").WithTags("Ingest")
            .WithSummary("Append events; each is accepted, a duplicate or rejected")
            .WithMetadata(new DisableRequestSizeLimitAttribute())
            .Accepts<JsonElement>(Json, Ndjson, CloudEvents).Produces<IngestOutcome>();

    private static async Task<IResult> PostAsync(HttpContext context, Tenant tenant, Ingestion ingestion, Limits limits, DocumentMemory memory)
    {
        var query = QueryReader.Of(context).Only("atomic");
        var atomic = query.Flag("atomic") ?? false;
        query.Done();
        var media = MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var parsed) ? parsed.MediaType.Value?.ToLowerInvariant() : null;
        if (context.Request.Headers.ContentEncoding is { Count: > 0 } packed)
            throw new ProblemException(415, "unsupported_media_type", $"Content-Encoding {packed} is not accepted; allowed are gzip, deflate and br.");
        if (media is not (Json or Ndjson or CloudEvents)) throw new ProblemException(415, "unsupported_media_type", $"Content-Type must be {Json}, {Ndjson} or {CloudEvents}.");

        await using var request = new EventRequest(tenant.Name, ingestion, (limits, memory), atomic);
        return Results.Ok(media switch
        {
            Ndjson => await request.ReadLinesAsync(context.Request.BodyReader, context.RequestAborted),
            CloudEvents => await request.ReadCloudEventsAsync(context.Request.Body, context.RequestAborted),
            _ => await request.ReadDocumentAsync(context.Request.Body, context.RequestAborted),
        });
    }
}
