using System.Text.Json;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>A closing as the log holds it.</summary>
/// <param name="Position">Of the event.</param>
/// <param name="ClosedAt">When it was recorded.</param>
public sealed record ClosedPeriod(PeriodClosed Closing, long Position, DateTimeOffset ClosedAt);

/// <summary>The closed periods of tenants, each an event in the tenant's stream <c>periods</c>.</summary>
public sealed class ClosedPeriods(EventLog.EventLog log, TimeProvider time)
{
    private static readonly OwnEvents Closings = new(CustomerStream.Periods, PeriodClosed.Name, typeof(PeriodClosed), PeriodClosed.SchemaVersion);

    /// <summary>Every period that a tenant closed, in order of closing.</summary>
    /// <exception cref="UnreadableEventException">One of them cannot be read.</exception>
    public async Task<IReadOnlyList<ClosedPeriod>> AllAsync(string tenant, CancellationToken ct) =>
        [.. (await log.ReadStreamAsync(tenant, CustomerStream.Periods, ct: ct)).Where(item => item.Type == PeriodClosed.Name).Select(Read)];

    /// <summary>The closing of a period; null while it is not closed.</summary>
    public async Task<ClosedPeriod?> OfAsync(string tenant, PeriodName period, CancellationToken ct) =>
        (await AllAsync(tenant, ct)).FirstOrDefault(closed => closed.Closing.Period == period.Text);

    /// <summary>Closes a period, once; of two that close it at the same time, one does.</summary>
    /// <returns>The closing in force, and whether it is this one.</returns>
    public async Task<(ClosedPeriod InForce, bool Closed)> CloseAsync(string tenant, PeriodClosed closing, CancellationToken ct)
    {
        while (true)
        {
            var stored = await log.ReadStreamAsync(tenant, CustomerStream.Periods, ct: ct);
            if (stored.Where(item => item.Type == PeriodClosed.Name).Select(Read).FirstOrDefault(closed => closed.Closing.Period == closing.Period) is { } earlier)
                return (earlier, false);
            try
            {
                var appended = await log.AppendAsync(tenant, [Event(tenant, closing, stored.Count == 0 ? 0 : stored[^1].Version)], AppendMode.AllOrNone, ct);
                if (appended[0] is Appended.Stored now)
                    return (Read((await log.ReadStreamAsync(tenant, CustomerStream.Periods, now.Version, ct))[0]), true);
            }
            catch (VersionConflictException)
            {
                // Another closing came first, as it does where the id of the version is taken; it may be of this period.
            }
        }
    }

    private static ClosedPeriod Read(StoredEvent stored)
    {
        if (stored.Fault is { } reason) throw new UnreadableEventException(stored, reason);
        try
        {
            return new ClosedPeriod(PeriodClosed.Read(stored.Data), stored.Position, stored.RecordedAt);
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            throw new UnreadableEventException(stored, e.Message, e);
        }
    }

    private NewEvent Event(string tenant, PeriodClosed closing, long version) =>
        Closings.Happened((tenant, $"period-{version + 1}"), closing.ToData(), time.GetUtcNow(), version);
}
