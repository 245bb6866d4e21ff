using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using Retention.Api.Tenancy;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Api.Ingest;

/// <summary><c>POST /v1/events</c>: one body, many events, a verdict for each.</summary>
public static class EventEndpoints
{
    /// <summary>Largest JSON body, and largest body of an atomic request, in bytes.</summary>
    public const long MostBytes = 64L * 1024 * 1024;

    /// <summary>Most events in an atomic request.</summary>
    public const int MostAtomic = 100_000;

    private const string Json = "application/json";
    private const string Ndjson = "application/x-ndjson";

    /// <summary>Duplicate members are refused: readers differ in which of them they believe.</summary>
    internal static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public static void MapEvents(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/events", PostAsync).WithName("PostEvents").WithTags("Ingest")
            .WithSummary("Append events; each is accepted, a duplicate or rejected")
            .WithMetadata(new DisableRequestSizeLimitAttribute())
            .Accepts<JsonElement>(Json, Ndjson).Produces<IngestOutcome>();

    private static async Task<IResult> PostAsync(HttpContext context, Tenant tenant, Ingestion ingestion)
    {
        var query = new QueryReader(context.Request.Query).Only("atomic");
        var atomic = query.Flag("atomic") ?? false;
        query.Done();
        var media = MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var parsed) ? parsed.MediaType.Value?.ToLowerInvariant() : null;
        if (context.Request.Headers.ContentEncoding is { Count: > 0 } packed)
            throw new ProblemException(415, "unsupported_media_type", $"Content-Encoding {packed} is not accepted; allowed are gzip, deflate and br.");
        if (media is not (Json or Ndjson)) throw new ProblemException(415, "unsupported_media_type", $"Content-Type must be {Json} or {Ndjson}.");

        var request = new EventRequest(tenant.Name, ingestion, atomic);
        return Results.Ok(media == Ndjson
            ? await request.ReadLinesAsync(context.Request.BodyReader, context.RequestAborted)
            : await request.ReadDocumentAsync(context.Request.Body, context.RequestAborted));
    }
}

/// <summary>The events of one request, stored in batches as they arrive, or all at once where the request is atomic.</summary>
internal sealed class EventRequest(string tenant, Ingestion ingestion, bool atomic)
{
    private const int BatchSize = 2_000;

    /// <summary>A batch of large events is stored earlier.</summary>
    private const long BatchBytes = 8L * 1024 * 1024;

    /// <summary>Longest line of NDJSON, in bytes.</summary>
    private const int LongestLine = 1024 * 1024;

    private readonly List<Envelope> batch = [];
    private readonly List<int> indexes = [];
    private readonly List<Rejection> rejected = [];
    private int next;
    private int accepted;
    private int duplicates;
    private int warnings;
    private long position;
    private long bytes;
    private long batchBytes;

    /// <summary>An array of events, or an object with the one member <c>events</c>.</summary>
    public async Task<IngestOutcome> ReadDocumentAsync(Stream body, CancellationToken ct)
    {
        // The limit is on what was unpacked, which a declared length does not tell.
        using var document = await JsonBody.ParseAsync(await BoundedBody.ReadAsync(body, EventEndpoints.MostBytes, ct), ct);
        foreach (var item in EventsOf(document.RootElement).EnumerateArray()) await AddAsync(item, ct);
        return await FinishAsync(ct);
    }

    /// <summary>One event a line; a line that does not parse is refused alone.</summary>
    public async Task<IngestOutcome> ReadLinesAsync(PipeReader body, CancellationToken ct)
    {
        await foreach (var line in BodyLines.ReadAsync(body, LongestLine, ct))
        {
            if (line.TooLong)
            {
                Reject(null, new Fault("", "line_too_long", $"a line may have at most {LongestLine} bytes"));
                continue;
            }
            if (atomic && (bytes += line.Text.Length) > EventEndpoints.MostBytes) throw BoundedBody.TooLarge(EventEndpoints.MostBytes);
            if (line.Text.Span.Trim(" \t\r"u8).IsEmpty) continue;
            using var document = Parse(line.Text);
            if (document is null) Reject(null, new Fault("", "malformed_json", "the line is not JSON, or has a member twice"));
            else if (!EnvelopeReader.IsEnd(document.RootElement)) await AddAsync(document.RootElement, ct);
        }
        return await FinishAsync(ct);
    }

