using System.IO.Pipelines;
using System.Text.Json;
using Retention.Api.Security.Limiting;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Api.Ingest;

/// <summary>
/// The events of one request, stored in batches as they arrive, or all at once where the request is atomic. While one batch is appended
/// the next is read and checked; never are two appended at once, so that the log keeps the order of the body.
/// </summary>
internal sealed class EventRequest(string tenant, Ingestion ingestion, (Limits Limits, DocumentMemory Memory) within, bool atomic) : IAsyncDisposable
{
    private const int BatchSize = 1_000;

    /// <summary>Lines of many bytes make smaller batches.</summary>
    private const int BatchBytes = 4 * 1024 * 1024;

    /// <summary>Longest line of NDJSON, in bytes.</summary>
    private const int LongestLine = 1024 * 1024;

    private readonly DocumentMemory.Account memory = within.Memory.Open(tenant);
    private readonly Verdicts verdicts = new();
    private Func<JsonElement, List<Fault>, Envelope?> read = EnvelopeReader.Read;
    private List<Envelope> batch = [];
    private List<int> indexes = [];
    private int bytes;
    private int next;
    private Task appending = Task.CompletedTask;

    /// <summary>An array of events, or an object with the one member <c>events</c>.</summary>
    public async Task<IngestOutcome> ReadDocumentAsync(Stream body, CancellationToken ct)
    {
        // The limit is on what was unpacked, which a declared length does not tell.
        using var document = await JsonBody.ParseAsync(await BoundedBody.ReadAsync(body, memory.Add, ct), ct);
        foreach (var item in EventsOf(document.RootElement).EnumerateArray()) await AddAsync(item, 0, ct);
        return await FinishAsync(ct);
    }

    /// <summary>An array of events in the JSON format of CloudEvents.</summary>
    public async Task<IngestOutcome> ReadCloudEventsAsync(Stream body, CancellationToken ct)
    {
        using var document = await JsonBody.ParseAsync(await BoundedBody.ReadAsync(body, memory.Add, ct), ct);
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            throw new ProblemException(422, "wrong_type", "The body must be an array of events.", new Fault("", "wrong_type", "must be an array"));
        read = CloudEventReader.Read;
        foreach (var item in document.RootElement.EnumerateArray()) await AddAsync(item, 0, ct);
        return await FinishAsync(ct);
    }

    /// <summary>One event a line; a line that does not parse is refused alone.</summary>
    /// <exception cref="ProblemException">A packed body was cut short; the lines before are stored, unless the request is atomic.</exception>
    public async Task<IngestOutcome> ReadLinesAsync(PipeReader body, CancellationToken ct)
    {
        try
        {
            await foreach (var line in BodyLines.ReadAsync(body, LongestLine, ct)) await AddLineAsync(line, ct);
        }
        catch (InvalidDataException) when (!atomic)
        {
            var before = await FinishAsync(ct);
            throw new ProblemException(
                400, "malformed_body",
                $"The body could not be decompressed to its end. Of the lines before, {before.Accepted} are stored now and {before.Duplicates} were before; "
                + "the whole body can be sent again.");
        }
        return await FinishAsync(ct);
    }

    /// <summary>Waits for the append that a failed request has left.</summary>
    public async ValueTask DisposeAsync()
    {
        await appending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        memory.Dispose();
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

    private async ValueTask AddLineAsync(BodyLine line, CancellationToken ct)
    {
        if (atomic) memory.Add(line.Text.Length);
        if (line.TooLong) Reject(null, new Fault("", "line_too_long", $"a line may have at most {LongestLine} bytes"));
        else if (line.Text.Span.Trim(" \t\r"u8).IsEmpty) return;
        else if (Parse(line.Text.Span) is not { } item) Reject(null, new Fault("", "malformed_json", "the line is not JSON, or has a member twice"));
        else if (!EnvelopeReader.IsEnd(item)) await AddAsync(item, line.Text.Length, ct);
    }

    private static JsonElement? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonElement.Parse(line, EventEndpoints.Strict);
        }
        catch (Exception e) when (JsonBody.IsMalformed(e))
        {
            return null;
        }
    }

    private async ValueTask AddAsync(JsonElement item, int size, CancellationToken ct)
    {
        var faults = new List<Fault>();
        if (read(item, faults) is { } envelope)
        {
            batch.Add(envelope);
            indexes.Add(next++);
            bytes += size;
        }
        else Reject(EnvelopeReader.IdOf(item), faults);
        if (atomic && next > within.Limits.AtomicEvents) throw new ProblemException(413, "too_large", $"An atomic request may have at most {within.Limits.AtomicEvents} events.");
        if (!atomic && (batch.Count >= BatchSize || bytes >= BatchBytes)) await StoreAsync(ct);
    }

    private void Reject(string? id, params List<Fault> faults)
    {
        verdicts.Reject(new Rejection(next++, id, faults[0].Code, faults));
        Ingestion.Count("rejected", 1);
    }

    private async Task<IngestOutcome> FinishAsync(CancellationToken ct)
    {
        if (atomic && verdicts.Rejected.Any()) Refuse([.. verdicts.Rejected, .. await RefusedByRulesAsync(ct)]);
        await StoreAsync(ct);
        await appending;
        return verdicts.ToOutcome();
    }

    /// <summary>Checks what was read, waits until the batch before it is appended, and leaves this one to be.</summary>
    private async Task StoreAsync(CancellationToken ct)
    {
        var (events, places) = (batch, indexes);
        (batch, indexes, bytes) = (new List<Envelope>(events.Count), new List<int>(events.Count), 0);
        var prepared = await ingestion.PrepareAsync(tenant, events, atomic ? AppendMode.AllOrNone : AppendMode.KeepValid, ct);
        await appending;
        appending = AppendAsync(prepared, places, ct);
    }

    private async Task AppendAsync(Ingestion.PreparedBatch prepared, List<int> places, CancellationToken ct)
    {
        var outcome = await ingestion.AppendAsync(prepared, ct);
        var own = outcome.Rejected.Select(refused => refused with { Index = places[refused.Index] }).ToList();
        if (atomic) Refuse(own);
        verdicts.Add(outcome, own);
    }

    private async Task<IEnumerable<Rejection>> RefusedByRulesAsync(CancellationToken ct) =>
        (await ingestion.RefusedAsync(tenant, batch, ct)).Select(refused => refused with { Index = indexes[refused.Index] });

    /// <summary>An atomic request fails by its first fault.</summary>
    private static void Refuse(IEnumerable<Rejection> rejections)
    {
        if (rejections.MinBy(refused => refused.Index) is not { } first) return;
        var errors = first.Errors.Select(error => error with { Path = error.Path == "" ? $"events[{first.Index}]" : $"events[{first.Index}].{error.Path}" }).ToList();
        throw new ProblemException(first.Code == "conflict" ? 409 : 422, first.Code, $"Event {first.Index} is refused, so nothing was stored.", errors);
    }
}
