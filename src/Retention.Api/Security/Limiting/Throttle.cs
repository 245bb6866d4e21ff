using System.Threading.RateLimiting;
using Retention.Api.Tenancy;

namespace Retention.Api.Security.Limiting;

/// <summary>
/// Keeps a tenant within its <see cref="Limits"/>, so that the others are answered as if it were not there. It stands behind the gate, where
/// the tenant is known; the limits are of this process.
/// </summary>
public sealed class Throttle : IDisposable
{
    /// <summary>What takes long, or holds much, and so may be asked for by a tenant only so often at once.</summary>
    private static readonly Dictionary<string, (string Name, Func<Limits, int> Most)> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["POST /v1/events"] = ("sendings of events", limits => limits.Sendings),
        ["POST /v1/webhooks/shopify/{tenant}"] = ("sendings of events", limits => limits.Sendings),
        ["POST /v1/webhooks/segment/{tenant}"] = ("sendings of events", limits => limits.Sendings),
        ["POST /v1/imports"] = ("imports", limits => limits.Imports),
        ["GET /v1/events"] = ("exports", limits => limits.Exports),
        ["GET /v1/exports/{model}"] = ("exports", limits => limits.Exports),
        ["GET /v1/events/stream"] = ("streams", limits => limits.Streams),
    };

    private readonly PartitionedRateLimiter<string> requests;
    private readonly PartitionedRateLimiter<(string Tenant, string Kind, int Most)> atOnce;
    private readonly Limits limits;

    public Throttle(Limits limits)
    {
        this.limits = limits;
        requests = PartitionedRateLimiter.Create<string, string>(tenant => RateLimitPartition.GetTokenBucketLimiter(tenant, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = (int)Math.Min(int.MaxValue, 2L * limits.RequestsPerSecond),
            TokensPerPeriod = limits.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));
        atOnce = PartitionedRateLimiter.Create<(string Tenant, string Kind, int Most), (string, string)>(asked =>
            RateLimitPartition.GetConcurrencyLimiter((asked.Tenant, asked.Kind), _ => new ConcurrencyLimiterOptions { PermitLimit = asked.Most, QueueLimit = 0 }));
    }

    public async Task AdmitAsync(HttpContext http, RequestDelegate next)
    {
        var caller = Caller.Of(http);
        if (caller.By is not null) CountRequest(caller.Tenant!);
        if (http.GetEndpoint() is not RouteEndpoint route || !Kinds.TryGetValue($"{http.Request.Method} /{route.RoutePattern.RawText!.Trim('/')}", out var kind))
        {
            await next(http);
            return;
        }
        using var place = new Place(Take(TenantOf(http), kind.Name, kind.Most(limits)));
        http.Features.Set(place);
        await next(http);
    }

    public void Dispose()
    {
        requests.Dispose();
        atOnce.Dispose();
    }

    private void CountRequest(string tenant)
    {
        using var lease = requests.AttemptAcquire(tenant);
        if (lease.IsAcquired) return;
        var after = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? (int)Math.Ceiling(wait.TotalSeconds) : 1;
        throw new ProblemException(429, "too_many_requests", $"The tenant may send {limits.RequestsPerSecond} requests a second.") { RetryAfter = Math.Max(1, after) };
    }

    private RateLimitLease Take(string tenant, string kind, int most)
    {
        var lease = atOnce.AttemptAcquire((tenant, kind, most));
        if (lease.IsAcquired) return lease;
        lease.Dispose();
        throw new ProblemException(429, "too_many_at_once", $"The tenant may have {most} {kind} at once, and has them.") { RetryAfter = 2 };
    }

    /// <summary>The senders of webhooks set no header: the tenant is in the path.</summary>
    private static string TenantOf(HttpContext http) =>
        (http.GetRouteValue("tenant") as string ?? http.Request.Headers[Tenant.Header]) is { } name && Tenant.IsName(name) ? name : "default";

    /// <summary>A request's place among those of its tenant.</summary>
    internal sealed class Place(RateLimitLease lease) : IDisposable
    {
        private bool lent;

        /// <summary>Keeps the place taken until work that goes on without the request has ended.</summary>
        public void KeepUntil(Task end)
        {
            lent = true;
            _ = end.ContinueWith(_ => lease.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        public void Dispose()
        {
            if (!lent) lease.Dispose();
        }
    }
}
