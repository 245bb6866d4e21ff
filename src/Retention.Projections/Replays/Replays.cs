using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Projections.Replays;

/// <summary>
/// Makes read models anew from the log, in the background and one at a time: the rebuild of everything, which is switched to and can be
/// taken back, and named replays of a tenant, up to a position and by other settings, which are asked beside the live figures.
/// </summary>
public sealed partial class Replays(Place place, Progress progress, ILogger<Replays> logger) : IAsyncDisposable
{
    /// <summary>The name under which the rebuild of all read models stands, of tenant <see cref="Progress.Everyone"/>.</summary>
    public const string Rebuild = "rebuild";

    /// <summary>A replay is held in memory for folds like live histories, with less room.</summary>
    private const long HistoryMemory = Place.DefaultHistoryMemory / 4;

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly ReplayTable table = new(place);
    private readonly ConcurrentDictionary<long, Task> running = new();
    private readonly ConcurrentDictionary<long, Place> places = new();
    private readonly SemaphoreSlim turn = new(1);
    private readonly CancellationTokenSource stop = new();

    // Null while another process makes what is asked for here.
    private volatile Maker? maker = new(place, CancellationToken.None);

    /// <summary>About how much memory a build takes, in bytes.</summary>
    public long Memory { get; init; } = 192L << 20;

    public Task<IReadOnlyList<Replay>> AllAsync(string tenant, CancellationToken ct) => table.AllAsync(tenant, ct);

    public Task<Replay?> FindAsync(string tenant, string name, CancellationToken ct) => table.FindAsync(tenant, name, ct);

    /// <summary>Where a replay that is ready is asked.</summary>
    public Place PlaceOf(Replay replay) => places.GetOrAdd(replay.Number, number => new Place(place.DataSource, SchemaOf(number), HistoryMemory)
    {
        SettingsOf = settings => With(settings, replay.Asked.Settings),
    });

    /// <summary>Begins a replay.</summary>
    /// <param name="upTo">The last position that counts; projected already.</param>
    /// <returns>Null where one of the name is there.</returns>
    public async Task<Replay?> StartAsync(string tenant, string name, long upTo, ReplayAsked asked, CancellationToken ct)
    {
        if (!await table.AddAsync((tenant, name), upTo, asked, [ReplayStatus.Failed, ReplayStatus.Cancelled], ct)) return null;
        return await BeginAsync(tenant, name, ct);
    }

    /// <summary>Begins to make everything anew, to switch to it at the end.</summary>
    /// <returns>Null where a rebuild is under way or waits for a word.</returns>
    public async Task<Replay?> RebuildAsync(CancellationToken ct)
    {
        string[] over = [ReplayStatus.Failed, ReplayStatus.Cancelled, ReplayStatus.Confirmed, ReplayStatus.Reverted];
        if (!await table.AddAsync((Progress.Everyone, Rebuild), await progress.SharedAsync(ct), new ReplayAsked(), over, ct)) return null;
        return await BeginAsync(Progress.Everyone, Rebuild, ct);
    }

    /// <summary>Gives up what is being made. Its tables are gone once its process has noticed.</summary>
    /// <returns>Whether it was being made.</returns>
    public Task<bool> CancelAsync(Replay replay, CancellationToken ct) =>
        table.SetAsync(null, replay, (ReplayStatus.Building, ReplayStatus.Cancelled), null, null, ct);

    /// <summary>Removes a replay with its tables.</summary>
    public async Task DeleteAsync(Replay replay, CancellationToken ct)
    {
        await table.DeleteAsync(replay, ct);
        places.TryRemove(replay.Number, out _);
        // Who is making it notices that its row is gone, and removes the tables.
        if (replay.Status != ReplayStatus.Building) await TablesOf(replay).DropAsync(ct);
    }

    /// <summary>Removes what was live before the rebuild.</summary>
    /// <returns>False where the rebuild does not wait for a word.</returns>
    public async Task<bool> ConfirmAsync(Replay rebuild, CancellationToken ct)
    {
        if (!await table.SetAsync(null, rebuild, (ReplayStatus.Switched, ReplayStatus.Confirmed), null, null, ct)) return false;
        await TablesOf(rebuild).DropAsync(ct);
        return true;
    }

