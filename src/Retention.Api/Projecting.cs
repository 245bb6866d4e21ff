using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Api;

/// <summary>
/// Brings the schema up to date, then keeps projections running while no other process does. A database that does not answer yet is waited
/// for.
/// </summary>
internal sealed partial class Projecting(
    Place place, Lease lease, Owning owning, Projections.Replays.Replays replays, Readiness readiness, ServiceOptions options, ILogger<Projecting> logger, IHostApplicationLifetime life) : BackgroundService
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await replays.RestAsync();
            while (!await TryMigrateAsync(stoppingToken)) await Task.Delay(BetweenTries, stoppingToken);
            if (!place.HasTenantRole) LogNoRole(logger, TenantRole.Name, TenantRole.Sql);
            readiness.Started = true;
            while (options.Projects) await OwnAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped as asked.
        }
        catch (Exception e)
        {
            Fail(e);
            if (e is NewerSchemaException or UnfitServerException) return;
            life.StopApplication();
        }
    }

    /// <summary>Waits for its turn, and keeps projections running until it is over.</summary>
    private async Task OwnAsync(CancellationToken ct)
    {
        await using var ownership = await lease.WaitAsync(ct);
        try
        {
            await owning.RunAsync(ownership, ct);
        }
        catch (LeaseLostException lost)
        {
            LogLost(logger, lost.Message);
        }
        catch (LateRowException e)
        {
            // Another process would go on as if nothing had happened: this one keeps the right, and does nothing with it.
            Fail(e);
            await Task.Delay(Timeout.Infinite, ct);
        }
    }

    private void Fail(Exception e)
    {
        LogStopped(logger, e);
        readiness.Started = false;
        readiness.Reason = e.Message;
    }

    private async Task<bool> TryMigrateAsync(CancellationToken ct)
    {
        try
        {
            await Migrations.ApplyAsync(place, options.AllowFsyncOff, ct);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException { IsTransient: true } or TimeoutException or System.Net.Sockets.SocketException)
        {
            readiness.Reason = $"the database does not answer: {e.Message}";
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "Projections have stopped.")]
    private static partial void LogStopped(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Questions are answered without the role {Role}, a second wall between tenants that the database user may not make; an administrator can: {Sql}")]
    private static partial void LogNoRole(ILogger logger, string role, string sql);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason} It waits for its turn.")]
    private static partial void LogLost(ILogger logger, string reason);
}

/// <summary>What the owner of the projections does: batches, the mark, rebuilds and replays. It starts without any memory of an earlier ownership.</summary>
internal sealed class Owning(Notices notices, SafePosition safePosition, Progress progress, Projections.Replays.Replays replays, ILogger<Projector> logger)
{
    /// <summary>Runs until cancelled, or until another process has the right.</summary>
    /// <exception cref="LeaseLostException">It has.</exception>
    public async Task RunAsync(Ownership ownership, CancellationToken ct)
    {
        var own = ownership.Place;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, ownership.Lost);
        var projector = new Projector(own, new EventLog(own), new SafePosition(own, safePosition), progress, logger);
        Task[] all = [projector.RunAsync(ended.Token), replays.MakeAsync(own, ended.Token), notices.TellAsync(own, ended.Token)];
        try
        {
            await await Task.WhenAny(all);
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await replays.RestAsync();
        }
    }
}

/// <summary>Hears what other processes on the same database say.</summary>
internal sealed class Listening(Notices notices) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => notices.ListenAsync(stoppingToken);
}
