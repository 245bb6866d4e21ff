using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Projections.Replays;

/// <summary>A statement that an event never was.</summary>
internal readonly record struct Retracting(SentId Target, long Position);

/// <summary>The event at which a tenant stops: nothing of the tenant counts from there on.</summary>
internal sealed record Stop(long Position, Guid Event, string Reason)
{
    public static Stop Of(UnreadableEventException fault) => new(fault.Event.Position, fault.Event.EventId, fault.Reason);
}

/// <summary>
/// What a reading of the log notes of a tenant besides the entries of its customers. Several readers note what their own stretches hold,
/// and their notes are put together.
/// </summary>
internal sealed class TenantNotes(int number, string tenant)
{
    private (long Position, DateTimeOffset RecordedAt) last;
    private readonly uint seed = HashOf(tenant, 2_166_136_261);
    private (long Position, Settings Settings)? settings;

    public int Number => number;

    public string Tenant => tenant;

    public List<Link> Links { get; } = [];

    public List<Retracting> Retractions { get; } = [];

    /// <summary>The first event that cannot be read or applied; null for none.</summary>
    public Stop? StoppedAt { get; private set; }

    /// <summary>The tenant's last event that counts; 0 for none.</summary>
    public (long Position, DateTimeOffset RecordedAt) Last => last;

    /// <summary>As of the last change; the defaults where there was none.</summary>
    public Settings Settings => settings?.Settings ?? Settings.Default;

    /// <summary>The part that a customer is in: the same for whichever process asks.</summary>
    public int PartOf(string customer, int parts) => (int)(HashOf(customer, seed) % (uint)parts);

    public bool Counts(long position) => StoppedAt is null || position < StoppedAt.Position;

    /// <summary>Notes what an event says besides its entry.</summary>
    public void Note(StoredEvent stored, Arrival? arrival)
    {
        if (stored.Position > last.Position) last = (stored.Position, stored.RecordedAt);
        if (stored is { Stream: CustomerStream.Settings, Type: SettingsChanged.Name } && !(settings?.Position > stored.Position))
            settings = (stored.Position, TenantEvents.SettingsOf(stored));
        if (arrival is null) return;
        if (Link.Of(arrival.Customer, arrival.Entry) is { } link) Links.Add(link);
        if (arrival.Target is { } target) Retractions.Add(new Retracting(target, stored.Position));
    }

    public void StopAt(Stop stop)
    {
        if (Counts(stop.Position)) StoppedAt = stop;
    }

    /// <summary>Adds the notes of another reader.</summary>
    public void Add(TenantNotes other)
    {
        Links.AddRange(other.Links);
        Retractions.AddRange(other.Retractions);
        if (other.last.Position > last.Position) last = other.last;
        if (other.settings is { } theirs && !(settings?.Position > theirs.Position)) settings = theirs;
        if (other.StoppedAt is { } stop) StopAt(stop);
    }

    /// <summary>Takes back what was noted of events behind the one that cannot be read.</summary>
    /// <returns>Whether the last event and the settings have to be looked for again, before that event.</returns>
    public bool Settle()
    {
        Links.RemoveAll(link => !Counts(link.KnownFrom));
        Retractions.RemoveAll(retraction => !Counts(retraction.Position));
        return StoppedAt is not null && (!Counts(last.Position) || !Counts(settings?.Position ?? 0));
    }

    /// <summary>Looks for the last event and the settings before the event at which the tenant stops.</summary>
    /// <param name="skipped">Events that are passed over.</param>
    public async Task LookBackAsync(Place place, IReadOnlySet<Guid> skipped, CancellationToken ct)
    {
        const string sql = $$"""
            (select {{Row.Columns}} from {schema}.mt_events
             where tenant_id = $1 and seq_id < $2 and not is_archived and type <> 'tombstone' and id <> all($3) order by seq_id desc limit 1)
            union all
            (select {{Row.Columns}} from {schema}.mt_events
             where tenant_id = $1 and stream_id = 'settings' and type = 'settings_changed' and seq_id < $2 and not is_archived and id <> all($3)
             order by seq_id desc limit 1)
            """;
        await using var command = place.Command(sql);
        command.CommandTimeout = 0;
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(StoppedAt!.Position);
        command.Parameters.AddWithValue(skipped.ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<StoredEvent>();
        while (await reader.ReadAsync(ct)) found.Add(Row.From(reader).ToEvent());
        last = found is [var latest, ..] ? (latest.Position, latest.RecordedAt) : default;
        settings = found.Find(stored => stored is { Stream: CustomerStream.Settings, Type: SettingsChanged.Name }) is { } changed
            ? (changed.Position, TenantEvents.SettingsOf(changed))
            : null;
    }

    /// <summary>FNV-1a: strings hash themselves differently in each process.</summary>
    private static uint HashOf(string text, uint seed)
    {
        foreach (var character in text) seed = unchecked((seed ^ character) * 16_777_619);
        return seed;
    }
}
