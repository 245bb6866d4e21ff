using Microsoft.AspNetCore.Builder;
using Retention.Api.Security;
using Retention.Projections.Security;

namespace Retention.Api.Tests.Security;

/// <summary>Every route of the service × no key, revoked key, each scope, another tenant.</summary>
public sealed class RouteScopesTests(ServiceFixture service)
{
    [Fact]
    public async Task Every_route_lets_in_who_has_its_scope_and_nobody_else()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        var keys = new Dictionary<string, string>();
        foreach (var scope in Scopes.All) keys[scope] = await keyed.KeyAsync("a", scope);
        var revoked = await keyed.KeyAsync("a", [.. Scopes.All]);
        await keyed.Keys.RevokeAsync(revoked[..12], TestContext.Current.CancellationToken);
        await keyed.LockedAsync();
        var routes = keyed.Routes.ToList();
        routes.Count.ShouldBeGreaterThan(60);

        foreach (var (method, pattern) in routes)
        {
            var needed = RouteScopes.Find(method, pattern).ShouldNotBeNull($"{method} {pattern} has no scope");
            var (route, path) = ($"{method} {pattern}", PathOf(pattern));
            var unknown = await keyed.AskAsync(null, method, path);
            if (needed == RouteScopes.Public)
            {
                unknown.TurnedAway.ShouldBeFalse(route);
                continue;
            }
            (unknown.Status, unknown.Challenge).ShouldBe((401, "Bearer realm=\"retention\""), route);
            unknown.Text.ShouldContain("\"missing_key\"", customMessage: route);
            (await keyed.AskAsync(revoked, method, path)).Text.ShouldContain("\"unknown_key\"", customMessage: route);
            (await keyed.AskAsync(keys[Scopes.Read][..^1] + "0", method, path)).Status.ShouldBeOneOf(401, keys[Scopes.Read][^1] == '0' ? 403 : 401);
            foreach (var (scope, key) in keys)
            {
                var other = await keyed.AskAsync(key, method, path, tenant: "b");
                (other.Status, other.Text.Contains("\"other_tenant\"")).ShouldBe((403, true), route);
                var answer = await keyed.AskAsync(key, method, path);
                if (needed == RouteScopes.AnyKey || scope == needed || (scope, needed) == ("read:pii", "read")) answer.TurnedAway.ShouldBeFalse($"{route} with {scope}: {answer.Text}");
                else
                {
                    (answer.Status, answer.Challenge).ShouldBe((403, $"Bearer realm=\"retention\", error=\"insufficient_scope\", scope=\"{needed}\""), $"{route} with {scope}");
                    answer.Text.ShouldContain($"lacks the scope {needed}");
                }
            }
        }
    }

    [Fact]
    public async Task A_route_that_is_not_in_the_table_is_found_and_needs_admin()
    {
        var options = service.OptionsFor($"forgot_{Guid.NewGuid():n}"[..20]);
        await using var keyed = new KeyedService(await RunningApi.StartAsync(options, TimeProvider.System, app => app.MapGet("/v1/forgotten", () => "open")));
        var (read, admin) = (await keyed.KeyAsync("a", Scopes.Read), await keyed.KeyAsync("a", Scopes.Admin));
        await keyed.LockedAsync();

        keyed.Routes.Where(route => RouteScopes.Find(route.Method, route.Pattern) is null).ShouldBe([("GET", "/v1/forgotten")]);
        (await keyed.AskAsync(read, "GET", "/v1/forgotten")).Status.ShouldBe(403);
        (await keyed.AskAsync(admin, "GET", "/v1/forgotten")).Text.ShouldBe("open");
    }

    [Theory]
    [InlineData("/v1/nothing")]
    [InlineData("/v1/tenants/a/b/c")]
    public async Task What_is_not_there_is_not_said_without_a_key(string path)
    {
        await using var keyed = await KeyedService.StartAsync(service);
        var key = await keyed.KeyAsync("a", Scopes.Ingest);
        await keyed.LockedAsync();

        (await keyed.AskAsync(null, "GET", path)).Status.ShouldBe(401);
        (await keyed.AskAsync(key, "GET", path)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task The_description_names_the_scope_of_every_operation()
    {
        var description = (await service.NewTenant().GetAsync("/openapi/v1.json")).Root;

        description.GetProperty("components").GetProperty("securitySchemes").GetProperty("apiKey").GetProperty("scheme").GetString().ShouldBe("bearer");
        foreach (var path in description.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var needed = RouteScopes.Find(operation.Name.ToUpperInvariant(), path.Name).ShouldNotBeNull($"{operation.Name} {path.Name}");
                if (needed == RouteScopes.Public) operation.Value.TryGetProperty("security", out _).ShouldBeFalse(path.Name);
                else
                    operation.Value.GetProperty("security")[0].GetProperty("apiKey").EnumerateArray().Select(scope => scope.GetString())
                        .ShouldBe(needed == RouteScopes.AnyKey ? [] : [needed], path.Name);
            }
        }
    }

    private static string PathOf(string pattern) => string.Join('/', pattern.Split('/').Select(part => part switch
    {
        "{metric}" => "retention",
        "{period}" => "2025-01",
        "{type}" => "purchase_made",
        "{model}" => "cohorts",
        "{name}" => "channel",
        ['{', ..] => "c-1",
        _ => part,
    }));
}
