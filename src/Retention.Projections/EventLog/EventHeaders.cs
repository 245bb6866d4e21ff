using System.Text.Encodings.Web;
using System.Text.Json;
using Retention.Domain.Events;

namespace Retention.Projections.EventLog;

/// <summary>What the log keeps of an event's envelope, in the column <c>headers</c>.</summary>
/// <param name="Source">The sender's name for itself; with <paramref name="Id"/> it identifies the event in its tenant.</param>
/// <param name="OccurredAt">Business time as sent, RFC 3339 with its offset.</param>
/// <param name="Hash">From <see cref="ContentHash"/>; null for a row that another client of the tables wrote.</param>
/// <param name="Schema">The version of the shape of the event's data as stored; 0 where none is stated.</param>
public sealed record EventHeaders(string Source, string Id, string OccurredAt, string? Hash, int Schema)
{
    /// <summary>The stand-in source of rows that do not name theirs.</summary>
    public const string ForeignSource = "marten";

    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>
    /// The headers of a row. Those of another client count as far as they go: its name for itself, its business time, and its id if the
    /// row's own id was made from it, since nothing else keeps it unique. In place of the others stand <see cref="ForeignSource"/>, the
    /// time of the append and the row's own id.
    /// </summary>
    /// <param name="fault">Set to why the business time cannot be told, if it cannot.</param>
    internal static EventHeaders From(Row row, JsonElement headers, ref string? fault)
    {
        var (source, id, hash, schema) = (Text(headers, "source"), Text(headers, "id"), Text(headers, "hash"), SchemaOf(headers));
        var occurredAt = Text(headers, "occurredAt") ?? Text(headers, "occurred-at");
        if (source is not null && id is not null && occurredAt is not null && hash is not null && schema != Upcasts.Unversioned)
            return new EventHeaders(source, id, occurredAt, hash, schema);

        source ??= ForeignSource;
        if (id is null || EventId.Of(row.Tenant, source, id) != row.EventId) id = row.EventId.ToString();
        if (occurredAt is not null && Timestamp.TryParse(occurredAt) is null)
            (occurredAt, fault) = (null, $"headers.occurredAt is '{occurredAt}', not an RFC 3339 date-time with an offset.");
        return new EventHeaders(source, id, occurredAt ?? Timestamp.Format(row.RecordedAt.AddTicks(-1)), Hash: null, schema);
    }

    private static string? Text(JsonElement headers, string name) =>
        headers.ValueKind == JsonValueKind.Object && headers.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static int SchemaOf(JsonElement headers) =>
        headers.ValueKind == JsonValueKind.Object && headers.TryGetProperty("schema", out var value)
        && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var schema) && schema > Upcasts.Unversioned
            ? schema
            : Upcasts.Unversioned;
}
