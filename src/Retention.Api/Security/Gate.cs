using System.Net;
using Microsoft.Net.Http.Headers;
using Npgsql;
using Retention.Api.Security.Tokens;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Projections.Security;

namespace Retention.Api.Security;

/// <summary>
/// Lets requests in. Once any key was made, or an issuer of tokens is named, each needs a key or token with the scope of its route; until
/// then only this machine is answered, under its own name: a page of a foreign site that a browser on this machine shows cannot reach it
/// under a name of its own.
/// </summary>
/// <param name="tokens">Null where no issuer of tokens is named.</param>
public sealed class Gate(KeyRing keys, AdminActs acts, TimeProvider time, BearerTokens? tokens = null)
{
    private const string Scheme = "Bearer ";

    private static readonly string[] Hosts = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>A request that lasts is looked at again so often, so that it ends with its key.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    public async Task EnterAsync(HttpContext http, RequestDelegate next)
    {
        var needed = RouteScopes.Of(http);
        if (needed == RouteScopes.Public)
        {
            if (!IsLocal(http) && tokens is null && !keys.WasInUse && !(await CurrentAsync(http)).InUse) throw NotLocal();
            http.Features.Set(Caller.Anybody with { Scopes = [] });
            await next(http);
            return;
        }
        var held = await CurrentAsync(http);
        var (caller, until) = held.InUse || tokens is not null ? await CallerOfAsync(http, held)
            : IsLocal(http) ? (Caller.Anybody, DateTimeOffset.MaxValue) : throw NotLocal();
        if (!caller.Allows(needed)) throw MissingScope(needed);
        http.Features.Set(caller);
        if (caller.By is null)
        {
            await next(http);
            return;
        }
        http.Request.Headers[Tenant.Header] = caller.Tenant;
        http.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Authorization);
        if (needed == Scopes.Admin && !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
            await acts.RecordAsync(caller.Tenant!, new AdminAct($"{http.Request.Method} {PatternOf(http)}", caller.By, http.Request.Path), http.RequestAborted);
        await WatchAsync(http, next(http), until);
    }

    /// <summary>Cuts off a request that is still being answered when its key is revoked, or its token expires.</summary>
    private async Task WatchAsync(HttpContext http, Task answering, DateTimeOffset until)
    {
        while (!answering.IsCompleted && await Task.WhenAny(answering, Task.Delay(BetweenLooks)) != answering)
        {
            if (time.GetUtcNow() < until && !await IsRevokedAsync(TextOf(http)!)) continue;
            http.Abort();
            break;
        }
        await answering;
    }

    private async Task<bool> IsRevokedAsync(string key)
    {
        if (!ApiKey.IsLike(key)) return false;
        try
        {
            return (await keys.CurrentAsync(CancellationToken.None)).Find(key) is null;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            // Whether it is cannot be known before the database answers.
            return false;
        }
    }

    private async Task<KeyRing.Held> CurrentAsync(HttpContext http)
    {
        try
        {
            return await keys.CurrentAsync(http.RequestAborted, some: TextOf(http) is { } text && ApiKey.IsLike(text));
        }
        catch (PostgresException unmade) when (unmade.SqlState is PostgresErrorCodes.UndefinedTable)
        {
            throw new ProblemException(503, "starting", "The schema is being brought up to date.") { RetryAfter = 1 };
        }
    }

    private async Task<(Caller Caller, DateTimeOffset Until)> CallerOfAsync(HttpContext http, KeyRing.Held held)
    {
        var text = TextOf(http)
            ?? throw new ProblemException(401, "missing_key", "Send a key in the header Authorization, after the word Bearer.") { Challenge = "Bearer realm=\"retention\"" };
        var (caller, until) = tokens is not null && !ApiKey.IsLike(text) ? await tokens.ReadAsync(text, http.RequestAborted) : (HolderOf(held, text), DateTimeOffset.MaxValue);
        var named = http.Request.Headers[Tenant.Header];
        if (named.Count > 0 && (named.Count > 1 || named[0] != caller.Tenant))
            throw new ProblemException(403, "other_tenant", $"The key belongs to another tenant than {Tenant.Header} names.");
        return (caller, until);
    }

    private static Caller HolderOf(KeyRing.Held held, string text) => held.Find(text) is { } key
        ? new Caller(key.Tenant, key.Prefix, key.Scopes)
        : throw new ProblemException(401, "unknown_key", "The key is not one of this service, or is revoked.") { Challenge = "Bearer realm=\"retention\", error=\"invalid_token\"" };

    private static string? TextOf(HttpContext http) =>
        http.Request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;

    private static string PatternOf(HttpContext http) => $"/{((RouteEndpoint)http.GetEndpoint()!).RoutePattern.RawText!.Trim('/')}";

    private static bool IsLocal(HttpContext http) =>
        Hosts.Contains(http.Request.Host.Host, StringComparer.OrdinalIgnoreCase) && http.Connection.LocalIpAddress is var at && (at is null || IPAddress.IsLoopback(at));

    private static ProblemException NotLocal() =>
        new(403, "host_not_allowed", $"Without keys the service answers only to Host {string.Join(", ", Hosts)}.");

    /// <summary>What a caller is told who needs a scope that its key lacks.</summary>
    internal static ProblemException MissingScope(string scope) => new(403, "missing_scope", $"The key lacks the scope {scope}.")
    {
        Challenge = $"Bearer realm=\"retention\", error=\"insufficient_scope\", scope=\"{scope}\"",
    };
}
