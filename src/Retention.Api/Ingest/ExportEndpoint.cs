using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Retention.Api.Security;
using Retention.Api.Tenancy;
using Retention.Projections.EventLog;

namespace Retention.Api.Ingest;

/// <summary>
/// <c>GET /v1/events</c>: a tenant's customer events in log order as NDJSON, each as it was sent plus where it stands; the last line is
/// <c>{"end":true,"position":…}</c>, from which the next page goes on. What is read can be posted again unchanged. <c>format=csv</c> gives
/// the same as a table, whose last position is where the next page goes on. <c>until</c> pins the end, so that the same request gives the
/// same bytes for ever.
/// </summary>
public static class ExportEndpoint
{
    private const int PageSize = 5_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(10);

    private static readonly string[] Parameters = ["after", "until", "limit", "format", .. WantedEvents.Parameters];

    public static async Task GetAsync(HttpContext http, Tenant tenant, EventLog log, SafePosition safePosition, Sealing sealing)
    {
        var query = QueryReader.Of(http).Only(Parameters);
        var wanted = WantedEvents.Read(query);
        var after = query.Whole("after", 0, long.MaxValue) ?? 0;
        var until = query.Whole("until", 0, long.MaxValue) ?? await EndAsync(log, safePosition, http.RequestAborted);
        var left = query.Whole("limit", 1, long.MaxValue) ?? long.MaxValue;
        var csv = query.Choice("format", ["ndjson", "csv"]) == "csv";
        if (until > safePosition.Current) query.Fault("until", "unknown_position", $"must be a position that is complete; the last one is {safePosition.Current}");
        query.Done();

        http.Response.ContentType = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
        await using var body = Packed.Open(http);
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        await using var json = EventLines.Open(buffer);
        if (csv) CsvLine.Write(buffer, EventLines.Columns);
        // The next page is read while this one is written.
        var next = after < until ? log.ReadAsync(new LogRange(after, until, PageSize, tenant.Name), http.RequestAborted) : null;
        while (next is not null)
        {
            var page = await next;
            var (stored, last) = Take(page, wanted, left);
            left -= stored.Count;
            after = last;
            next = after < until && left > 0 ? log.ReadAsync(new LogRange(after, until, PageSize, tenant.Name), http.RequestAborted) : null;
            foreach (var line in await sealing.OpenAsync(stored, Caller.Of(http).ReadsPersonal, http.RequestAborted))
            {
                if (csv) CsvLine.Write(buffer, EventLines.Fields(line));
                else
                {
                    EventLines.Write(json, line);
                    buffer.Write("\n"u8);
                }
            }
            await body.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
            buffer.ResetWrittenCount();
        }
        if (!csv) await body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new { end = true, position = after }).Append((byte)'\n').ToArray(), http.RequestAborted);
    }

    /// <summary>The end of what is complete: whoever was acknowledged before asking finds its events, unless another's open transaction keeps the end back.</summary>
    private static async Task<long> EndAsync(EventLog log, SafePosition safePosition, CancellationToken ct)
    {
        var (issued, started) = (await log.LastIssuedAsync(ct), TimeProvider.System.GetTimestamp());
        while (safePosition.Current < issued && TimeProvider.System.GetElapsedTime(started) < Patience) await Task.Delay(BetweenLooks, ct);
        return safePosition.Current;
    }

    /// <summary>What is wanted of a page, and the position up to which it was looked through.</summary>
    private static (List<StoredEvent> Stored, long Last) Take(LogPage page, WantedEvents wanted, long atMost)
    {
        var matching = page.Events.Where(wanted.Matches);
        var stored = atMost < page.Events.Count ? matching.Take((int)atMost).ToList() : matching.ToList();
        return (stored, stored.Count == atMost ? stored[^1].Position : page.Last);
    }
}

/// <summary>Bodies that are written bit by bit, packed with gzip for whoever takes it.</summary>
internal static class Packed
{
    public static Stream Open(HttpContext http)
    {
        http.Response.Headers.Vary = "Accept-Encoding";
        if (!http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase)) return http.Response.Body;
        http.Response.Headers.ContentEncoding = "gzip";
        return new GZipStream(http.Response.Body, CompressionLevel.Fastest);
    }
}
