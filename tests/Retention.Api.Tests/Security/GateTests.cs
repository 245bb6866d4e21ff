using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Retention.Api.Security;
using Retention.Projections.Security;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Security;

public sealed class GateTests(ServiceFixture service)
{
    private const string Canary = "zuckerwatte-4711";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_speaks_for_its_tenant_and_sees_no_other()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        var (a, b) = (await keyed.KeyAsync("a", [.. Scopes.All]), await keyed.KeyAsync("b", [.. Scopes.All]));
        await keyed.LockedAsync();
        var position = await SendAsync(keyed, a, Order("only-a", "2025-01-01"));

        (await keyed.AskAsync(a, "GET", $"/v1/customers/only-a?minPosition={position}")).Status.ShouldBe(200);
        (await keyed.AskAsync(b, "GET", $"/v1/customers/only-a?minPosition={position}")).Status.ShouldBe(404);
        (await keyed.AskAsync(b, "GET", "/v1/events?after=0")).Text.ShouldNotContain("only-a");
        (await keyed.AskAsync(b, "GET", "/v1/tenants")).Text.ShouldNotContain("\"a\"");
        (await keyed.AskAsync(b, "POST", "/v1/tenants", body: """{"name":"a"}""")).Text.ShouldContain("other_tenant");
        (await keyed.AskAsync(b, "DELETE", "/v1/tenants/a")).Text.ShouldContain("other_tenant");
        (await keyed.AskAsync(b, "DELETE", "/v1/tenants/nobody")).Text.ShouldContain("other_tenant");
        (await keyed.AskAsync(a, "GET", "/v1/customers/only-a")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Deleting_the_tenant_of_the_last_key_opens_the_service_to_nobody()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        var key = await keyed.KeyAsync("a", [.. Scopes.All]);
        await keyed.LockedAsync();

        (await keyed.AskAsync(key, "DELETE", "/v1/tenants/a")).Status.ShouldBe(204);

        (await keyed.Keys.AllAsync(Cancellation)).ShouldBeEmpty();
        while ((await keyed.Services.GetRequiredService<KeyRing>().CurrentAsync(Cancellation)).Find(key) is not null) await Task.Delay(20, Cancellation);
        (await keyed.AskAsync(null, "GET", "/v1/status")).Status.ShouldBe(401);
        (await keyed.AskAsync(key, "GET", "/v1/status")).Status.ShouldBe(401);
        (await keyed.KeyAsync("b", [.. Scopes.All])).ShouldNotBeEmpty();
        (await keyed.Keys.UnlockAsync(Cancellation)).ShouldBeFalse("a key is good");
        await keyed.Keys.RevokeAsync((await keyed.Keys.AllAsync(Cancellation)).Single().Prefix, Cancellation);
        (await keyed.Keys.UnlockAsync(Cancellation)).ShouldBeTrue();
        while ((await keyed.AskAsync(null, "GET", "/v1/status")).Status == 401) await Task.Delay(20, Cancellation);
        (await keyed.AskAsync(null, "GET", "/v1/status")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_first_key_speaks_for_its_tenant_from_when_it_is_first_sent()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        (await keyed.AskAsync(null, "GET", "/v1/status")).Status.ShouldBe(200);
        var key = await keyed.KeyAsync("a", [.. Scopes.All]);

        await SendAsync(keyed, key, Order("c", "2025-01-01"));

        (await keyed.AskAsync(key, "GET", "/v1/events")).Text.ShouldContain("purchase_made");
        (await keyed.AskAsync(key, "GET", "/v1/tenants")).Text.ShouldNotContain("default");
        (await keyed.AskAsync(null, "GET", "/v1/status")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Personal_data_is_shown_to_nobody_without_the_scope()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        var (read, personal) = (await keyed.KeyAsync("a", Scopes.Read), await keyed.KeyAsync("a", Scopes.ReadPersonal));
        var ingest = await keyed.KeyAsync("a", Scopes.Ingest);
        await keyed.LockedAsync();
        var position = await SendAsync(
            keyed, ingest,
            Order("c", "2025-01-01").With("data.note", $"\"{Canary}\""), Complaint("c", "2025-01-02", "1", Canary), Score("c", "2025-01-03", "nps", 2, Canary),
            Event("customer_changed", "c", "2025-01-04", new JsonObject { ["attributes"] = new JsonObject { ["email"] = Canary, ["country"] = "FI" } }));

        string[] paths =
        [
            "/v1/customers", "/v1/customers?format=csv", "/v1/customers/c", "/v1/customers/c/timeline",
            "/v1/customers/c/timeline?format=csv", "/v1/dimensions/email/values", "/v1/segments/detractors", "/v1/segments/open-complaints",
            "/v1/complaints/breaches", "/v1/metrics/retention/lineage?period=2025-01&role=any",
            // What customers reflect is complete, and so is in the log.
            "/v1/events?after=0", "/v1/events?after=0&format=csv",
        ];
        var shown = 0;
        foreach (var path in paths)
        {
            var asked = path.StartsWith("/v1/events", StringComparison.Ordinal) ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}minPosition={position}";
            var (without, with) = (await keyed.AskAsync(read, "GET", asked), await keyed.AskAsync(personal, "GET", asked));
            without.Text.ShouldNotContain(Canary, customMessage: path);
            with.Status.ShouldBe(200, with.Text);
            if (with.Text.Contains(Canary, StringComparison.Ordinal)) shown++;
            (await keyed.AskAsync(read, "GET", asked)).Text.ShouldBe(without.Text, "an answer that is kept for one is not for the other");
        }
        shown.ShouldBe(8);
        (await keyed.AskAsync(read, "GET", "/v1/dimensions/email/values")).Text.ShouldContain("lacks the scope read:pii");
        (await keyed.AskAsync(read, "GET", "/v1/dimensions/country/values")).Text.ShouldContain("FI");
        (await keyed.AskAsync(read, "GET", "/v1/customers/c")).Text.ShouldContain("FI");
    }

    [Fact]
    public async Task Nobody_without_the_scope_finds_out_a_personal_value_by_trying()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        var (read, personal) = (await keyed.KeyAsync("a", Scopes.Read), await keyed.KeyAsync("a", Scopes.Read, Scopes.ReadPersonal));
        var ingest = await keyed.KeyAsync("a", Scopes.Ingest);
        await keyed.LockedAsync();
        await SendAsync(
            keyed, ingest, Order("c", "2025-01-01"),
            Event("customer_changed", "c", "2025-01-01", new JsonObject { ["attributes"] = new JsonObject { ["email"] = Canary, ["touchpoint"] = Canary, ["country"] = "FI" } }));

        string[] paths =
        [
            "/v1/customers?filter=email:", "/v1/metrics/retention?filter=country:FI&filter=email:", "/v1/metrics/revenue?filter=touchpoint:", "/v1/cohorts?filter=email:",
            "/v1/metrics/retention/lineage?period=2025-01&filter=email:",
        ];
        foreach (var path in paths)
        {
            (await keyed.AskAsync(personal, "GET", path + Canary)).Status.ShouldBe(200, path);
            var refused = await keyed.AskAsync(read, "GET", path + Canary);
            refused.Status.ShouldBe(403, refused.Text);
            refused.Text.ShouldContain("missing_scope");
        }
        (await keyed.AskAsync(read, "GET", "/v1/metrics/retention?filter=country:FI")).Status.ShouldBe(200);
        (await keyed.AskAsync(read, "GET", "/v1/metrics/nps?filter=touchpoint:checkout")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_and_what_it_still_reads_is_cut_off()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        var key = await keyed.KeyAsync("a", Scopes.Read);
        await keyed.LockedAsync();
        await using var stream = await keyed.OpenAsync(key, "/v1/events/stream?after=0");
        (await keyed.AskAsync(key, "GET", "/v1/settings")).Status.ShouldBe(200);

        var since = Stopwatch.StartNew();
        (await keyed.Keys.RevokeAsync(key[..12], Cancellation)).ShouldBe("a");
        while ((await keyed.AskAsync(key, "GET", "/v1/settings")).Status == 200) await Task.Delay(20, Cancellation);

        since.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        await Should.ThrowAsync<IOException>(async () =>
        {
            while (await stream.ReadAsync(new byte[1024], Cancellation) > 0) since.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        });
        since.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        (await keyed.Keys.RevokeAsync(key[..12], Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task No_key_is_kept_that_could_be_sent()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        var key = await keyed.KeyAsync("a", Scopes.Read);
        await using var database = NpgsqlDataSource.Create(service.ConnectionString);
        await using var rows = database.CreateCommand($"select string_agg(api_keys::text, ' ') from {SchemaOf(keyed)}.api_keys");

        var stored = (string)(await rows.ExecuteScalarAsync(Cancellation))!;
        stored.ShouldContain(key[..12]);
        stored.ShouldNotContain(key[13..]);
    }

    [Fact]
    public async Task Acts_of_administration_are_on_record_with_the_key_that_asked()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        var (admin, other) = (await keyed.KeyAsync("a", Scopes.Admin), await keyed.KeyAsync("b", Scopes.Admin));
        await keyed.LockedAsync();

        (await keyed.AskAsync(admin, "PUT", "/v1/settings", body: """{"minN":7}""")).Status.ShouldBe(200);

        var acts = JsonSerializer.Deserialize<JsonElement>((await keyed.AskAsync(admin, "GET", "/v1/audit")).Text).GetProperty("acts").EnumerateArray().ToList();
        var act = acts.ShouldHaveSingleItem();
        (act.GetProperty("act").GetString(), act.GetProperty("by").GetString()).ShouldBe(("PUT /v1/settings", admin[..12]));
        (await keyed.AskAsync(other, "GET", "/v1/audit")).Text.ShouldNotContain(admin[..12]);
    }

    [Fact]
    public async Task Beyond_this_machine_the_service_listens_only_with_a_key()
    {
        var options = service.OptionsFor($"open_{Guid.NewGuid():n}"[..20]) with { Listen = IPAddress.Any };
        await using var refused = RetentionApp.Build(options);
        (await Should.ThrowAsync<StandsOpenException>(() => refused.StartAsync(Cancellation))).Message.ShouldContain("retention keys create");

        await using (var local = new KeyedService(await RunningApi.StartAsync(options with { Listen = null }, TimeProvider.System))) await local.KeyAsync("a", Scopes.Read);
        await using var open = RetentionApp.Build(options);
        await open.StartAsync(Cancellation);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{new Uri(open.Urls.First().Replace("0.0.0.0", "localhost", StringComparison.Ordinal)).Port}") };
        (await http.GetAsync("/v1/settings", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await http.GetAsync("/health/live", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await open.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Without_keys_another_host_is_refused_and_with_keys_the_key_decides()
    {
        await using var keyed = await KeyedService.StartAsync(service);
        (await HostedAsync(keyed, "/v1/status", null)).ShouldBe(HttpStatusCode.Forbidden);
        (await HostedAsync(keyed, "/health/live", null)).ShouldBe(HttpStatusCode.Forbidden);
        var key = await keyed.KeyAsync("a", Scopes.Read);
        await keyed.LockedAsync();

        (await HostedAsync(keyed, "/v1/status", null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await HostedAsync(keyed, "/v1/status", key)).ShouldBe(HttpStatusCode.OK);
        (await HostedAsync(keyed, "/health/live", null)).ShouldBe(HttpStatusCode.OK);
    }

    private static Task<HttpStatusCode> HostedAsync(KeyedService keyed, string path, string? key) => keyed.HostedAsync("evil.example", path, key);

    private static string SchemaOf(KeyedService keyed) =>
        ((Projections.EventLog.Place)keyed.Services.GetService(typeof(Projections.EventLog.Place))!).Schema;

    private static async Task<long> SendAsync(KeyedService keyed, string key, params IReadOnlyList<JsonObject> events)
    {
        var answer = await keyed.AskAsync(key, "POST", "/v1/events", body: TestTenant.Json(events));
        answer.Status.ShouldBe(200, answer.Text);
        var root = JsonSerializer.Deserialize<JsonElement>(answer.Text);
        root.GetProperty("accepted").GetInt32().ShouldBe(events.Count, answer.Text);
        return root.GetProperty("position").GetInt64();
    }
}
