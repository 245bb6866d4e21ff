using System.Text.Json;
using Retention.Api.Security;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.Running;

namespace Retention.Api.Tenancy;

/// <summary>Tenants, and the settings of the one that a request speaks for.</summary>
public static class TenantEndpoints
{
    public static void MapTenants(this IEndpointRouteBuilder routes)
    {
        var tenants = routes.MapGroup("/v1/tenants").WithTags("Tenants").Takes();
        tenants.MapGet("", ListAsync).WithSummary("All tenants; of a key, its own");
        tenants.MapPost("", CreateAsync).WithSummary("Make a tenant");
        tenants.MapDelete("{name}", DeleteAsync).WithSummary("Delete a tenant with all that it holds");
        var settings = routes.MapGroup("/v1/settings").WithTags("Tenants").Takes();
        settings.MapGet("", async (Tenant tenant, TenantSettings all, CancellationToken ct) => Answer(await all.LoadAsync(tenant.Name, ct)))
            .WithSummary("The tenant's settings");
        settings.MapPut("", ChangeAsync).WithSummary("Change settings; absent members keep their value");
    }

    private static async Task<IResult> ListAsync(HttpContext http, Tenants tenants, CancellationToken ct) =>
        Results.Ok(new { tenants = (await tenants.AllAsync(ct)).Where(tenant => Caller.Of(http).SpeaksFor(tenant.Name)).Select(tenant => new { name = tenant.Name, createdAt = tenant.CreatedAt }) });

    private static async Task<IResult> CreateAsync(HttpRequest request, Tenants tenants, CancellationToken ct)
    {
        using var body = await JsonBody.ReadAsync(request, ct);
        var name = body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("name", out var given) && given.ValueKind == JsonValueKind.String
            ? given.GetString()
            : null;
        if (name is null || !Tenant.IsName(name))
            throw new ProblemException(422, "invalid_tenant", $"name must be {Tenant.Allowed}.", new Fault("name", "invalid_tenant", $"must be {Tenant.Allowed}"));
        RefuseOther(request.HttpContext, name);
        var created = await tenants.CreateAsync(name, ct);
        return created ? Results.Created($"/v1/tenants/{name}", new { name }) : Results.Ok(new { name });
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string name, Tenants tenants, CancellationToken ct)
    {
        RefuseOther(http, name);
        return Tenant.IsName(name) && await tenants.DeleteAsync(name, ct) ? Results.NoContent() : throw new ProblemException(404, "unknown_tenant", $"There is no tenant {name}.");
    }

    /// <summary>The same whether there is such a tenant or not, which is nothing to tell others.</summary>
    private static void RefuseOther(HttpContext http, string name)
    {
        if (!Caller.Of(http).SpeaksFor(name)) throw new ProblemException(403, "other_tenant", "The key belongs to another tenant; retention keys create makes tenants.");
    }

    private static async Task<IResult> ChangeAsync(Tenant tenant, HttpRequest request, TenantChange change, CancellationToken ct)
    {
        using var body = await JsonBody.ReadAsync(request, ct);
        return Answer(await change.ApplyAsync(tenant.Name, body.RootElement, ct));
    }

    private static IResult Answer(SettingsVersion version)
    {
        var members = JsonSerializer.SerializeToNode(version.Settings, Settings.Json)!.AsObject();
        members.Remove("currencyInUse");
        members["timeZone"] = version.Settings.Zone;
        members["version"] = version.Version;
        members["position"] = version.Position;
        return Results.Json(members);
    }
}

/// <summary>A change of a tenant's settings.</summary>
public sealed class TenantChange(Tenants tenants, TenantSettings settings, Progress progress)
{
    /// <exception cref="ProblemException">422 for members that are not allowed; 409 for another currency once orders exist.</exception>
    public async Task<SettingsVersion> ApplyAsync(string tenant, JsonElement request, CancellationToken ct)
    {
        await tenants.CreateAsync(tenant, ct);
        var changed = await settings.ChangeAsync(tenant, current =>
        {
            var faults = new List<Fault>();
            var merged = current.Settings.Merge(request, faults);
            if (faults.Count > 0) throw new ProblemException(422, faults[0].Code, $"{faults[0].Path}: {faults[0].Message}", faults);
            if (current.Settings.CurrencyInUse && merged.Currency != current.Settings.Currency) throw CurrencyInUse(current.Settings.Currency);
            return merged.Same(current.Settings) ? current.Settings : merged;
        }, ct);
        progress.Nudge();
        return changed;
    }

    private static ProblemException CurrencyInUse(string? currency) => new(
        409, "currency_in_use", $"Orders exist in {currency}, so it stays the tenant's currency.",
        new Fault("currency", "currency_in_use", $"must stay {currency}"));
}