    /// <summary>Makes live again what was so before the rebuild, brought up to date.</summary>
    /// <returns>False where the rebuild does not wait for a word.</returns>
    public async Task<bool> RevertAsync(Replay rebuild, CancellationToken ct)
    {
        if ((await table.FindAsync(rebuild.Tenant, rebuild.Name, ct))?.Status != ReplayStatus.Switched) return false;
        var tables = TablesOf(rebuild);
        var switched = await new Switching(place, tables).SwitchAsync(
            connection => table.SetAsync(connection, rebuild, (ReplayStatus.Switched, ReplayStatus.Reverted), null, null, ct), null, ct);
        if (!switched) return false;
        progress.Tell();
        await tables.DropAsync(ct);
        return true;
    }

    /// <summary>Leaves the making to another process. Returns when nothing is made here any more.</summary>
    public async Task RestAsync()
    {
        maker = null;
        await Task.WhenAll(running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Makes from now on what is asked for in any process of the place, and what another one has begun. Runs until cancelled.</summary>
    /// <param name="own">The place as the owner of the projections writes it.</param>
    public async Task MakeAsync(Place own, CancellationToken ct)
    {
        maker = new Maker(own, ct);
        for (var resumed = false; !ct.IsCancellationRequested;)
        {
            try
            {
                if (!resumed) await ResumeAsync(ct);
                resumed = true;
                foreach (var replay in await table.AllAsync(null, ct))
                    if (replay.Status == ReplayStatus.Building) Run(replay);
                await Task.Delay(BetweenLooks, ct);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException)
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

    /// <summary>Makes again what was being made by a process that is no more, and removes tables that nobody knows.</summary>
    public async Task ResumeAsync(CancellationToken ct)
    {
        if (maker is not { Place: var place }) return;
        var all = await table.AllAsync(null, ct);
        foreach (var replay in all.Where(replay => replay.Status == ReplayStatus.Building)) Run(replay);
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        await using var command = new NpgsqlCommand("select nspname::text from pg_namespace where starts_with(nspname, $1)", connection);
        command.Parameters.AddWithValue(SchemaPrefix);
        var schemas = new List<string>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
            while (await reader.ReadAsync(ct)) schemas.Add(reader.GetString(0));
        string[] kept = [ReplayStatus.Building, ReplayStatus.Ready, ReplayStatus.Switched];
        foreach (var schema in schemas)
        {
            if (!long.TryParse(schema.AsSpan(SchemaPrefix.Length), out var number) || all.Any(replay => replay.Number == number && kept.Contains(replay.Status))) continue;
            await using var held = await HoldAsync(place, number, ct);
            if (held is not null) await TablesOf(place, number).DropAsync(ct);
        }
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

    private string SchemaPrefix => $"{place.Schema}_replay_";

    private string SchemaOf(long number) => $"{SchemaPrefix}{number}";

    private ModelTables TablesOf(Replay replay) => TablesOf(place, replay.Number);

    private ModelTables TablesOf(Place by, long number) => new(by, new Place(by.DataSource, SchemaOf(number), HistoryMemory));

    private async Task<Replay?> BeginAsync(string tenant, string name, CancellationToken ct)
    {
        if (await table.FindAsync(tenant, name, ct) is not { } replay) return null;
        Run(replay);
        return replay;
    }

    private void Run(Replay replay)
    {
        if (maker is not { } by) return;
        var run = new Task<Task>(() => RunAsync(replay, by));
        if (running.TryAdd(replay.Number, run.Unwrap())) run.Start(TaskScheduler.Default);
    }

    private async Task RunAsync(Replay replay, Maker by)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, by.Ended);
        try
        {
            await turn.WaitAsync(ending.Token);
            try
            {
                await using var held = await HoldAsync(by.Place, replay.Number, ending.Token);
                if (held is not null) await MakeAsync(replay, by.Place, ending.Token);
            }
            finally
            {
                turn.Release();
            }
        }
        catch (Exception e) when (ending.IsCancellationRequested || e is LeaseLostException)
        {
            // The next process makes it again.
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
        var (table, tables) = (new ReplayTable(by), TablesOf(by, replay.Number));
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
            if (replay.Name != Rebuild || replay.Tenant != Progress.Everyone)
                await table.SetAsync(null, replay, (ReplayStatus.Building, ReplayStatus.Ready), ReportOf(made, clock, compared), null, CancellationToken.None);
            if (await IsGoneAsync(replay)) await tables.DropAsync(CancellationToken.None);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            await tables.DropAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is not (OperationCanceledException or LeaseLostException) && !ct.IsCancellationRequested)
        {
            LogFailed(logger, replay.Name, replay.Tenant, e);
            await tables.DropAsync(CancellationToken.None);
            await table.SetAsync(null, replay, (ReplayStatus.Building, ReplayStatus.Failed), ReportOf(made, clock, compared), ReasonOf(e), CancellationToken.None);
        }
    }

    private async Task MakeAsync(Replay replay, ModelTables tables, ReplayProgress made, Action<Comparison> compared, CancellationToken ct)
    {
        var everything = replay.Tenant == Progress.Everyone;
        var place = tables.Live;
        var plan = new ReplayPlan(everything ? null : replay.Tenant, replay.UpTo) { Memory = Memory, SettingsOf = settings => With(settings, replay.Asked.Settings) };
        await new ModelBuild(place, tables, plan, made).RunAsync(everything ? long.MaxValue : replay.UpTo, ct);
        if (!everything) return;
        var switching = new Switching(place, tables);
        made.Phase = "catching up";
        await switching.CatchUpAsync(ct);
        made.Phase = "switching";
        Comparison? last = null;
        var wanted = await switching.SwitchAsync(
            connection => table.SetAsync(
                connection, replay, (ReplayStatus.Building, ReplayStatus.Switched), new ReplayReport("switched", made.Events, made.Read, made.Folded, 0, 0) { Compared = last }, null, ct),
            comparison => compared(last = comparison), ct);
        if (!wanted) throw new OperationCanceledException("The rebuild is no longer wanted.");
        progress.Tell();
    }

    private async Task<bool> IsGoneAsync(Replay replay) =>
        (await table.AllAsync(replay.Tenant, CancellationToken.None)).All(other => other.Number != replay.Number || other.Status == ReplayStatus.Cancelled);

    /// <summary>Settings with those in place that a replay was asked for with.</summary>
    /// <param name="other">Null for none.</param>
    public static Settings With(Settings settings, JsonElement? other) => other is { } request ? settings.Merge(request, new List<Fault>()) : settings;

    private static ReplayReport ReportOf(ReplayProgress made, Stopwatch clock, Comparison? compared)
    {
        // Folding a customer's events takes about as long as reading them.
        var (done, all) = (made.Read + made.Folded, 2.0 * made.Events);
        double? left = done == 0 ? null : Math.Max(0, Math.Round(clock.Elapsed.TotalSeconds * (all - done) / done));
        return new ReplayReport(made.Phase, made.Events, made.Read, made.Folded, Math.Round(made.Read / Math.Max(0.001, clock.Elapsed.TotalSeconds)), left) { Compared = compared };
    }

    private static string ReasonOf(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } full => $"The database's disk is full: {full.MessageText}. Nothing live has changed; start again when there is room.",
        IOException io => $"There was no room or no access for what does not fit into memory: {io.Message} Nothing live has changed; start again when there is room.",
        AggregateException { InnerExceptions: [var first, ..] } => ReasonOf(first),
        _ => e.Message,
    };

    /// <summary>The lock of whoever makes a replay, kept by a connection; null where another process has it.</summary>
    private static async Task<NpgsqlConnection?> HoldAsync(Place place, long number, CancellationToken ct)
    {
        var connection = await place.DataSource.OpenConnectionAsync(ct);
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock(hashtextextended($1, 0))", connection);
        command.Parameters.AddWithValue($"{place.Schema}.replays {number}");
        if ((bool)(await command.ExecuteScalarAsync(ct))!) return connection;
        await connection.DisposeAsync();
        return null;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Replay {Name} of tenant {Tenant} failed.")]
    private static partial void LogFailed(ILogger logger, string name, string tenant, Exception e);

    /// <param name="Place">As whoever makes writes it.</param>
    /// <param name="Ended">Cancelled when another process makes.</param>
    private sealed record Maker(Place Place, CancellationToken Ended);
}
