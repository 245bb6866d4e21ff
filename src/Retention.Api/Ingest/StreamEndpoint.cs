using System.Buffers;
using System.Globalization;
using System.Text;
using Retention.Api.Polling;
using Retention.Api.Security;
using Retention.Api.Tenancy;
using Retention.Projections.EventLog;

namespace Retention.Api.Ingest;

/// <summary>
/// <c>GET /v1/events/stream</c>: the log as server-sent events, from <c>after</c> or <c>Last-Event-ID</c> and on as it grows. Each event's id
/// is the store's epoch and its position, its data what <c>GET /v1/events</c> has as a line. Only what is complete is sent, so that nothing that commits later
/// lies before it. Without either, it begins with what comes next.
/// </summary>
internal static class StreamEndpoint
{
    private const int PageSize = 1_000;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>A sign of life, which also tells the position that was looked through.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task GetAsync(HttpContext http, Tenant tenant, EventLog log, SafePosition safePosition, Sealing sealing, IHostApplicationLifetime life, TimeProvider time)
    {
        var query = QueryReader.Of(http).Only(["after", .. WantedEvents.Parameters]);
        var wanted = WantedEvents.Read(query);
        var after = query.Whole("after", 0, long.MaxValue);
        if (http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last)
        {
            var id = last.Split(EpochGate.Separator);
            if (id.Length == 2 && http.RequestServices.GetRequiredService<EpochGate>().Current is { } current && id[0] != current) throw EpochGate.Gone("Last-Event-ID", current);
            if (long.TryParse(id[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var position)) after = position;
            else query.Fault("Last-Event-ID", "unknown_position", "must be the id of an event of this stream");
        }
        if (after > await log.LastIssuedAsync(http.RequestAborted)) query.Fault("after", "unknown_position", "has not been issued");
        query.Done();

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, life.ApplicationStopping);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await SendAsync(http, (log, safePosition, sealing, time), (tenant.Name, wanted, after ?? safePosition.Current), stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client has gone, or the service stops: it comes back with the last id.
        }
    }

    private static async Task SendAsync(
        HttpContext http, (EventLog Log, SafePosition Safe, Sealing Sealing, TimeProvider Time) of, (string Tenant, WantedEvents Wanted, long After) asked, CancellationToken ct)
    {
        // Clients send the last id back by themselves, with the epoch that it is of.
        string IdOf(long position) => EpochGate.Stamp(http, position.ToString(CultureInfo.InvariantCulture))!;
        var (after, told, buffer) = (asked.After, of.Time.GetTimestamp(), new ArrayBufferWriter<byte>());
        await using var json = EventLines.Open(buffer);
        buffer.Write("retry: 1000\n\n"u8);
        while (true)
        {
            if (after < of.Safe.Current)
            {
                var page = await of.Log.ReadAsync(new LogRange(after, of.Safe.Current, PageSize, asked.Tenant), ct);
                foreach (var line in await of.Sealing.OpenAsync([.. page.Events.Where(asked.Wanted.Matches)], Caller.Of(http).ReadsPersonal, ct))
                {
                    Write($"id: {IdOf(line.Stored.Position)}\ndata: ");
                    EventLines.Write(json, line);
                    buffer.Write("\n\n"u8);
                }
                after = page.Last;
            }
            if (of.Time.GetElapsedTime(told) >= Heartbeat) Write($": still here\nid: {IdOf(after)}\n\n");
            if (buffer.WrittenCount > 0)
            {
                await http.Response.Body.WriteAsync(buffer.WrittenMemory, ct);
                await http.Response.Body.FlushAsync(ct);
                buffer.ResetWrittenCount();
                told = of.Time.GetTimestamp();
            }
            if (after >= of.Safe.Current) await Task.Delay(Poll, ct);
        }

        void Write(string text) => buffer.Write(Encoding.UTF8.GetBytes(text));
    }
}
