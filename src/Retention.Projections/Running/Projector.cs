using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;

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
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    private readonly BatchApplication application = new(place);
    private readonly SkippedEvents skippedEvents = new(place);
    private readonly LateRows lateRows = new(place, TimeProvider.System);
    private readonly StalledAppends stalledAppends = new(place, TimeProvider.System, logger);
    private (long Generation, LogRange Range, Task<(long Last, List<TenantEvents> Tenants)> Page)? ahead;

    /// <summary>Runs until cancelled. A fault of the database is logged and tried again; progress is only what was committed.</summary>
    /// <exception cref="LeaseLostException">Another process does this by now.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        var (wait, marked) = (ShortestWait, false);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var signal = progress.Appended;
                if (!marked)
                {
                    await RebuildAsync(ct);
                    marked = true;
                }
                var began = TimeProvider.System.GetTimestamp();
                var busy = await AdvanceAsync(ct);
                // Who keeps up rests as long as it has worked, so that questions find a processor free; the events of meanwhile are one batch.
                if (busy && ahead is null) await Task.Delay(Shorter(TimeProvider.System.GetElapsedTime(began), LongestRest), ct);
                wait = busy || signal.IsCompleted ? ShortestWait : wait * 2 < LongestWait ? wait * 2 : LongestWait;
                if (!busy) await Task.WhenAny(signal, Task.Delay(wait, ct));
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException)
            {
                Instruments.Faults.Add(1);
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
        await lateRows.CheckAsync(safe, ct);
        await stalledAppends.EndAsync(ct);
        return await ReflectAsync(safe, ct);
    }

    /// <summary>Reflects what lies at or below a position that is safe to read, batch by batch like <see cref="AdvanceAsync"/>.</summary>
    /// <returns>Whether there may be more to do at once.</returns>
    internal async Task<bool> ReflectAsync(long safe, CancellationToken ct)
    {
        var rows = await progress.RowsAsync(ct);
        var busy = await ReflectSharedAsync(rows, safe, ct);
        foreach (var paused in rows.Where(row => row.Tenant != Progress.Everyone)) busy |= await ReflectPausedAsync(paused, ct);
        busy |= await application.RebuildStaleAsync(ct);
        return busy;
    }

    /// <summary>Makes cells anew that are not by their tenant's definition or by other contributions.</summary>
    public async Task RebuildAsync(CancellationToken ct)
    {
        await MaintainedCells.MarkStaleAsync(place, ct);
        await application.RebuildStaleAsync(ct);
    }

    private async Task<bool> ReflectSharedAsync(IReadOnlyList<ProgressRow> rows, long safe, CancellationToken ct)
    {
        var shared = rows.Single(row => row.Tenant == Progress.Everyone);
        if (shared.Position >= safe) return false;
        var paused = rows.Where(row => row != shared).Select(row => row.Tenant).ToList();
        try
        {
            var (last, tenants) = await TakeAsync(shared, new LogRange(shared.Position, safe, BatchSize, ExceptTenants: paused), ct);
            if (last < safe) ReadAhead(shared, new LogRange(last, safe, BatchSize, ExceptTenants: paused), ct);
            await application.ApplyAsync(shared, last, tenants, ct);
            progress.Tell();
        }
        catch (UnreadableEventException e)
        {
            LogPaused(logger, e.Event.Tenant, e.Event.Position, e);
            await Progress.PauseAsync(place, shared, e, ct);
        }
        return true;
    }

    /// <summary>
    /// The next page: what was read ahead, unless a tenant was paused, joined again or deleted since. That it may end at an earlier safe
    /// position does no harm.
    /// </summary>
    private async Task<(long Last, List<TenantEvents> Tenants)> TakeAsync(ProgressRow shared, LogRange wanted, CancellationToken ct)
    {
        var read = ahead;
        ahead = null;
        return read is var (generation, range, page) && generation == shared.Generation && range.After == wanted.After
            ? await page
            : await ReadAsync(wanted, ct);
    }

    /// <summary>Reads the next page while the one before it is applied.</summary>
    private void ReadAhead(ProgressRow shared, LogRange range, CancellationToken ct) => ahead = (shared.Generation, range, ReadAsync(range, ct));

    /// <exception cref="UnreadableEventException">The first event that cannot be read.</exception>
    private async Task<(long Last, List<TenantEvents> Tenants)> ReadAsync(LogRange range, CancellationToken ct)
    {
        var page = await skippedEvents.WithoutAsync(await log.ReadAsync(range, ct), ct);
        return (page.Last, [.. page.Events.GroupBy(stored => stored.Tenant).Select(own => TenantEvents.Read(own.Key, [.. own]))]);
    }

    /// <summary>
    /// Brings a paused tenant up to the event that stops it, or, when nothing does any more, back among the others. While the named event
    /// stands, nothing else of the tenant is read; once it is retracted, or somebody says so, it is passed over.
    /// </summary>
    private async Task<bool> ReflectPausedAsync(ProgressRow paused, CancellationToken ct)
    {
        var shared = await progress.SharedAsync(ct);
        // Until the others are past the event, it cannot be read here, and its absence says nothing.
        if (paused.PausedAt > shared) return false;
        var limit = paused.PausedAt == paused.Position + 1 ? 1 : BatchSize;
        var page = await skippedEvents.WithoutAsync(await log.ReadAsync(new LogRange(paused.Position, shared, limit, paused.Tenant), ct), ct);
        if (await TryApplyAsync(paused, page, ct) is { } fault)
        {
            if (await skippedEvents.SkipRetractedAsync(fault, ct)) return true;
            await Progress.NameFaultAsync(place, paused.Tenant, fault, ct);
            return fault.Event.Position != paused.PausedAt;
        }
        progress.Tell();
        if (paused.PausedAt <= page.Last) await Progress.ClearFaultAsync(place, paused.Tenant, ct);
        if (page.Last >= shared) await Progress.RejoinAsync(place, paused.Tenant, ct);
        return true;
    }

    /// <summary>Applies as much of a page as can be applied.</summary>
    /// <returns>What stopped it; null when nothing did.</returns>
    private async Task<UnreadableEventException?> TryApplyAsync(ProgressRow paused, LogPage page, CancellationToken ct)
    {
        var at = paused;
        var (left, last) = (page.Events, page.Last);
        for (var size = left.Count; left.Count > 0; size = left.Count)
        {
            // What stops a whole page is found by halves.
            while (true)
            {
                var part = left.Take(size).ToList();
                try
                {
                    await application.ApplyAsync(at, part[^1].Position, [TenantEvents.Read(paused.Tenant, part)], ct);
                    at = at with { Position = part[^1].Position };
                    left = [.. left.Skip(size)];
                    break;
                }
                catch (UnreadableEventException e) when (size == 1)
                {
                    if (at.Position < e.Event.Position - 1) await application.ApplyAsync(at, e.Event.Position - 1, [], ct);
                    return e;
                }
                catch (UnreadableEventException)
                {
                    size /= 2;
                }
            }
        }
        if (at.Position < last) await application.ApplyAsync(at, last, [], ct);
        return null;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database did not answer the projection; it is tried again.")]
    private static partial void LogFault(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "Tenant {Tenant} is paused before position {Position}.")]
    private static partial void LogPaused(ILogger logger, string tenant, long position, Exception e);
}
