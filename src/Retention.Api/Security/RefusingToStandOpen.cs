using System.Net;
using Retention.Projections.EventLog;
using Retention.Projections.Security;

namespace Retention.Api.Security;

/// <summary>The service would listen beyond this machine, and anybody could ask it anything.</summary>
public sealed class StandsOpenException(string message) : Exception(message);

/// <summary>Keeps a service without keys and without an issuer of tokens from listening anywhere but on the loopback interface.</summary>
internal sealed class RefusingToStandOpen(ServiceOptions options, Place place, ApiKeys keys) : IHostedLifecycleService
{
    /// <summary>Before anything listens.</summary>
    /// <exception cref="StandsOpenException">No key was ever made; or tokens are to be let in that nothing could check.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Tokens?.Fault() is { } fault) throw new StandsOpenException(fault);
        if (options.Listen is null || IPAddress.IsLoopback(options.Listen) || options.Tokens is not null) return;
        await Migrations.ApplyAsync(place, options.AllowFsyncOff, cancellationToken);
        if (!await keys.AreNeededAsync(cancellationToken))
            throw new StandsOpenException($"Without a key the service listens on the loopback interface only, not on {options.Listen}. Make one with: retention keys create, or name an issuer of tokens");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
