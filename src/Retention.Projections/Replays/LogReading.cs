using Retention.Domain.Customers;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Projections.Replays;

/// <summary>What was read: the entries by parts, each customer's in one, and the notes of tenants by their numbers.</summary>
internal sealed record ReadLog(IReadOnlyList<Spill> Spills, IReadOnlyList<TenantNotes> Tenants) : IDisposable
{
    public void Dispose()
    {
        foreach (var spill in Spills) spill.Dispose();
    }

    /// <summary>The entries of a part; it can be taken once.</summary>
    /// <param name="bytes">Holds them, and is replaced where it is too small: large arrays that come and go are collected late.</param>
    public EntryReader Take(int part, ref byte[] bytes)
    {
        var (length, at) = (checked((int)Spills.Sum(spill => spill.Length(part))), 0);
        if (bytes.Length < length) bytes = GC.AllocateUninitializedArray<byte>(length + (length / 4));
        foreach (var spill in Spills)
        {
            spill.Take(part, bytes.AsSpan(at));
            at += (int)spill.Length(part);
        }
        return new EntryReader(bytes, length);
    }
}

/// <summary>
/// Reads the log once, from several positions at a time, and sorts the entries of customers into parts that are small enough to be folded
/// in memory. Of parts that are done only the events are counted.
/// </summary>
internal sealed class LogReading(Place place, ReplayPlan plan, BuildInputs inputs, BuildStand stand, ReplayProgress progress)
{
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private readonly bool[] done = [.. Enumerable.Range(0, stand.Parts).Select(stand.Done.Contains)];

    public async Task<ReadLog> ReadAsync(LogStretches stretches, CancellationToken ct)
    {
        var spills = Enumerable.Range(0, plan.Workers).Select(_ => new Spill(plan.Folder, stand.Parts, plan.Memory / 8 / plan.Workers)).ToList();
        try
        {
            var tenants = Together(await Crew.WorkAsync(plan.Workers, (worker, stop) => Work(stretches, spills[worker], stop), ct));
            foreach (var tenant in tenants)
                if (tenant.Settle()) await tenant.LookBackAsync(place, inputs.Skipped, ct);
            return new ReadLog(spills, tenants);
        }
        catch
        {
            foreach (var spill in spills) spill.Dispose();
            throw;
        }
    }

    /// <summary>Reads and parses everything as a reading does, and keeps nothing.</summary>
    public static async Task PassAsync(Place place, ReplayPlan plan, CancellationToken ct)
    {
        var stretches = await LogStretches.OfAsync(place, plan, ct);
        await Crew.WorkAsync(plan.Workers, stop =>
        {
            using var connection = place.DataSource.OpenConnection();
            while (!stop.IsCancellationRequested && stretches.Left.TryDequeue(out var stretch))
                stretch.Read(connection, place, plan.Tenant, row => TenantEvents.TryRead(row.ToEvent()));
        }, ct);
    }

    private Dictionary<string, TenantNotes> Work(LogStretches stretches, Spill spill, CancellationToken ct)
    {
        const int often = 4_096;
        var tenants = new Dictionary<string, TenantNotes>(StringComparer.Ordinal);
        using var connection = place.DataSource.OpenConnection();
        using var writer = new EntryWriter();
        var (count, kept) = (0, 0L);
        while (stretches.Left.TryDequeue(out var stretch)) stretch.Read(connection, place, plan.Tenant, Take);
        progress.AddRead(count % often);
        progress.AddKept(kept);
        return tenants;

        void Take(Row row)
        {
            if (++count % often == 0)
            {
                ct.ThrowIfCancellationRequested();
                progress.AddRead(often);
            }
            if (inputs.Skipped.Count > 0 && inputs.Skipped.Contains(row.EventId)) return;
            if (!tenants.TryGetValue(row.Tenant, out var tenant)) tenants[row.Tenant] = tenant = NotesOf(row.Tenant);
            if (!tenant.Counts(row.Position) || EntryOf(row.ToEvent(), tenant) is not { } arrival) return;
            var part = tenant.PartOf(arrival.Customer, done.Length);
            if (done[part]) kept++;
            else spill.Add(part, writer.Write(tenant.Number, arrival.Customer, arrival.Entry));
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

    private TenantNotes NotesOf(string tenant)
    {
        var notes = new TenantNotes(NumberOf(tenant), tenant);
        if (inputs.Stops.TryGetValue(tenant, out var stop)) notes.StopAt(stop);
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
}
