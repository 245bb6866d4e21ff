using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Domain.Definitions;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Running;

/// <summary>What is known in memory of a tenant's reflection.</summary>
/// <param name="Position">The tenant's last event applied; 0 before the first.</param>
/// <param name="RecordedAt">When it was recorded; null before the first.</param>
/// <param name="Histories">Names the tenant's histories.</param>
/// <param name="Calendar">Of the tenant's time zone.</param>
public sealed record WatchedTenant(long Position, DateTimeOffset? RecordedAt, Guid Histories, Calendar Calendar)
{
    internal static WatchedTenant Nothing { get; } = new(0, null, Guid.Empty, Calendar.Utc);
}

/// <summary>
/// Follows what is reflected, so that a process can tell without asking the database that nothing has changed. It is told by the projection
/// where that runs in this process, and polls for one that runs in another.
/// </summary>
public sealed partial class ReflectionWatch(Place place, Progress progress, SafePosition safePosition, TimeProvider time, ILogger<ReflectionWatch> logger)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    /// <summary>Knowledge older than this is none: the database does not answer.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(1);

    private readonly Signal changed = new();
    private volatile Known? known;
    private bool failed;

    /// <summary>Ends when anything that is watched has changed.</summary>
    public Task Changed => changed.Next;

    /// <summary>Names the store; null while nothing is known.</summary>
    public Guid? Epoch => known?.Epoch;

    /// <summary>What is reflected of a tenant, as of at most a quarter of a second ago; null while the database does not tell.</summary>
    public WatchedTenant? Of(string tenant) => Fresh is { } all ? all.Tenants.GetValueOrDefault(tenant, WatchedTenant.Nothing) : null;

    /// <summary>The log position up to which a tenant is reflected at least; -1 while the database does not tell.</summary>
    public long Reached(string tenant) =>
        Fresh is not { } all ? -1
        : all.Progress.Count == 1 ? all.Shared.Position
        : (all.Progress.FirstOrDefault(row => row.Tenant == tenant) ?? all.Shared).Position;

    /// <summary>
    /// Takes note of what a question has found, so that the next one is not told less than was answered before, though the watch itself may
    /// not have looked yet.
    /// </summary>
    public void Learn(string tenant, Reflection reflection)
    {
        if (known is not { } all || reflection.RecordedAt is null) return;
        var found = new WatchedTenant(reflection.Position, reflection.RecordedAt, reflection.Histories, Calendar.In(reflection.Settings.Zone) ?? Calendar.Utc);
        all.Tenants.AddOrUpdate(tenant, found, (_, before) => before.Position > found.Position ? before : found);
    }

    private Known? Fresh => known is { } all && time.GetElapsedTime(all.ReadAt) <= Stale ? all : null;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var moved = progress.Moved;
            try
            {
                if (await ReadAsync(ct)) changed.Raise();
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException)
            {
                failed = true;
                LogFault(logger, e);
            }
            await Task.WhenAny(moved, Task.Delay(Poll, ct));
        }
    }

    private async Task<bool> ReadAsync(CancellationToken ct)
    {
        var (before, readAt) = (known, time.GetTimestamp());
        // Progress is read first: what follows is at least as new.
        var rows = await progress.RowsAsync(ct);
        // What answers again after a fault may be another store.
        var epoch = before is null || failed ? await StoreEpoch.ReadAsync(place, ct) : before.Epoch;
        failed = false;
        var shared = rows.Single(row => row.Tenant == Progress.Everyone);
        // Where another process finds the safe position, what it has reflected is safe.
        safePosition.Learn(shared.Position);
        if (before is not null && epoch == before.Epoch && rows.SequenceEqual(before.Progress))
        {
            known = before with { ReadAt = readAt };
            return false;
        }
        var anew = before is null || epoch != before.Epoch || shared.Generation != before.Shared.Generation;
        var tenants = anew ? new ConcurrentDictionary<string, WatchedTenant>(StringComparer.Ordinal) : before!.Tenants;
        await ReadTenantsAsync(tenants, anew ? -1 : before!.Shared.Position, [.. rows.Select(row => row.Tenant)], ct);
        known = new Known(epoch, rows, shared, tenants, readAt);
        return true;
    }

    private async Task ReadTenantsAsync(ConcurrentDictionary<string, WatchedTenant> tenants, long after, string[] apart, CancellationToken ct)
    {
        await using var command = place.Command(
            "select tenant_id, position, recorded_at, histories, settings ->> 'timeZone' from {schema}.reflections where position > $1 or tenant_id = any($2)");
        command.Parameters.AddWithValue(after);
        command.Parameters.AddWithValue(apart);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var read = new WatchedTenant(
                reader.GetInt64(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetGuid(3),
                (reader.IsDBNull(4) ? null : Calendar.In(reader.GetString(4))) ?? Calendar.Utc);
            tenants.AddOrUpdate(reader.GetString(0), read, (_, before) => before.Position > read.Position ? before : read);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database does not tell what is reflected; answers are not served from memory until it does.")]
    private static partial void LogFault(ILogger logger, Exception e);

    private sealed record Known(
        Guid Epoch, IReadOnlyList<ProgressRow> Progress, ProgressRow Shared, ConcurrentDictionary<string, WatchedTenant> Tenants, long ReadAt);
}
