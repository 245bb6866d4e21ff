using System.Text.Json;

namespace Retention.Domain.Events;

/// <summary>
/// An event as its sender describes it. <paramref name="Source"/> and <paramref name="Id"/> identify it for ever within its tenant.
/// </summary>
/// <param name="OccurredAt">Business time; its offset is kept as sent.</param>
/// <param name="Data">The members of the event's type, and any others, which are kept.</param>
public sealed record Envelope(string Source, string Id, string Type, string Customer, DateTimeOffset OccurredAt, JsonElement Data)
{
    public static Envelope Of(string source, string id, string customer, DateTimeOffset occurredAt, CustomerEvent customerEvent) =>
        new(source, id, EventType.Of(customerEvent).Name, customer, occurredAt, EventType.ToData(customerEvent));
}
