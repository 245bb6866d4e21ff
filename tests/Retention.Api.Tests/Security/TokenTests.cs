using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Retention.Api.Security;
using Retention.Api.Security.Tokens;
using Retention.Projections.Security;

namespace Retention.Api.Tests.Security;

/// <summary>Tokens of another service, beside keys.</summary>
public sealed class TokenTests(ServiceFixture service)
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TestClock clock = new(Start);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_speaks_for_its_tenant_with_its_scopes_and_no_others()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var keyed = await StartAsync(issuer.Options);
        string[] good =
        [
            issuer.Sign(Claims()), issuer.SignElliptic(Claims()), issuer.Sign(Claims(scope: new JsonArray("read", "openid", 7))),
            issuer.Sign(Claims().With("aud", "[\"other\",\"retention\"]")), issuer.Sign(Claims().With("nbf", null)),
        ];
        foreach (var token in good)
        {
            var answer = await keyed.AskAsync(token, "GET", "/v1/settings", tenant: "a");
            answer.Status.ShouldBe(200, answer.Text);
            (await keyed.AskAsync(token, "GET", "/v1/settings", tenant: "b")).Text.ShouldContain("\"other_tenant\"");
            (await keyed.AskAsync(token, "PUT", "/v1/settings")).Text.ShouldContain("lacks the scope admin");
        }
        (await keyed.AskAsync(issuer.Sign(Claims().With("scope", null)), "GET", "/v1/settings")).Text.ShouldContain("lacks the scope read");
        (await keyed.AskAsync(issuer.Sign(Claims(scope: "openid readmin")), "GET", "/v1/settings")).Text.ShouldContain("lacks the scope read");
        (await keyed.AskAsync(null, "GET", "/v1/settings")).Text.ShouldContain("\"missing_key\"");
        (await keyed.AskAsync(null, "GET", "/health/ready")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_token_that_is_not_good_here_is_refused_with_the_reason()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var keyed = await StartAsync(issuer.Options);
        JsonObject Header(string alg) => new() { ["alg"] = alg, ["kid"] = "rsa" };
        var good = issuer.Sign(Claims());
        var claims = Claims();
        (string Token, string Reason)[] refused =
        [
            (TokenIssuer.Signed(Header("none"), claims, _ => []), "algorithm"),
            (TokenIssuer.Signed(Header("HS256"), claims, bytes => HMACSHA256.HashData(Encoding.ASCII.GetBytes(issuer.PublicKey), bytes)), "algorithm"),
            (TokenIssuer.Signed(Header("RS256"), claims, bytes => HMACSHA256.HashData(Encoding.ASCII.GetBytes(issuer.PublicKey), bytes)), "signature"),
            (TokenIssuer.Signed(new JsonObject { ["alg"] = "RS256", ["kid"] = "ec" }, claims, _ => new byte[256]), "another algorithm"),
            (issuer.Sign(claims.With("iss", "\"https://evil.example\"")), "issuer"),
            (issuer.Sign(Claims().With("iss", null)), "issuer"),
            (issuer.Sign(Claims().With("aud", "\"other\"")), "audience"),
            (issuer.Sign(Claims().With("aud", null)), "audience"),
            (issuer.Sign(Claims().With("exp", null)), "never expires"),
            (issuer.Sign(Claims().With("exp", Start.AddSeconds(-31).ToUnixTimeSeconds().ToString())), "expired"),
            (issuer.Sign(Claims().With("nbf", "-1")), "not a time"),
            (issuer.Sign(Claims().With("exp", "1e300")), "not good here"),
            (issuer.Sign(Claims().With("exp", "\"soon\"")), "not good here"),
            (issuer.Sign(Claims().With("nbf", Start.AddSeconds(32).ToUnixTimeSeconds().ToString())), "not valid yet"),
            (issuer.Sign(Claims(), "other"), "does not publish"),
            (issuer.Sign(Claims().With("tenant", null)), "tenant"),
            (issuer.Sign(Claims().With("tenant", "\"A b\"")), "tenant"),
            (issuer.Sign(Claims().With("tenant", "[\"a\",\"b\"]")), "tenant"),
            (issuer.Sign(Claims().With("scope", "5")), "scope"),
            (good[..^8] + "AAAAAAAA", "signature"),
            (good.Replace('.', '!'), "neither"),
            ("a.b.c", "neither"),
            ("..", "neither"),
            (new string('x', 20_000), "neither"),
        ];
        foreach (var (token, reason) in refused)
        {
            var answer = await keyed.AskAsync(token, "GET", "/v1/settings");
            (answer.Status, answer.Challenge).ShouldBe((401, "Bearer realm=\"retention\", error=\"invalid_token\""), $"{reason}: {answer.Text}");
            answer.Text.ShouldContain("\"invalid_token\"");
            answer.Text.ShouldContain(reason);
        }
        (await keyed.AskAsync(good, "GET", "/v1/settings")).Status.ShouldBe(200);
        (await keyed.AskAsync("rtn_aaaaaaaa_00", "GET", "/v1/settings")).Text.ShouldContain("\"unknown_key\"");
    }

    [Fact]
    public async Task A_token_expires_by_the_clock_of_the_service_give_or_take_half_a_minute()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var keyed = await StartAsync(issuer.Options);
        var token = issuer.Sign(Claims());
        await using var stream = await keyed.OpenAsync(token, "/v1/events/stream?after=0");

        clock.Now = Start.AddHours(1).AddSeconds(29);
        (await keyed.AskAsync(token, "GET", "/v1/settings")).Status.ShouldBe(200);
        clock.Now = Start.AddHours(1).AddSeconds(30);
        (await keyed.AskAsync(token, "GET", "/v1/settings")).Text.ShouldContain("expired");
        await Should.ThrowAsync<IOException>(async () =>
        {
            while (await stream.ReadAsync(new byte[1024], Cancellation) > 0) { }
        });
    }

    [Fact]
    public async Task A_key_that_the_issuer_adds_is_found_at_once_but_it_is_not_asked_without_end()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var keyed = await StartAsync(issuer.Options);
        var other = issuer.Sign(Claims(), "other");
        for (var i = 0; i < 20; i++) (await keyed.AskAsync(other, "GET", "/v1/settings")).Status.ShouldBe(401);
        issuer.Reads.ShouldBe(1);

        issuer.PublishOther();
        clock.Now += TimeSpan.FromSeconds(10);
        (await keyed.AskAsync(other, "GET", "/v1/settings")).Status.ShouldBe(200);
        (await keyed.AskAsync(issuer.Sign(Claims()), "GET", "/v1/settings")).Status.ShouldBe(200);
        issuer.Reads.ShouldBe(2);
    }

    [Fact]
    public async Task A_key_that_the_issuer_withdraws_is_not_believed_for_long_and_silence_withdraws_none()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var keyed = await StartAsync(issuer.Options);
        var (rsa, elliptic) = (issuer.Sign(Claims()), issuer.SignElliptic(Claims()));
        (await keyed.AskAsync(rsa, "GET", "/v1/settings")).Status.ShouldBe(200);

        issuer.Withdraw("rsa");
        clock.Now += TimeSpan.FromMinutes(5);
        (await keyed.AskAsync(rsa, "GET", "/v1/settings")).Text.ShouldContain("does not publish");
        issuer.FallSilent();
        clock.Now += TimeSpan.FromMinutes(30);
        (await keyed.AskAsync(elliptic, "GET", "/v1/settings")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task While_the_keys_were_never_read_the_service_says_so()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        issuer.FallSilent();
        await using var keyed = await StartAsync(issuer.Options);

        var answer = await keyed.AskAsync(issuer.Sign(Claims()), "GET", "/v1/settings");
        answer.Status.ShouldBe(503);
        answer.Text.ShouldContain("\"signing_keys_unavailable\"");
    }

    [Fact]
    public async Task Keys_come_from_a_file_as_well_and_acts_are_on_record_by_subject()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, issuer.Text(), Cancellation);
        await using var keyed = await StartAsync(issuer.Options with { Keys = file });
        var token = issuer.Sign(Claims(scope: "admin"));

        (await keyed.AskAsync(token, "PUT", "/v1/settings", body: """{"minN":7}""")).Status.ShouldBe(200);

        (await keyed.AskAsync(token, "GET", "/v1/audit")).Text.ShouldContain("\"by\":\"token:anna\"");
        issuer.Reads.ShouldBe(0);
        File.Delete(file);
    }

    [Fact]
    public async Task Keys_and_tokens_stand_beside_each_other_and_a_name_of_another_host_needs_either()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var keyed = new KeyedService(await RunningApi.StartAsync(Options(issuer.Options), TimeProvider.System));
        (await keyed.HostedAsync("shop.example", "/v1/settings", null)).ShouldBe(HttpStatusCode.Unauthorized);
        var token = issuer.Sign(TokenIssuer.Claims(TimeProvider.System.GetUtcNow(), "a", "read"));
        (await keyed.HostedAsync("shop.example", "/v1/settings", token)).ShouldBe(HttpStatusCode.OK);
        var key = await keyed.KeyAsync("a", Scopes.Read);
        while ((await keyed.AskAsync(key, "GET", "/v1/settings")).Status != 200) await Task.Delay(20, Cancellation);
        (await keyed.AskAsync(token, "GET", "/v1/settings")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("http://id.example/keys", "https only")]
    [InlineData("/nowhere/keys.json", "no file")]
    public async Task Keys_that_nothing_could_be_checked_by_keep_the_service_from_starting(string keys, string words)
    {
        await using var app = RetentionApp.Build(Options(new TokenOptions(TokenIssuer.Name, TokenIssuer.Audience, keys)));
        (await Should.ThrowAsync<StandsOpenException>(() => app.StartAsync(Cancellation))).Message.ShouldContain(words);
    }

    private static JsonObject Claims(JsonNode? scope = null) => TokenIssuer.Claims(Start, "a", scope ?? "read");

    private ServiceOptions Options(TokenOptions tokens) => service.OptionsFor($"token_{Guid.NewGuid():n}"[..20]) with { Tokens = tokens };

    private async Task<KeyedService> StartAsync(TokenOptions tokens) => new(await RunningApi.StartAsync(Options(tokens), clock));
}
