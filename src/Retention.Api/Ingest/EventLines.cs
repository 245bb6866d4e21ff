using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Api.Ingest;

/// <summary>Which events are asked for; null asks for all.</summary>
/// <param name="From">Business time, like <paramref name="To"/>, which is excluded.</param>
internal sealed record WantedEvents(string? Type, string? Customer, DateTimeOffset? From, DateTimeOffset? To)
{
    public static readonly string[] Parameters = ["type", "customer", "from", "to"];

    public static WantedEvents Read(QueryReader query) => new(
        query.Choice("type", [.. EventType.All.Select(type => type.Name)]), query.Text("customer"), query.Time("from"), query.Time("to"));

    public bool Matches(StoredEvent stored) =>
        CustomerStream.TryCustomer(stored.Stream, out var customer) && (Customer is null || customer == Customer) && (Type is null || stored.Type == Type)
        && (From is null || OccurredAt(stored) >= From) && (To is null || OccurredAt(stored) < To);

    private static DateTimeOffset OccurredAt(StoredEvent stored) => Timestamp.Parse(stored.Headers.OccurredAt);
}

/// <summary>Events as they are sent out: the envelope as it came, plus where it stands in the log.</summary>
internal static class EventLines
{
    public static readonly string[] Columns = ["position", "recordedAt", "eventId", "source", "id", "type", "customer", "occurredAt", "data"];

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static Utf8JsonWriter Open(System.Buffers.IBufferWriter<byte> into) => new(into, Relaxed);

    /// <summary>One event as a JSON object; what is read can be posted again unchanged.</summary>
    public static void Write(Utf8JsonWriter json, (StoredEvent Stored, Envelope Sent) line)
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
        json.Flush();
        json.Reset();
    }

    /// <summary>One event as the fields of <see cref="Columns"/>; <c>data</c> is JSON.</summary>
    public static string?[] Fields((StoredEvent Stored, Envelope Sent) line) =>
    [
        line.Stored.Position.ToString(CultureInfo.InvariantCulture), Timestamp.Format(line.Stored.RecordedAt),
        line.Stored.EventId.ToString("D", CultureInfo.InvariantCulture), line.Sent.Source, line.Sent.Id, line.Sent.Type, line.Sent.Customer,
        line.Stored.Headers.OccurredAt, line.Sent.Data.GetRawText(),
    ];
}
