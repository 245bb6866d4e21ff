using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Api;

/// <summary>Whether the service has come up.</summary>
public sealed class Readiness
{
    /// <summary>The schema is in place, and projections run where this process keeps them.</summary>
    public bool Started { get; set; }

    /// <summary>Why not, while it has not.</summary>
    public string Reason { get; set; } = "the schema is being brought up to date";
}

/// <summary>Brings the schema up to date, then keeps projections running. A database that does not answer yet is waited for.</summary>
internal sealed partial class Projecting(
    Place place, Projector projector, Projections.Replays.Replays replays, Readiness readiness, ServiceOptions options, ILogger<Projecting> logger, IHostApplicationLifetime life) : BackgroundService
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!await TryMigrateAsync(stoppingToken)) await Task.Delay(BetweenTries, stoppingToken);
            readiness.Started = true;
            if (!options.Projects) return;
            await replays.ResumeAsync(stoppingToken);
            await projector.RunAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped as asked.
        }
        catch (Exception e)
        {
            LogStopped(logger, e);
            readiness.Started = false;
            readiness.Reason = e.Message;
            if (e is NewerSchemaException or UnfitServerException or LateRowException) return;
            life.StopApplication();
        }
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
}