    private static JsonElement EventsOf(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Array) return root;
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("events", out var events) && events.ValueKind == JsonValueKind.Array)
        {
            var others = root.EnumerateObject().Where(member => member.Name != "events").Select(member => new Fault(member.Name, "unknown_member", "allowed is events")).ToList();
            return others.Count == 0 ? events : throw new ProblemException(422, "unknown_member", "The body has members besides events.", others);
        }
        throw new ProblemException(422, "wrong_type", "The body must be an array of events or an object {\"events\": […]}.", new Fault("", "wrong_type", "must be an array, or an object with the array events"));
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return JsonDocument.Parse(line, EventEndpoints.Strict);
        }
        catch (Exception e) when (JsonBody.IsMalformed(e))
        {
            return null;
        }
    }

    private async Task AddAsync(JsonElement item, CancellationToken ct)
    {
        var faults = new List<Fault>();
        if (EnvelopeReader.Read(item, faults) is { } envelope)
        {
            batch.Add(envelope with { Data = envelope.Data.Clone() });
            indexes.Add(next++);
            batchBytes += item.GetRawText().Length;
        }
        else Reject(EnvelopeReader.IdOf(item), faults);
        if (atomic && next > EventEndpoints.MostAtomic) throw new ProblemException(413, "too_large", $"An atomic request may have at most {EventEndpoints.MostAtomic} events.");
        if (!atomic && (batch.Count >= BatchSize || batchBytes >= BatchBytes)) await StoreAsync(ct);
    }

    private void Reject(string? id, params List<Fault> faults) => rejected.Add(new Rejection(next++, id, faults[0].Code, faults));

    private async Task<IngestOutcome> FinishAsync(CancellationToken ct)
    {
        if (atomic && rejected.Count > 0) Refuse([.. rejected, .. await RefusedByRulesAsync(ct)]);
        await StoreAsync(ct);
        rejected.Sort((a, b) => a.Index.CompareTo(b.Index));
        return new IngestOutcome(accepted, duplicates, rejected, position, warnings);
    }

    private async Task StoreAsync(CancellationToken ct)
    {
        var outcome = await ingestion.StoreAsync(tenant, batch, atomic ? AppendMode.AllOrNone : AppendMode.KeepValid, ct);
        var own = outcome.Rejected.Select(refused => refused with { Index = indexes[refused.Index] }).ToList();
        if (atomic) Refuse(own);
        rejected.AddRange(own);
        accepted += outcome.Accepted;
        duplicates += outcome.Duplicates;
        warnings += outcome.Warnings;
        position = Math.Max(position, outcome.Position);
        batchBytes = 0;
        batch.Clear();
        indexes.Clear();
    }

    private async Task<IEnumerable<Rejection>> RefusedByRulesAsync(CancellationToken ct) =>
        (await ingestion.RefusedAsync(tenant, batch, ct)).Select(refused => refused with { Index = indexes[refused.Index] });

    /// <summary>An atomic request fails by its first fault.</summary>
    private static void Refuse(List<Rejection> rejections)
    {
        if (rejections.MinBy(refused => refused.Index) is not { } first) return;
        var errors = first.Errors.Select(error => error with { Path = error.Path == "" ? $"events[{first.Index}]" : $"events[{first.Index}].{error.Path}" }).ToList();
        throw new ProblemException(first.Code == "conflict" ? 409 : 422, first.Code, $"Event {first.Index} is refused, so nothing was stored.", errors);
    }
}
