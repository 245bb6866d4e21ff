using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Projections.Replays;

/// <summary>
/// Makes replays in the background, one at a time: while a replay's row says that it is being made, and until the row says what has come of
/// it. Of several processes the owner of the projections does.
/// </summary>
internal sealed partial class ReplayMaking(Place place, Progress progress, ILogger logger, ReplayRoom room) : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, Task> running = new();
    private readonly SemaphoreSlim turn = new(1);
    private readonly CancellationTokenSource stop = new();

    // Null while another process makes what is asked for here.
    private volatile Maker? maker = new(place, CancellationToken.None);

    /// <summary>Leaves the making to another process. Returns when nothing is made here any more.</summary>
    public async Task RestAsync()
    {
        maker = null;
        await Task.WhenAll(running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Makes from now on what is asked for in any process of the place, and goes on with what another one has begun. Runs until cancelled.</summary>
    /// <param name="own">The place as the owner of the projections writes it.</param>
    public async Task MakeAsync(Place own, CancellationToken ct)
    {
        maker = new Maker(own, ct);
        for (var resumed = false; !ct.IsCancellationRequested;)
        {
            try
            {
                if (!resumed) await ResumeAsync(ct);
                else await BeginAllAsync(new ReplayTable(own), ct);
                resumed = true;
                await Task.Delay(BetweenLooks, ct);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or SocketException or IOException)
            {
                // What asks the database meanwhile says that it does not answer.
                await Task.Delay(BetweenLooks, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Goes on with what was being made by a process that is no more, and removes what such processes have left that nobody knows.</summary>
    public async Task ResumeAsync(CancellationToken ct)
    {
        if (maker is not { Place: var own }) return;
        Spill.Sweep(room.Folder);
        string[] kept = [ReplayStatus.Building, ReplayStatus.Ready, ReplayStatus.Switched];
        var all = await BeginAllAsync(new ReplayTable(own), ct);
        await new ReplaySets(own).RemoveOthersAsync([.. all.Where(replay => kept.Contains(replay.Status)).Select(replay => replay.Number)], ct);
    }

    public void Begin(Replay replay)
    {
        if (maker is not { } by) return;
        var run = new Task<Task>(() => RunAsync(replay, by));
        if (running.TryAdd(replay.Number, run.Unwrap())) run.Start(TaskScheduler.Default);
    }

    /// <summary>Ends when a replay is no longer being made by this process.</summary>
    public Task EndOf(Replay replay) => running.GetValueOrDefault(replay.Number) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        turn.Dispose();
    }

    private async Task<IReadOnlyList<Replay>> BeginAllAsync(ReplayTable table, CancellationToken ct)
    {
        var all = await table.AllAsync(null, ct);
        foreach (var replay in all.Where(replay => replay.Status == ReplayStatus.Building)) Begin(replay);
        return all;
    }

    private async Task RunAsync(Replay replay, Maker by)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, by.Ended);
        try
        {
            await turn.WaitAsync(ending.Token);
            try
            {
                await using var held = await new ReplaySets(by.Place).HoldAsync(replay.Number, ending.Token);
                // Meanwhile it may have been made.
                if (held is not null && await new ReplayTable(by.Place).IsBuildingAsync(replay, ending.Token)) await MakeAsync(replay, by.Place, ending.Token);
            }
            finally
            {
                turn.Release();
            }
        }
        catch (Exception e) when (ending.IsCancellationRequested || e is LeaseLostException)
        {
            // The next process goes on.
        }
        catch (Exception e) when (IsAway(e))
        {
            LogAway(logger, replay.Name, replay.Tenant, e);
        }
        catch (Exception e)
        {
            LogFailed(logger, replay.Name, replay.Tenant, e);
        }
        finally
        {
            running.TryRemove(replay.Number, out _);
        }
    }

    /// <summary>Makes a replay while its row says so; what comes of it is written there.</summary>
    private async Task MakeAsync(Replay replay, Place by, CancellationToken ct)
    {
        var (made, clock) = (new ReplayProgress(), Stopwatch.StartNew());
        var (table, tables) = (new ReplayTable(by), new ReplaySets(by).TablesOf(replay.Number));
        using var given = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Comparison? compared = null;
        var making = Task.Run(() => MakeAsync(replay, tables, made, comparison => compared = comparison, given.Token), CancellationToken.None);
        while (await Task.WhenAny(making, Task.Delay(Beat, CancellationToken.None)) != making)
        {
            try
            {
                if (!await table.SetAsync(null, replay, (ReplayStatus.Building, ReplayStatus.Building), ReportOf(made, clock, compared), null, CancellationToken.None)
                    && made.Phase != "switching") await given.CancelAsync();
            }
            catch (Exception e) when (e is NpgsqlException or LeaseLostException)
            {
                // What lets the work go on lets the next word through as well; what does not ends the work.
            }
        }
        try
        {
            await making;
            if (!replay.IsRebuild)
                await table.SetAsync(null, replay, (ReplayStatus.Building, ReplayStatus.Ready), ReportOf(made, clock, compared), null, CancellationToken.None);
            if (await IsGoneAsync(table, replay)) await tables.DropAsync(CancellationToken.None);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            await tables.DropAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is not (OperationCanceledException or LeaseLostException) && !IsAway(e) && !ct.IsCancellationRequested)
        {
            LogFailed(logger, replay.Name, replay.Tenant, e);
            await tables.DropAsync(CancellationToken.None);
            await table.SetAsync(null, replay, (ReplayStatus.Building, ReplayStatus.Failed), ReportOf(made, clock, compared), ReasonOf(e), CancellationToken.None);
        }
    }

    private async Task MakeAsync(Replay replay, ModelTables tables, ReplayProgress made, Action<Comparison> compared, CancellationToken ct)
    {
        var plan = new ReplayPlan(replay.Of, replay.UpTo)
        {
            Memory = room.Memory,
            Folder = room.Folder,
            SettingsOf = settings => Replays.With(settings, replay.Asked.Settings),
        };
        await new ModelBuild(tables.Live, tables, plan, made).RunAsync(replay.IsRebuild ? long.MaxValue : replay.UpTo, ct);
        made.Stopped = await StoppedAsync(tables, ct);
        if (!replay.IsRebuild) return;
        var (table, switching) = (new ReplayTable(tables.Live), new Switching(tables.Live, tables, replay.Of));
        made.Phase = "catching up";
        await switching.CatchUpAsync(ct);
        made.Phase = "switching";
        Comparison? last = null;
        var wanted = await switching.SwitchAsync(
            async connection => await table.SetAsync(
                connection, replay, (ReplayStatus.Building, ReplayStatus.Switched),
                new ReplayReport("switched", made.Events, made.Read, made.Folded, 0, 0) { Kept = made.Kept, Compared = last, Stopped = await StoppedAsync(tables, ct) }, null, ct),
            comparison => compared(last = comparison), ct);
        if (!wanted) throw new OperationCanceledException("The rebuild is no longer wanted.");
        progress.Tell();
    }

    private static async Task<bool> IsGoneAsync(ReplayTable table, Replay replay) =>
        (await table.AllAsync(replay.Tenant, CancellationToken.None)).All(other => other.Number != replay.Number || other.Status == ReplayStatus.Cancelled);

    private static ReplayReport ReportOf(ReplayProgress made, Stopwatch clock, Comparison? compared)
    {
        // Folding a customer's events takes about as long as reading them.
        var (done, all) = (made.Read + made.Folded, 2.0 * made.Events);
        double? left = done == 0 ? null : Math.Max(0, Math.Round(clock.Elapsed.TotalSeconds * (all - done) / done));
        return new ReplayReport(made.Phase, made.Events, made.Read, made.Folded, Math.Round(made.Read / Math.Max(0.001, clock.Elapsed.TotalSeconds)), left)
        {
            Kept = made.Kept,
            Compared = compared,
            Stopped = made.Stopped,
        };
    }

    /// <summary>The tenants that the set made beside the live one has stopped.</summary>
    private static async Task<IReadOnlyList<StoppedTenant>> StoppedAsync(ModelTables tables, CancellationToken ct) =>
    [
        .. from row in await new Progress(tables.Copy, TimeProvider.System).RowsAsync(ct)
           where row.PausedAt is not null
           orderby row.PausedAt
           select new StoppedTenant(row.Tenant, row.PausedAt!.Value, row.PausedEvent!.Value, row.PausedReason!),
    ];

    /// <summary>Whether the database was stopped or cannot be reached: it says nothing about the work, which goes on from what is kept.</summary>
    private static bool IsAway(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow } => true,
        NpgsqlException { InnerException: IOException or SocketException } => true,
        _ => false,
    };

    private static string ReasonOf(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } full => $"The database's disk is full: {full.MessageText}. Nothing live has changed; start again when there is room.",
        IOException io => $"There was no room or no access for what does not fit into memory: {io.Message} Nothing live has changed; start again when there is room.",
        _ => e.Message,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "Replay {Name} of tenant {Tenant} failed.")]
    private static partial void LogFailed(ILogger logger, string name, string tenant, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database does not answer; replay {Name} of tenant {Tenant} goes on once it does.")]
    private static partial void LogAway(ILogger logger, string name, string tenant, Exception e);

    /// <param name="Place">As whoever makes writes it.</param>
    /// <param name="Ended">Cancelled when another process makes.</param>
    private sealed record Maker(Place Place, CancellationToken Ended);
}
