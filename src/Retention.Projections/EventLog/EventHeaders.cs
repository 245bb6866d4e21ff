using System.Text.Encodings.Web;
using System.Text.Json;

namespace Retention.Projections.EventLog;

/// <summary>What the log keeps of an event's envelope, in the column <c>headers</c>.</summary>
/// <param name="Source">The sender's name for itself; with <paramref name="Id"/> it identifies the event in its tenant.</param>
/// <param name="OccurredAt">Business time as sent, RFC 3339 with its offset.</param>
/// <param name="Hash">From <see cref="Domain.Events.ContentHash"/>.</param>
/// <param name="Schema">The version of the shape of the event's data.</param>
public sealed record EventHeaders(string Source, string Id, string OccurredAt, string Hash, int Schema)
{
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>The headers of a row, or null for those of another client of the tables.</summary>
    internal static EventHeaders? From(ReadOnlySpan<byte> json)
    {
        var headers = JsonElement.Parse(json);
        return headers.ValueKind == JsonValueKind.Object
            && Text(headers, "source") is { } source && Text(headers, "id") is { } id
            && Text(headers, "occurredAt") is { } occurredAt && Text(headers, "hash") is { } hash
            && headers.TryGetProperty("schema", out var version) && version.ValueKind == JsonValueKind.Number
            && version.TryGetInt32(out var schema)
                ? new EventHeaders(source, id, occurredAt, hash, schema)
                : null;
    }

    private static string? Text(JsonElement headers, string name) =>
        headers.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
