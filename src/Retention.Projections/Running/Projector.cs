using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>
/// Follows the log of a place and keeps histories and read models, batch by batch. A batch of events, the histories that it changes, the
/// difference that it makes to the cells and the progress commit together.
/// </summary>
public sealed partial class Projector(Place place, EventLog.EventLog log, SafePosition safePosition, Progress progress, ILogger<Projector> logger)
{
    /// <summary>Events per batch; bounds its memory.</summary>
    public const int BatchSize = 5_000;

    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    private readonly Signal appended = new();
    private readonly BatchApplication application = new(place);

    /// <summary>Tells that something was appended in this process, so that it is reflected without waiting for the next poll.</summary>
    public void Nudge() => appended.Raise();

    /// <summary>Runs until cancelled. A fault of the database is logged and tried again; progress is only what was committed.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var wait = ShortestWait;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var signal = appended.Next;
                var busy = await AdvanceAsync(ct);
                wait = busy || signal.IsCompleted ? ShortestWait : wait * 2 < LongestWait ? wait * 2 : LongestWait;
                if (!busy) await Task.WhenAny(signal, Task.Delay(wait, ct));
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException)
            {
                LogFault(logger, e);
                await Task.Delay(AfterFault, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Reflects what is safe to read now, one batch at the most for all tenants and one for each paused tenant.</summary>
    /// <returns>Whether there may be more to do at once.</returns>
    public async Task<bool> AdvanceAsync(CancellationToken ct)
    {
        var safe = await safePosition.AdvanceAsync(ct);
        await safePosition.RecordMarkAsync(safe, ct);
        var rows = await progress.RowsAsync(ct);
        var busy = await ReflectSharedAsync(rows, safe, ct);
        foreach (var paused in rows.Where(row => row.Tenant != Progress.Everyone)) busy |= await ReflectPausedAsync(paused, ct);
        busy |= await application.RebuildStaleAsync(ct);
        return busy;
    }

    private async Task<bool> ReflectSharedAsync(IReadOnlyList<ProgressRow> rows, long safe, CancellationToken ct)
    {
        var shared = rows.Single(row => row.Tenant == Progress.Everyone);
        if (shared.Position >= safe) return false;
        var paused = rows.Where(row => row != shared).Select(row => row.Tenant).ToList();
        var page = await log.ReadAsync(new LogRange(shared.Position, safe, BatchSize, ExceptTenants: paused), ct);
        try
        {
            var tenants = page.Events.GroupBy(stored => stored.Tenant).Select(own => TenantEvents.Read(own.Key, [.. own])).ToList();
            await application.ApplyAsync(shared, page.Last, tenants, ct);
            progress.Tell();
        }
        catch (UnreadableEventException e)
        {
            LogPaused(logger, e.Event.Tenant, e.Event.Position, e);
            await progress.PauseAsync(shared, e, ct);
        }
        return true;
    }

    /// <summary>Brings a paused tenant up to the event that stops it, or, when nothing does any more, back among the others.</summary>
    private async Task<bool> ReflectPausedAsync(ProgressRow paused, CancellationToken ct)
    {
        var shared = await progress.SharedAsync(ct);
        var page = await log.ReadAsync(new LogRange(paused.Position, shared, BatchSize, paused.Tenant), ct);
        var (readable, fault) = Readable(page.Events);
        var next = fault is null ? page.Last : fault.Event.Position - 1;
        if (next > paused.Position)
        {
            await application.ApplyAsync(paused, next, readable.Count > 0 ? [TenantEvents.Read(paused.Tenant, readable)] : [], ct);
            progress.Tell();
        }
        if (fault is not null) await progress.NameFaultAsync(paused.Tenant, fault, ct);
        else if (next >= shared) await progress.RejoinAsync(paused.Tenant, ct);
        return fault is null;
    }

    private static (IReadOnlyList<StoredEvent> Readable, UnreadableEventException? Fault) Readable(IReadOnlyList<StoredEvent> events)
    {
        for (var i = 0; i < events.Count; i++)
        {
            try
            {
                TenantEvents.Read(events[i].Tenant, [events[i]]);
            }
            catch (UnreadableEventException e)
            {
                return (events.Take(i).ToList(), e);
            }
        }
        return (events, null);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database did not answer the projection; it is tried again.")]
    private static partial void LogFault(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "Tenant {Tenant} is paused before position {Position}.")]
    private static partial void LogPaused(ILogger logger, string tenant, long position, Exception e);
}
