using System.Text.Json.Nodes;
using Retention.Chaos.Fuzzing;
using Retention.Projections.Security;

namespace Retention.Api.Tests.Security;

/// <summary>Every operation that the service describes × whoever may not ask for it.</summary>
public sealed class TenantMatrixTests(ServiceFixture service)
{
    private static readonly string[] Open = ["GET /health/live", "GET /health/ready", "POST /v1/webhooks/segment/{tenant}", "POST /v1/webhooks/shopify/{tenant}"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_may_not_ask_is_turned_away_from_every_operation_that_is_described()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        var options = service.OptionsFor($"matrix_{Guid.NewGuid():n}"[..20]) with { Tokens = issuer.Options };
        await using var api = await RunningApi.StartAsync(options, TimeProvider.System);
        await using var keyed = new KeyedService(api);
        var operations = await Operation.AllAsync(api.Client, TestContext.Current.CancellationToken);
        var callers = await CallersAsync(keyed, issuer);

        operations.Count.ShouldBeGreaterThan(70);
        operations.Where(operation => operation.Scope is null).Select(operation => operation.ToString()).ShouldBeSubsetOf(Open);
        var described = operations.Select(operation => operation.ToString()).ToHashSet();
        keyed.Routes.Where(route => route.Pattern.StartsWith("/v1/", StringComparison.Ordinal)).Select(route => $"{route.Method} {route.Pattern}").ShouldBeSubsetOf(described);

        var cells = 0;
        foreach (var operation in operations.Where(operation => operation.Scope is not null))
        {
            foreach (var caller in callers)
            {
                if (caller.Key(operation) is not { } key) continue;
                var said = await keyed.AskAsync(key.Length == 0 ? null : key, operation.Method, operation.At(new Dictionary<string, string> { ["tenants name"] = "a" }), caller.Tenant);
                said.Status.ShouldBe(caller.Status, $"{operation} with {caller.Name}: {said.Text}");
                said.Text.ShouldContain($"\"{caller.Code}\"", customMessage: $"{operation} with {caller.Name}");
                cells++;
            }
        }
        cells.ShouldBeGreaterThan(8 * 70);
        (await keyed.AskAsync(callers.First(caller => caller.Name == "another tenant's key").Key(operations[0]), "GET", "/v1/audit")).Text.ShouldContain("\"acts\":[]", customMessage: "nobody was let in to act");
    }

    /// <summary>Who may not ask, and how that is said. A key is empty for none at all, and null where whoever has any may ask.</summary>
    private static async Task<IReadOnlyList<(string Name, Func<Operation, string?> Key, string? Tenant, int Status, string Code)>> CallersAsync(KeyedService keyed, TokenIssuer issuer)
    {
        var without = new Dictionary<string, string>();
        foreach (var scope in Scopes.All)
            without[scope] = await keyed.KeyAsync("a", [.. Scopes.All.Where(held => held != scope && !(scope == Scopes.Read && held == Scopes.ReadPersonal))]);
        var (other, revoked) = (await keyed.KeyAsync("b", [.. Scopes.All]), await keyed.KeyAsync("a", [.. Scopes.All]));
        await keyed.Keys.RevokeAsync(revoked[..12], Cancellation);
        while ((await keyed.AskAsync(revoked, "GET", "/v1/status")).Status != 401 || (await keyed.AskAsync(other, "GET", "/v1/status")).Status != 200) await Task.Delay(20, Cancellation);
        var now = TimeProvider.System.GetUtcNow();
        JsonObject Claims(DateTimeOffset at, string tenant, params string[] scopes) => TokenIssuer.Claims(at, tenant, string.Join(' ', scopes));
        var (good, expired) = (issuer.Sign(Claims(now, "b", [.. Scopes.All])), issuer.Sign(Claims(now.AddHours(-2), "a", [.. Scopes.All])));
        return
        [
            ("no key", _ => "", null, 401, "missing_key"),
            ("no key, for a tenant", _ => "", "a", 401, "missing_key"),
            ("what is no key", _ => $"rtn_{new string('a', 73)}", null, 401, "unknown_key"),
            ("a revoked key", _ => revoked, null, 401, "unknown_key"),
            ("an expired token", _ => expired, null, 401, "invalid_token"),
            ("a token of another issuer", _ => issuer.Sign(Claims(now, "a", [.. Scopes.All]).With("iss", "\"https://evil.example\"")), null, 401, "invalid_token"),
            ("another tenant's key", _ => other, "a", 403, "other_tenant"),
            ("another tenant's token", _ => good, "a", 403, "other_tenant"),
            ("a key without the scope", operation => without.GetValueOrDefault(operation.Scope!), null, 403, "missing_scope"),
            ("a token without the scope", operation => operation.Scope is "" ? null : issuer.Sign(Claims(now, "a")), null, 403, "missing_scope"),
        ];
    }
}
