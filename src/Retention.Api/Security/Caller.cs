namespace Retention.Api.Security;

/// <summary>Who asks.</summary>
/// <param name="Tenant">The only tenant that it speaks for; null where no keys are configured, and the request chooses.</param>
/// <param name="By">The prefix of its key, or <c>token:</c> and the subject of its token; null without either.</param>
public sealed record Caller(string? Tenant, string? By, IReadOnlyList<string> Scopes)
{
    /// <summary>Whoever reaches a service without keys, which is somebody on this machine.</summary>
    public static Caller Anybody { get; } = new(null, null, Projections.Security.Scopes.All);

    private static Caller Nobody { get; } = new(null, null, []);

    /// <summary>Whether it may see free text and attributes of the tenant's own.</summary>
    public bool ReadsPersonal => Scopes.Contains(Projections.Security.Scopes.ReadPersonal);

    public bool Allows(string scope) => scope == RouteScopes.AnyKey || Projections.Security.Scopes.Allow(Scopes, scope);

    /// <summary>Whether it may administer this tenant.</summary>
    public bool SpeaksFor(string tenant) => Tenant is null || Tenant == tenant;

    /// <summary>The caller of a request; one that nobody let in may see nothing.</summary>
    public static Caller Of(HttpContext http) => http.Features.Get<Caller>() ?? Nobody;
}
