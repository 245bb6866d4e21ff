using System.Text.Json;
using Retention.Api.Tenancy;
using Retention.Domain.Events;
using Retention.Projections.Replays;
using Retention.Projections.Running;

namespace Retention.Api.Replays;

/// <summary>
/// Events that a tenant's figures pass over: <c>POST /v1/skips {"eventId", "reason"}</c> passes over the one at which the tenant is paused,
/// which is on record from then on.
/// </summary>
internal static class SkipEndpoints
{
    public static void MapSkips(this IEndpointRouteBuilder routes)
    {
        var skips = routes.MapGroup("/v1/skips").WithTags("Operations").Takes();
        skips.MapGet("", async (Tenant tenant, SkippedEvents skipped, CancellationToken ct) => Results.Json(new { skips = await skipped.OfAsync(tenant.Name, ct) }))
            .WithSummary("The events that the tenant's figures pass over");
        skips.MapPost("", SkipAsync).Accepts<JsonElement>("application/json").Produces(201).WithSummary("Pass over the event at which the tenant is paused");
    }

    private static async Task<IResult> SkipAsync(HttpRequest request, Tenant tenant, SkippedEvents skipped, Progress progress, CancellationToken ct)
    {
        using var body = await JsonBody.ReadAsync(request, ct);
        var faults = new List<Fault>();
        var text = Text("eventId");
        var reason = Text("reason");
        if (!Guid.TryParseExact(text, "D", out var eventId)) faults.Add(new Fault("eventId", "required", "must be the eventId that /v1/status names"));
        if (reason is null or "" or { Length: > 500 }) faults.Add(new Fault("reason", "required", "must say why, in at most 500 characters"));
        if (faults.Count > 0) throw new ProblemException(422, faults[0].Code, $"{faults[0].Path} {faults[0].Message}", faults);
        if (!await skipped.SkipAsync(tenant.Name, eventId, reason!, ct))
        {
            var at = (await progress.RowsAsync(ct)).FirstOrDefault(row => row.Tenant == tenant.Name && row.Tenant != Progress.Everyone)?.PausedEvent;
            throw new ProblemException(
                409, "not_paused", at is null ? $"Tenant {tenant.Name} is not paused; only the event that pauses a tenant can be skipped."
                    : $"Tenant {tenant.Name} is paused at event {at}; only that one can be skipped.");
        }
        progress.Nudge();
        return Results.Json((await skipped.OfAsync(tenant.Name, ct)).Single(skip => skip.EventId == eventId), statusCode: 201);

        string? Text(string name) =>
            body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
    }
}
