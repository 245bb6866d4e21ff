using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Retention.Api.Tenancy;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Api.Ingest;

/// <summary>
/// <c>GET /v1/events</c>: a tenant's customer events in log order as NDJSON, each as it was sent plus where it stands; the last line is
/// <c>{"end":true,"position":…}</c>, from which the next page goes on. What is read can be posted again unchanged.
/// </summary>
public static class ExportEndpoint
{
    private const int PageSize = 2_000;

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] Parameters = ["after", "type", "customer", "from", "to", "limit"];

    public static async Task GetAsync(HttpContext http, Tenant tenant, EventLog log, SafePosition safePosition, Sealing sealing)
    {
        var query = new QueryReader(http.Request.Query).Only(Parameters);
        var wanted = new Wanted(
            query.Choice("type", [.. EventType.All.Select(type => type.Name)]), query.Text("customer"), query.Time("from"), query.Time("to"));
        var after = query.Whole("after", 0, long.MaxValue) ?? 0;
        var left = query.Whole("limit", 1, long.MaxValue) ?? long.MaxValue;
        query.Done();

        http.Response.ContentType = "application/x-ndjson";
        await using var lines = new Utf8JsonWriter(http.Response.BodyWriter, Relaxed);
        var until = safePosition.Current;
        while (after < until && left > 0)
        {
            var page = await log.ReadAsync(new LogRange(after, until, PageSize, tenant.Name), http.RequestAborted);
            var (stored, last) = Take(page, wanted, left);
            foreach (var line in await sealing.OpenAsync(stored, http.RequestAborted)) Write(http, lines, line);
            left -= stored.Count;
            after = last;
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }
        WriteEnd(http, lines, after);
    }

    /// <summary>What is wanted of a page, and the position up to which it was looked through.</summary>
    private static (List<StoredEvent> Stored, long Last) Take(LogPage page, Wanted wanted, long atMost)
    {
        var matching = page.Events.Where(wanted.Matches);
        var stored = atMost < page.Events.Count ? matching.Take((int)atMost).ToList() : matching.ToList();
        return (stored, stored.Count == atMost ? stored[^1].Position : page.Last);
    }

    private static void Write(HttpContext http, Utf8JsonWriter json, (StoredEvent Stored, Envelope Sent) line)
    {
        json.WriteStartObject();
        json.WriteString("id", line.Sent.Id);
        json.WriteString("source", line.Sent.Source);
        json.WriteString("type", line.Sent.Type);
        json.WriteString("customer", line.Sent.Customer);
        json.WriteString("occurredAt", line.Stored.Headers.OccurredAt);
        json.WritePropertyName("data");
        line.Sent.Data.WriteTo(json);
        json.WriteNumber("position", line.Stored.Position);
        json.WriteString("recordedAt", Timestamp.Format(line.Stored.RecordedAt));
        json.WriteString("eventId", line.Stored.EventId.ToString("D", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        End(http, json);
    }

    private static void WriteEnd(HttpContext http, Utf8JsonWriter json, long position)
    {
        json.WriteStartObject();
        json.WriteBoolean("end", true);
        json.WriteNumber("position", position);
        json.WriteEndObject();
        End(http, json);
    }

    private static void End(HttpContext http, Utf8JsonWriter json)
    {
        json.Flush();
        json.Reset();
        var writer = http.Response.BodyWriter;
        writer.GetSpan(1)[0] = (byte)'\n';
        writer.Advance(1);
    }

    /// <summary>Which events are asked for; null asks for all.</summary>
    private sealed record Wanted(string? Type, string? Customer, DateTimeOffset? From, DateTimeOffset? To)
    {
        public bool Matches(StoredEvent stored) =>
            CustomerStream.TryCustomer(stored.Stream, out var customer) && (Customer is null || customer == Customer) && (Type is null || stored.Type == Type)
            && (From is null || OccurredAt(stored) >= From) && (To is null || OccurredAt(stored) < To);

        private static DateTimeOffset OccurredAt(StoredEvent stored) =>
            Timestamp.Parse(stored.Headers.OccurredAt);
    }
}
