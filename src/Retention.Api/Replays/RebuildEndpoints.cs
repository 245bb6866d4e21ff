using Retention.Api.Security;
using Retention.Domain.Events;
using Retention.Projections.Replays;

namespace Retention.Api.Replays;

/// <summary>
/// The rebuild of histories and read models beside the live ones, of all tenants or of the one that <c>?tenant=</c> names:
/// <c>POST /v1/rebuild</c> begins it, <c>GET</c> shows it, <c>DELETE</c> stops it; once it is live, <c>POST /v1/rebuild/confirm</c> removes
/// what was live before, and <c>/revert</c> brings it back.
/// </summary>
internal static class RebuildEndpoints
{
    public static void MapRebuild(this IEndpointRouteBuilder routes)
    {
        var rebuild = routes.MapGroup("/v1/rebuild").WithTags("Replays").Takes("tenant");
        rebuild.MapGet("", async (RebuildAsked asked, Projections.Replays.Replays all, CancellationToken ct) => Results.Json(ReplayEndpoints.Answer(await FoundAsync(asked, all, ct))))
            .WithSummary("The rebuild of all read models, or of a tenant's, with its progress");
        rebuild.MapPost("", StartAsync).WithSummary("Make all read models, or a tenant's, anew beside the live ones, and switch to them");
        rebuild.MapDelete("", CancelAsync).WithSummary("Stop the rebuild; the live read models stay as they are");
        rebuild.MapPost("confirm", ConfirmAsync).WithSummary("Remove the read models that were live before the rebuild");
        rebuild.MapPost("revert", RevertAsync).WithSummary("Make the read models live again that were so before the rebuild");
    }

    /// <summary>Begins a rebuild.</summary>
    /// <exception cref="ProblemException">409 where one is under way or waits for a word, 404 for a tenant that is not there.</exception>
    public static async Task<IResult> StartAsync(HttpContext http, RebuildAsked asked, Projections.Replays.Replays all, Projections.Running.Tenants tenants, CancellationToken ct)
    {
        if (asked.Tenant is { } one && (await tenants.AllAsync(ct)).All(tenant => tenant.Name != one)) throw new ProblemException(404, "unknown_tenant", $"There is no tenant {one}.");
        if (await all.RebuildAsync(asked.Tenant, ct) is not { } begun)
        {
            var other = await FoundAsync(asked, all, ct);
            throw new ProblemException(409, "rebuild_exists", other.Status == ReplayStatus.Switched
                ? $"A rebuild is live and waits for a word: POST /v1/rebuild/confirm{asked.Query}, or /revert{asked.Query}."
                : $"A rebuild is under way; DELETE /v1/rebuild{asked.Query} stops it.");
        }
        http.Response.Headers.Location = $"/v1/rebuild{asked.Query}";
        return Results.Json(ReplayEndpoints.Answer(begun), statusCode: 202);
    }

    private static async Task<Replay> FoundAsync(RebuildAsked asked, Projections.Replays.Replays all, CancellationToken ct) =>
        await all.FindRebuildAsync(asked.Tenant, ct) ?? throw new ProblemException(404, "no_rebuild", $"There was no such rebuild yet; POST /v1/rebuild{asked.Query} begins one.");

    private static async Task<IResult> CancelAsync(RebuildAsked asked, Projections.Replays.Replays all, CancellationToken ct) =>
        await AfterAsync(asked, all, await all.CancelAsync(await FoundAsync(asked, all, ct), ct), "is not under way", ct);

    private static async Task<IResult> ConfirmAsync(RebuildAsked asked, Projections.Replays.Replays all, CancellationToken ct) =>
        await AfterAsync(asked, all, await all.ConfirmAsync(await FoundAsync(asked, all, ct), ct), "does not wait for a word", ct);

    private static async Task<IResult> RevertAsync(RebuildAsked asked, Projections.Replays.Replays all, CancellationToken ct) =>
        await AfterAsync(asked, all, await all.RevertAsync(await FoundAsync(asked, all, ct), ct), "does not wait for a word", ct);

    private static async Task<IResult> AfterAsync(RebuildAsked asked, Projections.Replays.Replays all, bool done, string why, CancellationToken ct)
    {
        var rebuild = await FoundAsync(asked, all, ct);
        return done ? Results.Json(ReplayEndpoints.Answer(rebuild))
            : throw new ProblemException(409, "not_now", $"The rebuild {why}: it is {rebuild.Status}.");
    }
}

/// <summary>Whose rebuild a request is about.</summary>
/// <param name="Tenant">The one tenant; null for all.</param>
internal sealed record RebuildAsked(string? Tenant)
{
    /// <summary>As the request's path goes on.</summary>
    public string Query => Tenant is null ? "" : $"?tenant={Tenant}";

    /// <summary>Binds a handler's parameter.</summary>
    public static ValueTask<RebuildAsked> BindAsync(HttpContext http)
    {
        var names = http.Request.Query["tenant"];
        if (names.Count == 0) return ValueTask.FromResult(new RebuildAsked(Tenant: null));
        if (names is [{ } name] && Tenancy.Tenant.IsName(name)) return ValueTask.FromResult(Of(http, name));
        throw new ProblemException(400, "invalid_tenant", $"tenant must be one name of {Tenancy.Tenant.Allowed}.", new Fault("tenant", "invalid_tenant", $"must be {Tenancy.Tenant.Allowed}"));
    }

    /// <exception cref="ProblemException">403 for a key of another tenant.</exception>
    public static RebuildAsked Of(HttpContext http, string tenant) => Caller.Of(http).SpeaksFor(tenant)
        ? new RebuildAsked(tenant)
        : throw new ProblemException(403, "other_tenant", "The key belongs to another tenant.");
}
