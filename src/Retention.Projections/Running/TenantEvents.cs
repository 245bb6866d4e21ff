using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>An event that this program cannot read or apply. Its tenant pauses at it; the others go on.</summary>
public sealed class UnreadableEventException(StoredEvent unreadable, string reason, Exception? inner = null)
    : Exception($"Event {unreadable.EventId} at position {unreadable.Position} of tenant {unreadable.Tenant}: {reason}", inner)
{
    public StoredEvent Event { get; } = unreadable;

    public string Reason { get; } = reason;
}

/// <summary>A customer's event that has come to be reflected.</summary>
/// <param name="Foreign">Whether another client of the tables wrote it.</param>
internal sealed record Arrival(string Customer, Entry Entry, Guid EventId, bool Foreign)
{
    public SentId Sent => new(Entry.Source, Entry.Id);

    /// <summary>What it retracts; null for what does not.</summary>
    public SentId? Target => Entry.Fact is Fact.Retraction retraction ? new SentId(retraction.Source, retraction.Id) : null;

    /// <summary>The id without retractions, if it may be the first event of its name; else its own, which is nobody else's.</summary>
    public Guid FirstIdIn(string tenant) => Foreign ? Sent.ToEventId(tenant) : EventId;
}

/// <summary>The events of one tenant in a batch, read into what they mean.</summary>
/// <param name="Arrivals">The customers' events, in log order.</param>
/// <param name="Settings">The settings after the batch, when it changes them.</param>
/// <param name="First">The tenant's first event in the batch.</param>
/// <param name="Last">The tenant's last event in the batch.</param>
internal sealed record TenantEvents(string Tenant, IReadOnlyList<Arrival> Arrivals, Settings? Settings, StoredEvent First, StoredEvent Last)
{
    /// <exception cref="UnreadableEventException">The first event that cannot be read.</exception>
    public static TenantEvents Read(string tenant, IReadOnlyList<StoredEvent> events)
    {
        var arrivals = new List<Arrival>(events.Count);
        Settings? settings = null;
        var read = events.AsParallel().AsOrdered().Select(stored => TryRead(stored)).ToList();
        foreach (var (stored, (arrival, fault)) in events.Zip(read))
        {
            if (fault is not null) throw fault;
            if (stored is { Stream: CustomerStream.Settings, Type: SettingsChanged.Name }) settings = SettingsOf(stored);
            else if (arrival is not null) arrivals.Add(arrival);
        }
        return new TenantEvents(tenant, arrivals, settings, events[0], events[^1]);
    }

    /// <summary>What a stored event of a customer means; neither an arrival nor a fault for one that means nothing here.</summary>
    public static (Arrival? Arrival, UnreadableEventException? Fault) TryRead(StoredEvent stored)
    {
        if (!CustomerStream.TryCustomer(stored.Stream, out var customer) || EventType.Named(stored.Type) is not { } type) return default;
        try
        {
            return (new Arrival(customer, EntryOf(stored, type), stored.EventId, stored.Headers.Hash is null), null);
        }
        catch (UnreadableEventException fault)
        {
            return (null, fault);
        }
    }

    /// <summary>What one stored event means; types outside of the vocabulary belong to others and mean nothing here.</summary>
    public static Entry EntryOf(StoredEvent stored, EventType type)
    {
        RefuseFaulty(stored);
        var faults = new List<Fault>();
        try
        {
            var happened = type.Read(new Fields(stored.Data, "data", faults) { Stored = true });
            if (faults.Count > 0) throw new UnreadableEventException(stored, string.Join("; ", faults.Select(fault => $"{fault.Path} {fault.Message}")));
            var occurredAt = Timestamp.Parse(stored.Headers.OccurredAt);
            var (source, id) = (stored.Headers.Source, stored.Headers.Id);
            return new Entry(stored.Position, 0, occurredAt.UtcTicks, source, id, Fact.Of(happened, source, id));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or OverflowException or ArgumentException)
        {
            throw new UnreadableEventException(stored, e.Message, e);
        }
    }

    /// <summary>What a change of settings says.</summary>
    /// <exception cref="UnreadableEventException">It cannot be read, or names what does not exist.</exception>
    public static Settings SettingsOf(StoredEvent stored)
    {
        RefuseFaulty(stored);
        try
        {
            return SettingsChanged.Read(stored.Data);
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidDataException or InvalidOperationException)
        {
            throw new UnreadableEventException(stored, e.Message, e);
        }
    }

    private static void RefuseFaulty(StoredEvent stored)
    {
        if (stored.Fault is { } reason) throw new UnreadableEventException(stored, reason);
    }
}
