using System.Text.Json;

namespace Retention.Projections.EventLog;

/// <summary>An event as the log holds it, its data in today's shape.</summary>
/// <param name="Position">Its number in the log of its place; numbers have gaps.</param>
/// <param name="Version">Its number in its stream, from 1, without gaps.</param>
/// <param name="Data">Upcast from the shape that is stored; free text and personal attributes are sealed.</param>
/// <param name="Headers">With stand-ins for what another client of the tables left out.</param>
/// <param name="RecordedAt">The server's clock at the append.</param>
/// <param name="Fault">Why it cannot be read; its data is then as stored, or undefined. Null for an event that can.</param>
public sealed record StoredEvent(
    long Position, Guid EventId, string Tenant, string Stream, long Version, string Type, JsonElement Data, EventHeaders Headers,
    DateTimeOffset RecordedAt, string? Fault = null)
{
    /// <summary>Whether another client of the tables wrote it without a sender's id that its own id was made from.</summary>
    public bool IsForeign => Headers.Hash is null && Headers.Id == EventId.ToString();
}
