using System.Text.Json;
using System.Text.RegularExpressions;
using Retention.Api.Security;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Replays;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Api.Replays;

/// <summary>
/// Named replays of a tenant: read models made from the log up to a position or a time, and by other settings. Every metric is asked of
/// one by <c>?replay=name</c>.
/// </summary>
public static partial class ReplayEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static void MapReplays(this IEndpointRouteBuilder routes)
    {
        var replays = routes.MapGroup("/v1/replays").WithTags("Replays");
        replays.MapGet("", ListAsync).Takes().WithSummary("The tenant's replays");
        replays.MapPost("", StartAsync).Takes().WithSummary("Make read models from the log up to a position or time, by other settings; or make the live ones anew");
        replays.MapGet("{name}", async (string name, Tenant tenant, Projections.Replays.Replays all, CancellationToken ct) => Results.Json(Answer(await FoundAsync(name, tenant, all, ct))))
            .Takes().WithSummary("A replay, with its progress while it is being made");
        replays.MapDelete("{name}", DeleteAsync).Takes().WithSummary("Remove a replay, or stop making it");
        replays.MapGet("{name}/diff", DiffEndpoint.GetAsync).WithSummary("A metric by a replay beside the live one, and the customers that differ");
        routes.MapRebuild();
        routes.MapSkips();
    }

    /// <summary>The place that a question is asked of: the tenant's live one, or a replay's.</summary>
    /// <param name="name">Null for the live one.</param>
    /// <exception cref="ProblemException">400 for an unknown one, 503 for one that is being made, 409 for one that failed.</exception>
    public static async Task<Place> PlaceAsync(IServiceProvider services, string tenant, string? name, CancellationToken ct) =>
        PlaceOf(services, await ReadyAsync(services, tenant, name, ct));

    /// <summary>Where a replay is asked; null is what is live.</summary>
    internal static Place PlaceOf(IServiceProvider services, Replay? replay) =>
        replay is null ? services.GetRequiredService<Place>() : services.GetRequiredService<Projections.Replays.Replays>().PlaceOf(replay);

    /// <summary>The replay that a parameter names, once it can be asked.</summary>
    /// <param name="name">Null for none.</param>
    /// <exception cref="ProblemException">400 for an unknown one, 503 for one that is being made, 409 for one that failed.</exception>
    internal static async Task<Replay?> ReadyAsync(IServiceProvider services, string tenant, string? name, CancellationToken ct, string parameter = "replay")
    {
        if (name is null) return null;
        var replays = services.GetRequiredService<Projections.Replays.Replays>();
        var replay = await replays.FindAsync(tenant, name, ct);
        if (replay is null)
        {
            var known = (await replays.AllAsync(tenant, ct)).Select(other => other.Name).ToList();
            var allowed = known.Count == 0 ? "the tenant has no replays; POST /v1/replays makes one" : $"must be one of {string.Join(", ", known)}";
            throw new ProblemException(400, "unknown_replay", $"There is no replay {name}.", new Fault(parameter, "unknown_replay", allowed));
        }
        return replay.Status switch
        {
            ReplayStatus.Ready => replay,
            ReplayStatus.Building => throw new ProblemException(503, "replay_not_ready", $"The replay {name} is being made: {replay.Progress.Phase}.") { RetryAfter = 1 },
            _ => throw new ProblemException(409, "replay_not_ready", $"The replay {name} is {replay.Status}: {replay.Error}"),
        };
    }

    /// <summary>A replay as it is answered.</summary>
    internal static object Answer(Replay replay) => new
    {
        replay.Name,
        tenant = replay.IsRebuild ? replay.Asked.Tenant : null,
        replay.Status,
        until = replay.Asked.Until,
        settings = replay.Asked.Settings,
        position = replay.UpTo,
        progress = replay.Progress,
        replay.Error,
        replay.CreatedAt,
        replay.ChangedAt,
    };

    private static async Task<IResult> ListAsync(Tenant tenant, Projections.Replays.Replays all, CancellationToken ct) =>
        Results.Json(new { replays = (await all.AllAsync(tenant.Name, ct)).Select(Answer) });

    private static async Task<Replay> FoundAsync(string name, Tenant tenant, Projections.Replays.Replays all, CancellationToken ct) =>
        await all.FindAsync(tenant.Name, name, ct) ?? throw new ProblemException(404, "unknown_replay", $"There is no replay {name}.");

    private static async Task<IResult> DeleteAsync(string name, Tenant tenant, Projections.Replays.Replays all, CancellationToken ct)
    {
        await all.DeleteAsync(await FoundAsync(name, tenant, all, ct), ct);
        return Results.NoContent();
    }

    private static async Task<IResult> StartAsync(HttpContext http, Tenant tenant, Projections.Replays.Replays all, TenantSettings settings)
    {
        var ct = http.RequestAborted;
        using var body = await JsonBody.ReadAsync(http.Request, ct);
        if (AsksRebuild(body.RootElement)) return await RebuildAsync(http, tenant, all, ct);
        var faults = new List<Fault>();
        var (name, asked) = Read(body.RootElement, (await settings.LoadAsync(tenant.Name, ct)).Settings, faults);
        if (faults.Count > 0) throw new ProblemException(422, faults[0].Code, $"{faults[0].Path}: {faults[0].Message}", faults);
        var upTo = await UpToAsync(http.RequestServices, tenant.Name, asked.Until, ct);
        var replay = await all.StartAsync(tenant.Name, name, upTo, asked, ct)
            ?? throw new ProblemException(409, "replay_exists", $"There is a replay {name} already; DELETE /v1/replays/{name} removes it.", new Fault("name", "replay_exists", "must be of no other replay"));
        http.Response.Headers.Location = $"/v1/replays/{name}";
        return Results.Json(Answer(replay), statusCode: 202);
    }

    /// <summary>Whether the body is <c>{"rebuild": true}</c>: the tenant's live read models are made anew, as by <c>POST /v1/rebuild?tenant=</c>.</summary>
    /// <exception cref="ProblemException">422 for a rebuild with a name, an end or settings of its own.</exception>
    private static bool AsksRebuild(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("rebuild", out var rebuild)) return false;
        if (rebuild.ValueKind != JsonValueKind.True) throw Refused("rebuild", "must be true, or absent");
        foreach (var other in body.EnumerateObject().Where(member => member.Name != "rebuild"))
            throw Refused(other.Name, "may not stand beside rebuild, which takes the place of what is live");
        return true;

        static ProblemException Refused(string path, string message) => new(422, "not_allowed", $"{path}: {message}.", new Fault(path, "not_allowed", message));
    }

    private static async Task<IResult> RebuildAsync(HttpContext http, Tenant tenant, Projections.Replays.Replays all, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (!caller.Allows(Scopes.Admin)) throw Gate.MissingScope(Scopes.Admin);
        if (caller.By is { } by) await http.RequestServices.GetRequiredService<AdminActs>().RecordAsync(tenant.Name, new AdminAct("POST /v1/replays", by, http.Request.Path), ct);
        return await RebuildEndpoints.StartAsync(http, RebuildAsked.Of(http, tenant.Name), all, http.RequestServices.GetRequiredService<Tenants>(), ct);
    }

    private static (string Name, ReplayAsked Asked) Read(JsonElement body, Settings current, List<Fault> faults)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new Fault("", "wrong_type", "must be an object with name, until and settings"));
            return ("", new ReplayAsked());
        }
        foreach (var member in body.EnumerateObject().Where(member => member.Name is not ("name" or "until" or "settings")))
            faults.Add(new Fault(member.Name, "unknown_member", "is not a member; allowed are name, until and settings"));
        var name = body.TryGetProperty("name", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString()! : "";
        if (!Name().IsMatch(name)) faults.Add(new Fault("name", "invalid_name", "must be 1 to 63 characters of a–z, 0–9, - and _, not starting with - or _"));
        JsonElement? until = body.TryGetProperty("until", out var end) && end.ValueKind != JsonValueKind.Null ? end.Clone() : null;
        JsonElement? settings = body.TryGetProperty("settings", out var other) && other.ValueKind != JsonValueKind.Null ? other.Clone() : null;
        if (settings is not { } changes) return (name, new ReplayAsked(until));
        var wrong = new List<Fault>();
        current.Merge(changes, wrong);
        faults.AddRange(wrong.Select(fault => fault with { Path = fault.Path == "" ? "settings" : $"settings.{fault.Path}" }));
        if (changes.ValueKind == JsonValueKind.Object && changes.TryGetProperty("currency", out _))
            faults.Add(new Fault("settings.currency", "not_allowed", "may not differ: amounts were recorded in the tenant's currency"));
        return (name, new ReplayAsked(until, settings));
    }

    /// <summary>The position of what was asked; everything up to it is projected.</summary>
    private static async Task<long> UpToAsync(IServiceProvider services, string tenant, JsonElement? until, CancellationToken ct)
    {
        var (progress, log) = (services.GetRequiredService<Progress>(), services.GetRequiredService<EventLog>());
        if (until is not { } asked) return await progress.OfAsync(tenant, ct);
        if (asked.ValueKind == JsonValueKind.Number && asked.TryGetInt64(out var position) && position >= 0)
        {
            var issued = await log.LastIssuedAsync(ct);
            if (position > issued) throw Refused("in_future", $"position {position} lies in the future; the last one is {issued}");
            if (!await progress.ReachedAsync(tenant, position, Patience, ct))
                throw new ProblemException(503, "behind", $"Projections have not reached position {position} within {Patience.TotalSeconds} s.") { RetryAfter = 5 };
            return position;
        }
        if (asked.ValueKind == JsonValueKind.String && Timestamp.TryParse(asked.GetString()!) is { } time)
        {
            var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
            if (time > now) throw Refused("in_future", $"may not lie in the future; the service's clock says {Timestamp.Format(now)}");
            return await services.GetRequiredService<SafePosition>().MarkAtAsync(time, ct);
        }
        throw Refused("not_allowed", "must be a position, which is a whole number from 0, or an RFC 3339 time with an offset");

        static ProblemException Refused(string code, string message) => new(422, code, $"until: {message}.", new Fault("until", code, message));
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]{0,62}\z")]
    private static partial Regex Name();
}
