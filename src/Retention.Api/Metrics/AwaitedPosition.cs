using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Api.Metrics;

/// <summary>Waits until what a request asks about is reflected, and no longer than a client has patience for.</summary>
internal static class AwaitedPosition
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Waits for a position that a request names; null is none.</summary>
    /// <exception cref="ProblemException">400 for one that was never issued, 503 when projections stay behind.</exception>
    public static async Task WaitAsync(IServiceProvider services, string tenant, long? position, CancellationToken ct)
    {
        if (position is not { } wanted) return;
        if (wanted > await services.GetRequiredService<EventLog>().LastIssuedAsync(ct))
            throw new ProblemException(400, "unknown_position", $"minPosition: {wanted} has not been issued.", new Fault("minPosition", "unknown_position", "must be a position that the service has answered"));
        await ReachAsync(services, tenant, wanted, ct);
    }

    /// <summary>Waits for a position that was issued.</summary>
    /// <exception cref="ProblemException">503 when projections stay behind, or the service stops.</exception>
    public static async Task ReachAsync(IServiceProvider services, string tenant, long position, CancellationToken ct)
    {
        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct, stopping);
        try
        {
            if (await services.GetRequiredService<Progress>().ReachedAsync(tenant, position, Patience, ending.Token)) return;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new ProblemException(503, "stopping", "The service stops; ask again.") { RetryAfter = 1 };
        }
        throw new ProblemException(503, "behind", $"Projections have not reached position {position} within {Patience.TotalSeconds} s.") { RetryAfter = 5 };
    }
}
