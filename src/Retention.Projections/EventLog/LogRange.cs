namespace Retention.Projections.EventLog;

/// <summary>A stretch of the log to read.</summary>
/// <param name="After">The position before the first.</param>
/// <param name="UpTo">The last position, at most the safe position.</param>
/// <param name="Limit">At most so many events.</param>
/// <param name="Tenant">Only this tenant's events; null: all.</param>
/// <param name="ExceptTenants">Tenants to leave out.</param>
public sealed record LogRange(
    long After, long UpTo, int Limit = int.MaxValue, string? Tenant = null, IReadOnlyList<string>? ExceptTenants = null);

/// <summary>A page of the log in order of position, without archived events and tombstones.</summary>
/// <param name="Last">Every position up to here was looked at; at the range's end it equals <see cref="LogRange.UpTo"/>.</param>
public sealed record LogPage(IReadOnlyList<StoredEvent> Events, long Last);
