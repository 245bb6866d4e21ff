using System.Text.Json;

namespace Retention.Projections.EventLog;

/// <summary>An event as the log holds it.</summary>
/// <param name="Position">Its number in the log of its place; numbers have gaps.</param>
/// <param name="Version">Its number in its stream, from 1, without gaps.</param>
/// <param name="Data">JSON as stored, free text sealed.</param>
/// <param name="Headers">Null for a row that another client of the tables wrote.</param>
/// <param name="RecordedAt">The server's clock at the append.</param>
public sealed record StoredEvent(
    long Position, Guid EventId, string Tenant, string Stream, long Version, string Type, JsonElement Data, EventHeaders? Headers,
    DateTimeOffset RecordedAt);
