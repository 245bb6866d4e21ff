using System.Collections.Concurrent;
using Npgsql;
using Retention.Domain.Customers;
using Retention.Projections.EventLog;

namespace Retention.Projections.ReadModels;

/// <summary>
/// Histories of tenants in memory, so that a fold reads no table. The first fold of a tenant loads them, each later one reads only what has
/// changed since. Together they are bounded: the tenants that were folded longest ago give way, and one that is larger than the bound is
/// read anew each time, part by part.
/// </summary>
/// <param name="all">The most of all tenants together, in bytes.</param>
internal sealed class HistoryCopies(Place place, long all)
{
    private readonly ConcurrentDictionary<string, Held> tenants = new(StringComparer.Ordinal);
    private long uses;

    /// <summary>Hands all customers of a snapshot's tenant to a fold, part by part and from several threads.</summary>
    public async Task ReadAsync(Snapshot snapshot, NpgsqlConnection connection, Action<HistoryPart> take, CancellationToken ct)
    {
        var held = tenants.GetOrAdd(snapshot.Tenant, _ => new Held());
        HistoryCopy? copy;
        await held.Turn.WaitAsync(ct);
        try
        {
            held.Used = Interlocked.Increment(ref uses);
            copy = await CurrentAsync(held, snapshot, connection, take, ct);
        }
        finally
        {
            held.Turn.Release();
        }
        if (copy is null) return;
        Parallel.ForEach(copy.Parts, new ParallelOptions { CancellationToken = ct }, take);
    }

    /// <summary>The memory that is taken, in bytes.</summary>
    public long Bytes => tenants.Values.Sum(held => held.Copy?.Bytes ?? 0);

    private long OfOne => Math.Min(all, place.TenantHistoryMemory);

    /// <summary>Forgets what is held of a tenant.</summary>
    public void Forget(string tenant) => tenants.TryRemove(tenant, out _);

    /// <returns>A copy that holds everything the snapshot sees; null where it was handed on and not kept.</returns>
    private async Task<HistoryCopy?> CurrentAsync(Held held, Snapshot snapshot, NpgsqlConnection connection, Action<HistoryPart> take, CancellationToken ct)
    {
        var reflection = snapshot.Latest;
        if (held.Copy is { } copy && copy.Histories == reflection.Histories)
        {
            if (copy.Position >= reflection.Position) return copy;
            if (!copy.IsWorn && await HistoryChanges.SinceAsync(snapshot, copy.Position, ct) is { } changed && changed.Count <= 10_000 + copy.Customers / 4)
            {
                var newer = await CustomerHistories.OfAsync(connection, place, (snapshot.Tenant, [.. changed]), ct);
                return Keep(held, copy.With(reflection.Position, newer));
            }
        }
        held.Copy = null;
        return held.TooLarge == reflection.Histories ? await HandOnAsync(snapshot, connection, take, ct) : await LoadAsync(held, snapshot, connection, take, ct);
    }

    /// <summary>Loads what fits; once it is more than the limit, everything is handed on instead of kept.</summary>
    private async Task<HistoryCopy?> LoadAsync(Held held, Snapshot snapshot, NpgsqlConnection connection, Action<HistoryPart> take, CancellationToken ct)
    {
        var parts = new ConcurrentBag<HistoryPart>();
        var bytes = 0L;
        await new HistoryLoad(place, snapshot.Tenant).ReadAsync(connection, columns =>
        {
            var part = new HistoryPart(columns);
            if (Interlocked.Add(ref bytes, columns.Bytes) <= OfOne) parts.Add(part);
            else take(part);
        }, ct);
        if (bytes <= OfOne) return Keep(held, new HistoryCopy(snapshot.Latest.Histories, snapshot.Latest.Position, [.. parts], new Dictionary<string, CustomerHistory>()));
        held.TooLarge = snapshot.Latest.Histories;
        foreach (var part in parts) take(part);
        return null;
    }

    private async Task<HistoryCopy?> HandOnAsync(Snapshot snapshot, NpgsqlConnection connection, Action<HistoryPart> take, CancellationToken ct)
    {
        await new HistoryLoad(place, snapshot.Tenant).ReadAsync(connection, columns => take(new HistoryPart(columns)), ct);
        return null;
    }

    private HistoryCopy Keep(Held held, HistoryCopy copy)
    {
        held.Copy = copy;
        var largest = tenants.Values.Select(other => (Held: other, Bytes: other.Copy?.Bytes ?? 0)).Where(other => other.Bytes > 0).OrderByDescending(other => other.Held.Used).ToList();
        var sum = 0L;
        foreach (var other in largest)
        {
            sum += other.Bytes;
            if (sum > all && other.Held != held) other.Held.Copy = null;
        }
        return copy;
    }

    private sealed class Held
    {
        /// <summary>One at a time loads or refreshes; the others wait for what it brings.</summary>
        public SemaphoreSlim Turn { get; } = new(1);

        public HistoryCopy? Copy { get; set; }

        /// <summary>Histories that were found to be more than the limit.</summary>
        public Guid? TooLarge { get; set; }

        public long Used { get; set; }
    }
}
