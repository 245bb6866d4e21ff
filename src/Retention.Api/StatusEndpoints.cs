using System.Reflection;
using Npgsql;
using Retention.Api.Security;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Api;

/// <summary>Health, status and the catalogue.</summary>
public static class StatusEndpoints
{
    /// <summary>A transaction that holds the safe position for longer is named.</summary>
    private static readonly TimeSpan LongHeld = TimeSpan.FromSeconds(5);

    internal static readonly string Version =
        typeof(StatusEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static void MapStatus(this IEndpointRouteBuilder routes)
    {
        var none = routes.MapGroup("").Takes();
        none.MapGet("/health/live", () => Results.Ok(new { status = "live" })).WithTags("Operations").WithSummary("Whether the process runs");
        none.MapGet("/health/ready", ReadyAsync).WithTags("Operations").WithSummary("Whether the service can answer, and for every tenant");
        none.MapGet("/v1/status", StatusAsync).WithTags("Operations").WithSummary("Positions, lag, paused tenants, what holds the safe position");
        none.MapGet("/v1/metrics", () => Results.Json(new { metrics = Catalogue.All, lineage = Lineage.LineageShare.Served, bridge = Lineage.Bridge.Steps }, Metrics.MetricAnswer.Json)).WithTags("Metrics")
            .WithSummary("The catalogue: every figure with its formula, unit and additivity");
    }

    private static async Task<IResult> ReadyAsync(Readiness readiness, Progress progress, KeyRing keys, CancellationToken ct)
    {
        if (readiness.Stopping) return Results.Json(new { status = "stopping" }, statusCode: 503);
        if (!readiness.Started) return Results.Json(new { status = "starting", reason = readiness.Reason }, statusCode: 503);
        try
        {
            var paused = (await progress.RowsAsync(ct)).Where(row => row.Tenant != Progress.Everyone).ToList();
            // Who asks is not known here: where there are keys, the names of tenants and what they sent are for /v1/status.
            var shown = (await keys.CurrentAsync(ct)).InUse ? paused.ConvertAll(row => (object)new { row.Position, at = row.PausedAt, @event = row.PausedEvent }) : Paused(paused);
            return Results.Json(new { status = paused.Count == 0 ? "ready" : "degraded", paused = shown }, statusCode: paused.Count == 0 ? 200 : 503);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return Results.Json(new { status = "database_unavailable" }, statusCode: 503);
        }
    }

    private static async Task<IResult> StatusAsync(HttpContext http, EventLog log, Progress progress, SafePosition safePosition, Lease lease, Tenants tenants, CancellationToken ct)
    {
        var rows = await progress.RowsAsync(ct);
        var (issued, projected) = (await log.LastIssuedAsync(ct), rows.Single(row => row.Tenant == Progress.Everyone).Position);
        var holders = (await safePosition.HoldersAsync(ct)).Where(holder => holder.Age > LongHeld);
        return Results.Ok(new
        {
            version = Version,
            issued,
            safePosition = safePosition.Current,
            position = projected,
            lag = issued - projected,
            owner = await lease.OwnerAsync(ct) is { } owner ? new { owner.Process, owner.Epoch, owner.Since, here = owner.Process == lease.Process } : null,
            memoryBytes = Environment.WorkingSet,
            tenants = (await tenants.AllAsync(ct)).Count(tenant => Caller.Of(http).SpeaksFor(tenant.Name)),
            paused = Paused(rows.Where(row => Caller.Of(http).SpeaksFor(row.Tenant))),
            heldBy = holders.Select(holder => new { holder.Pid, ageSeconds = holder.Age?.TotalSeconds, holder.Application }),
        });
    }

    private static List<object> Paused(IEnumerable<ProgressRow> rows) =>
        [.. rows.Where(row => row.Tenant != Progress.Everyone)
            .Select(row => new { tenant = row.Tenant, row.Position, at = row.PausedAt, @event = row.PausedEvent, reason = row.PausedReason })];
}
