using System.Text.Json;
using Retention.Api.Ingest;
using Retention.Domain.Events;

namespace Retention.Api;

/// <summary>A request's body as one JSON document.</summary>
internal static class JsonBody
{
    /// <exception cref="ProblemException">400 for what is not JSON, 415 for another media type.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (!request.HasJsonContentType()) throw new ProblemException(415, "unsupported_media_type", "Content-Type must be application/json.");
        try
        {
            return await JsonDocument.ParseAsync(request.Body, EventEndpoints.Strict, ct);
        }
        catch (JsonException e)
        {
            throw new ProblemException(400, "malformed_json", $"The body is not JSON: {e.Message}", new Fault("", "malformed_json", "must be JSON without repeated members"));
        }
    }
}
