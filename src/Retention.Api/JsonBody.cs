using System.Text.Json;
using Retention.Api.Ingest;
using Retention.Domain.Events;

namespace Retention.Api;

/// <summary>A request's body as one JSON document.</summary>
internal static class JsonBody
{
    /// <exception cref="ProblemException">
    /// 400 for what is not JSON, 415 for another media type, 422 for texts and numbers that cannot be stored.
    /// </exception>
    public static async Task<JsonDocument> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (!request.HasJsonContentType()) throw new ProblemException(415, "unsupported_media_type", "Content-Type must be application/json.");
        var document = await ParseAsync(request.Body, ct);
        var faults = new List<Fault>();
        if (StorableJson.Check(document.RootElement, "", faults)) return document;
        document.Dispose();
        throw new ProblemException(422, faults[0].Code, $"{faults[0].Path}: {faults[0].Message}", faults);
    }

    /// <exception cref="ProblemException">400 for what is not JSON.</exception>
    public static async Task<JsonDocument> ParseAsync(Stream body, CancellationToken ct)
    {
        try
        {
            return await JsonDocument.ParseAsync(body, EventEndpoints.Strict, ct);
        }
        catch (Exception e) when (IsMalformed(e))
        {
            throw new ProblemException(
                400, "malformed_json", $"The body is not JSON: {e.Message}",
                new Fault("", "malformed_json", "must be JSON without repeated members"));
        }
    }

    /// <summary>Whether parsing failed by the text; a member's name that is no Unicode shows when names are compared.</summary>
    public static bool IsMalformed(Exception e) => e is JsonException or InvalidOperationException;
}
