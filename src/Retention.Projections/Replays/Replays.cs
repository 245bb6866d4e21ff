using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Projections.Replays;

/// <summary>What making read models anew may take.</summary>
public sealed record ReplayRoom
{
    /// <summary>About how much memory, in bytes.</summary>
    public long Memory { get; init; } = 192L << 20;

    /// <summary>The folder of the disk that takes what does not fit.</summary>
    public string Folder { get; init; } = Path.GetTempPath();
}

/// <summary>
/// Read models made anew from the log: the rebuild of everything or of a tenant, which is switched to and can be taken back, and named
/// replays of a tenant, up to a position and by other settings, which are asked beside the live figures.
/// </summary>
public sealed class Replays(Place place, Progress progress, ILogger<Replays> logger, ReplayRoom? room = null) : IAsyncDisposable
{
    /// <summary>The name under which the rebuild of all read models stands, of tenant <see cref="Progress.Everyone"/>.</summary>
    public const string Rebuild = "rebuild";

    private readonly Place own = place.In(Duty.Project);
    private readonly ReplayTable table = new(place.In(Duty.Project));
    private readonly ReplaySets sets = new(place.In(Duty.Project), place);
    private readonly ReplayMaking making = new(place.In(Duty.Project), progress, logger, room ?? new ReplayRoom());

    public Task<IReadOnlyList<Replay>> AllAsync(string tenant, CancellationToken ct) => table.AllAsync(tenant, ct);

    public Task<Replay?> FindAsync(string tenant, string name, CancellationToken ct) => table.FindAsync(tenant, name, ct);

    /// <summary>The last rebuild.</summary>
    /// <param name="tenant">The one tenant that it is of; null for that of all.</param>
    /// <returns>Null where there was none.</returns>
    public Task<Replay?> FindRebuildAsync(string? tenant, CancellationToken ct) => table.FindAsync(Progress.Everyone, RebuildOf(tenant), ct);

    /// <summary>Where a replay that is ready is asked.</summary>
    public Place PlaceOf(Replay replay) => sets.PlaceOf(replay);

    /// <summary>Begins a replay.</summary>
    /// <param name="upTo">The last position that counts; projected already.</param>
    /// <returns>Null where one of the name is there.</returns>
    public Task<Replay?> StartAsync(string tenant, string name, long upTo, ReplayAsked asked, CancellationToken ct) =>
        BeginAsync((tenant, name), upTo, asked, [ReplayStatus.Failed, ReplayStatus.Cancelled], ct);

    /// <summary>Begins to make read models anew, to switch to them at the end.</summary>
    /// <param name="tenant">The one tenant whose they are; null for all.</param>
    /// <returns>Null where such a rebuild is under way or waits for a word.</returns>
    public async Task<Replay?> RebuildAsync(string? tenant, CancellationToken ct) => await BeginAsync(
        (Progress.Everyone, RebuildOf(tenant)), await progress.SharedAsync(ct), new ReplayAsked(Tenant: tenant),
        [ReplayStatus.Failed, ReplayStatus.Cancelled, ReplayStatus.Confirmed, ReplayStatus.Reverted], ct);

    /// <summary>Gives up what is being made. Its tables are gone once its process has noticed.</summary>
    /// <returns>Whether it was being made.</returns>
    public async Task<bool> CancelAsync(Replay replay, CancellationToken ct)
    {
        if (!await table.SetAsync(null, replay, (ReplayStatus.Building, ReplayStatus.Cancelled), null, null, ct)) return false;
        await sets.RemoveAsync(replay.Number, ct);
        return true;
    }

    /// <summary>Removes a replay with its tables.</summary>
    public async Task DeleteAsync(Replay replay, CancellationToken ct)
    {
        await table.DeleteAsync(replay, ct);
        await sets.RemoveAsync(replay.Number, ct);
    }

    /// <summary>Removes what was live before the rebuild.</summary>
    /// <returns>False where the rebuild does not wait for a word.</returns>
    public async Task<bool> ConfirmAsync(Replay rebuild, CancellationToken ct)
    {
        if (!await table.SetAsync(null, rebuild, (ReplayStatus.Switched, ReplayStatus.Confirmed), null, null, ct)) return false;
        await sets.RemoveAsync(rebuild.Number, ct);
        return true;
    }

    /// <summary>Makes live again what was so before the rebuild, brought up to date.</summary>
    /// <returns>False where the rebuild does not wait for a word.</returns>
    public async Task<bool> RevertAsync(Replay rebuild, CancellationToken ct)
    {
        if ((await table.FindAsync(rebuild.Tenant, rebuild.Name, ct))?.Status != ReplayStatus.Switched) return false;
        try
        {
            var switched = await new Switching(own, sets.TablesOf(rebuild.Number), rebuild.Of).SwitchAsync(
                connection => table.SetAsync(connection, rebuild, (ReplayStatus.Switched, ReplayStatus.Reverted), null, null, ct), null, ct);
            if (!switched) return false;
        }
        catch (PostgresException gone) when (gone.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            // A word to confirm came in between, and what was live before is no more.
            return false;
        }
        progress.Tell();
        await sets.RemoveAsync(rebuild.Number, ct);
        return true;
    }

    /// <summary>Leaves the making to another process. Returns when nothing is made here any more.</summary>
    public Task RestAsync() => making.RestAsync();

    /// <summary>Makes from now on what is asked for in any process of the place, and goes on with what another one has begun. Runs until cancelled.</summary>
    /// <param name="own">The place as the owner of the projections writes it.</param>
    public Task MakeAsync(Place own, CancellationToken ct) => making.MakeAsync(own, ct);

    /// <summary>Goes on with what was being made by a process that is no more, and removes what such processes have left that nobody knows.</summary>
    public Task ResumeAsync(CancellationToken ct) => making.ResumeAsync(ct);

    /// <summary>Ends when a replay is no longer being made by this process.</summary>
    public Task EndOf(Replay replay) => making.EndOf(replay);

    public ValueTask DisposeAsync() => making.DisposeAsync();

    /// <summary>Settings with those in place that a replay was asked for with.</summary>
    /// <param name="other">Null for none.</param>
    public static Settings With(Settings settings, JsonElement? other) => other is { } request ? settings.Merge(request, new List<Fault>()) : settings;

    private static string RebuildOf(string? tenant) => tenant is null ? Rebuild : $"{Rebuild} of {tenant}";

    private async Task<Replay?> BeginAsync((string Tenant, string Name) key, long upTo, ReplayAsked asked, string[] over, CancellationToken ct)
    {
        if (!await table.AddAsync(key, upTo, asked, over, ct)) return null;
        if (await table.FindAsync(key.Tenant, key.Name, ct) is not { } replay) return null;
        making.Begin(replay);
        return replay;
    }
}
