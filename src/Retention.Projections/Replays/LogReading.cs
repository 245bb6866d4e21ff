using System.Collections.Concurrent;
using Npgsql;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Projections.Replays;

/// <summary>What was read: the entries by parts, each customer's in one, and the notes of tenants by their numbers.</summary>
internal sealed record ReadLog(IReadOnlyList<Spill> Spills, int Parts, IReadOnlyList<TenantNotes> Tenants) : IDisposable
{
    public void Dispose()
    {
        foreach (var spill in Spills) spill.Dispose();
    }

    /// <summary>The entries of a part; it can be taken once.</summary>
    public EntryReader Take(int part)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)Spills.Sum(spill => spill.Length(part))));
        var at = 0;
        foreach (var spill in Spills)
        {
            spill.Take(part, bytes.AsSpan(at));
            at += (int)spill.Length(part);
        }
        return new EntryReader(bytes);
    }
}

/// <summary>
/// Reads the log once, from several positions at a time, and sorts the entries of customers into parts that are small enough to be folded
/// in memory.
/// </summary>
internal sealed class LogReading(Place place, ReplayPlan plan, ReplayProgress progress)
{
    private const long LongestStretch = 200_000;

    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private HashSet<Guid> skipped = [];
    private int parts;

    /// <param name="stops">Events at which tenants are known to stop.</param>
    public async Task<ReadLog> ReadAsync(IReadOnlyDictionary<string, Stop> stops, CancellationToken ct)
    {
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        skipped = await SkippedEvents.AllAsync(connection, place, ct);
        var stretches = await StretchesAsync(connection, ct);
        parts = plan.PartsFor(progress.Events);
        var spills = Enumerable.Range(0, plan.Workers).Select(_ => new Spill(parts, plan.Memory / 8 / plan.Workers)).ToList();
        try
        {
            var notes = await Task.WhenAll(spills.Select(spill => Task.Factory.StartNew(
                () => Work(stretches, spill, stops, ct), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            var tenants = Together(notes);
            foreach (var tenant in tenants)
                if (tenant.Settle()) await LookBackAsync(connection, tenant, ct);
            return new ReadLog(spills, parts, tenants);
        }
        catch
        {
            foreach (var spill in spills) spill.Dispose();
            throw;
        }
    }

    /// <summary>Reads and parses everything, and keeps nothing.</summary>
    public async Task PassAsync(CancellationToken ct)
    {
        await using var first = await place.DataSource.OpenConnectionAsync(ct);
        var stretches = await StretchesAsync(first, ct);
        await Task.WhenAll(Enumerable.Range(0, plan.Workers).Select(_ => Task.Factory.StartNew(Pass, ct, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        void Pass()
        {
            using var connection = place.DataSource.OpenConnection();
            while (stretches.TryDequeue(out var stretch))
                LogStretch.Read(connection, place, stretch, plan.Tenant, row => TenantEvents.TryRead(row.ToEvent()));
        }
    }

    private async Task<ConcurrentQueue<(long After, long UpTo)>> StretchesAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var (first, last) = await BoundsAsync(connection, ct);
        progress.Events = last - first + 1;
        var length = Math.Clamp(progress.Events / plan.Workers / 4, 1, LongestStretch);
        var stretches = new ConcurrentQueue<(long After, long UpTo)>();
        for (var after = first - 1; after < last; after += length) stretches.Enqueue((after, Math.Min(after + length, last)));
        return stretches;
    }

    private Dictionary<string, TenantNotes> Work(
        ConcurrentQueue<(long After, long UpTo)> stretches, Spill spill, IReadOnlyDictionary<string, Stop> stops, CancellationToken ct)
    {
        const int often = 4_096;
        var tenants = new Dictionary<string, TenantNotes>(StringComparer.Ordinal);
        using var connection = place.DataSource.OpenConnection();
        using var writer = new EntryWriter();
        var count = 0;
        while (stretches.TryDequeue(out var stretch)) LogStretch.Read(connection, place, stretch, plan.Tenant, Take);
        progress.AddRead(count % often);
        return tenants;

        void Take(Row row)
        {
            if (++count % often == 0)
            {
                ct.ThrowIfCancellationRequested();
                progress.AddRead(often);
            }
            if (skipped.Count > 0 && skipped.Contains(row.EventId)) return;
            if (!tenants.TryGetValue(row.Tenant, out var tenant)) tenants[row.Tenant] = tenant = NotesOf(row.Tenant, stops);
            if (tenant.Counts(row.Position) && EntryOf(row.ToEvent(), tenant) is { } arrival)
                spill.Add(PartOf(tenant.Number, arrival.Customer), writer.Write(tenant.Number, arrival.Customer, arrival.Entry));
        }
    }

    /// <summary>Notes what an event says.</summary>
    /// <returns>What it says of a customer; null for nothing.</returns>
    private static Arrival? EntryOf(StoredEvent stored, TenantNotes tenant)
    {
        var (arrival, fault) = TenantEvents.TryRead(stored);
        try
        {
            if (fault is null) tenant.Note(stored, arrival);
            else tenant.StopAt(Stop.Of(fault));
        }
        catch (UnreadableEventException unreadable)
        {
            tenant.StopAt(Stop.Of(unreadable));
            return null;
        }
        return arrival;
    }

    private TenantNotes NotesOf(string tenant, IReadOnlyDictionary<string, Stop> stops)
    {
        var notes = new TenantNotes(NumberOf(tenant), tenant);
        if (stops.TryGetValue(tenant, out var stop)) notes.StopAt(stop);
        return notes;
    }

    /// <summary>From 0, without gaps.</summary>
    private int NumberOf(string tenant)
    {
        lock (numbers)
        {
            if (!numbers.TryGetValue(tenant, out var number)) numbers.Add(tenant, number = numbers.Count);
            return number;
        }
    }

    private int PartOf(int tenant, string customer) => (int)((uint)HashCode.Combine(tenant, customer) % (uint)parts);

    private static List<TenantNotes> Together(IEnumerable<Dictionary<string, TenantNotes>> readers)
    {
        var tenants = new SortedDictionary<int, TenantNotes>();
        foreach (var notes in readers.SelectMany(reader => reader.Values))
        {
            if (tenants.TryGetValue(notes.Number, out var known)) known.Add(notes);
            else tenants.Add(notes.Number, notes);
        }
        return [.. tenants.Values];
    }

    /// <summary>Looks for the last event and the settings before the event at which a tenant stops.</summary>
    private async Task LookBackAsync(NpgsqlConnection connection, TenantNotes tenant, CancellationToken ct)
    {
        const string sql = $$"""
            (select {{Row.Columns}} from {schema}.mt_events
             where tenant_id = $1 and seq_id < $2 and not is_archived and type <> 'tombstone' and id <> all($3) order by seq_id desc limit 1)
            union all
            (select {{Row.Columns}} from {schema}.mt_events
             where tenant_id = $1 and stream_id = 'settings' and type = 'settings_changed' and seq_id < $2 and not is_archived and id <> all($3)
             order by seq_id desc limit 1)
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection) { CommandTimeout = 0 };
        command.Parameters.AddWithValue(tenant.Tenant);
        command.Parameters.AddWithValue(tenant.StoppedAt!.Position);
        command.Parameters.AddWithValue(skipped.ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<StoredEvent>();
        while (await reader.ReadAsync(ct)) found.Add(Row.From(reader).ToEvent());
        tenant.Set(
            found is [var last, ..] ? (last.Position, last.RecordedAt) : default,
            found.Find(stored => stored is { Stream: CustomerStream.Settings, Type: SettingsChanged.Name }) is { } changed
                ? (changed.Position, TenantEvents.SettingsOf(changed))
                : null);
    }

    /// <summary>The first and the last position; the last lies before the first where there is nothing.</summary>
    private async Task<(long First, long Last)> BoundsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            place.Qualify("select coalesce(min(seq_id), 1), coalesce(max(seq_id), 0) from {schema}.mt_events where seq_id <= $1"), connection);
        command.Parameters.AddWithValue(plan.UpTo);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
