using Retention.Projections.Replays;
using Retention.Projections.Running;

namespace Retention.Api.Replays;

/// <summary>
/// The rebuild of all histories and read models beside the live ones: <c>POST /v1/rebuild</c> begins it, <c>GET</c> shows it,
/// <c>DELETE</c> stops it; once it is live, <c>POST /v1/rebuild/confirm</c> removes what was live before, and <c>/revert</c> brings it back.
/// </summary>
internal static class RebuildEndpoints
{
    public static void MapRebuild(this IEndpointRouteBuilder routes)
    {
        var rebuild = routes.MapGroup("/v1/rebuild").WithTags("Replays");
        rebuild.MapGet("", async (Projections.Replays.Replays all, CancellationToken ct) => Results.Json(ReplayEndpoints.Answer(await FoundAsync(all, ct))))
            .WithSummary("The rebuild of all read models, with its progress");
        rebuild.MapPost("", StartAsync).WithSummary("Make all read models anew beside the live ones, and switch to them");
        rebuild.MapDelete("", CancelAsync).WithSummary("Stop the rebuild; the live read models stay as they are");
        rebuild.MapPost("confirm", ConfirmAsync).WithSummary("Remove the read models that were live before the rebuild");
        rebuild.MapPost("revert", RevertAsync).WithSummary("Make the read models live again that were so before the rebuild");
    }

    private static async Task<Replay> FoundAsync(Projections.Replays.Replays all, CancellationToken ct) =>
        await all.FindAsync(Progress.Everyone, Projections.Replays.Replays.Rebuild, ct)
        ?? throw new ProblemException(404, "no_rebuild", "There was no rebuild yet; POST /v1/rebuild begins one.");

    private static async Task<IResult> StartAsync(HttpContext http, Projections.Replays.Replays all, CancellationToken ct)
    {
        if (await all.RebuildAsync(ct) is not { } begun)
        {
            var other = await FoundAsync(all, ct);
            throw new ProblemException(409, "rebuild_exists", other.Status == ReplayStatus.Switched
                ? "A rebuild is live and waits for a word: POST /v1/rebuild/confirm, or /revert."
                : "A rebuild is under way; DELETE /v1/rebuild stops it.");
        }
        http.Response.Headers.Location = "/v1/rebuild";
        return Results.Json(ReplayEndpoints.Answer(begun), statusCode: 202);
    }

    private static async Task<IResult> CancelAsync(Projections.Replays.Replays all, CancellationToken ct) =>
        await AfterAsync(all, await all.CancelAsync(await FoundAsync(all, ct), ct), "is not under way", ct);

    private static async Task<IResult> ConfirmAsync(Projections.Replays.Replays all, CancellationToken ct) =>
        await AfterAsync(all, await all.ConfirmAsync(await FoundAsync(all, ct), ct), "does not wait for a word", ct);

    private static async Task<IResult> RevertAsync(Projections.Replays.Replays all, CancellationToken ct) =>
        await AfterAsync(all, await all.RevertAsync(await FoundAsync(all, ct), ct), "does not wait for a word", ct);

    private static async Task<IResult> AfterAsync(Projections.Replays.Replays all, bool done, string why, CancellationToken ct)
    {
        var rebuild = await FoundAsync(all, ct);
        return done ? Results.Json(ReplayEndpoints.Answer(rebuild))
            : throw new ProblemException(409, "not_now", $"The rebuild {why}: it is {rebuild.Status}.");
    }
}
