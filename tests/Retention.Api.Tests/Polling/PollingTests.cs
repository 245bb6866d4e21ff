using System.Net;
using System.Text;
using Npgsql;

namespace Retention.Api.Tests.Polling;

/// <summary>What a client that asks again and again sees.</summary>
public sealed class PollingTests(ServiceFixture service)
{
    private const string Path = "/v1/metrics/retention?from=2026-01-01&to=2026-04-01&grain=month";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Path)]
    [InlineData("/v1/metrics/revenue")]
    [InlineData("/v1/metrics/nps")]
    [InlineData("/v1/metrics/clv")]
    [InlineData("/v1/metrics/complaints")]
    [InlineData("/v1/metrics/survival")]
    [InlineData("/v1/cohorts?grain=hour")]
    [InlineData("/v1/customers")]
    [InlineData("/v1/customers/c-1")]
    [InlineData("/v1/segments/rfm")]
    [InlineData("/v1/segments/lapsed-regulars")]
    [InlineData("/v1/dimensions/channel/values")]
    [InlineData("/v1/metrics")]
    [InlineData("/v1/settings")]
    public async Task What_has_not_changed_is_not_sent_again(string path)
    {
        var tenant = await ShopAsync();
        var first = await AskAsync(tenant, At(path, tenant));
        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        first.Headers.CacheControl!.ToString().ShouldBe("no-cache, private");
        var again = await AskAsync(tenant, path, first.Headers.ETag!.ToString());
        again.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        again.Headers.ETag.ShouldBe(first.Headers.ETag);
        (await again.Content.ReadAsByteArrayAsync(Cancellation)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/v1/metrics/retention?grain=fortnight", HttpStatusCode.BadRequest)]
    [InlineData("/v1/metrics/profit", HttpStatusCode.NotFound)]
    [InlineData(Path, HttpStatusCode.OK)]
    public async Task Whoever_would_have_any_answer_gets_the_one_that_there_is(string path, HttpStatusCode status) =>
        (await AskAsync(await ShopAsync(), path, "*")).StatusCode.ShouldBe(status);

    [Fact]
    public async Task A_new_fact_is_another_answer()
    {
        var tenant = await ShopAsync();
        var first = await AskAsync(tenant, At(Path, tenant));
        await tenant.AcceptAsync(Given.Order("c-2", "2026-02-03T10:00:00Z", 10));
        var after = await AskAsync(tenant, At(Path, tenant), first.Headers.ETag!.ToString());
        after.StatusCode.ShouldBe(HttpStatusCode.OK);
        after.Headers.ETag.ShouldNotBe(first.Headers.ETag);
        (await after.Content.ReadAsStringAsync(Cancellation)).ShouldNotBe(await first.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task The_least_position_is_no_part_of_the_answer()
    {
        var tenant = await ShopAsync();
        var (without, with) = (await AskAsync(tenant, At(Path, tenant)), await AskAsync(tenant, Path));
        with.Headers.ETag.ShouldBe(without.Headers.ETag);
    }

    [Fact]
    public async Task Each_format_and_encoding_is_an_answer_of_its_own()
    {
        var tenant = await ShopAsync();
        string?[] accepts = [null, "text/csv", "application/x-ndjson"], encodings = [null, "gzip", "br"];
        var tags = new List<string>();
        foreach (var accept in accepts)
        {
            foreach (var encoding in encodings)
            {
                var answer = await AskAsync(tenant, At(Path, tenant), accept: accept, encoding: encoding);
                string.Join(',', answer.Content.Headers.ContentEncoding).ShouldBe(encoding ?? "");
                answer.Headers.Vary.ShouldContain("Accept-Encoding");
                tags.Add(answer.Headers.ETag!.Tag);
            }
        }
        tags.ShouldBeUnique();
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_packed_answer_says_the_same(string encoding)
    {
        var tenant = await ShopAsync();
        var plain = await (await AskAsync(tenant, At(Path, tenant))).Content.ReadAsStringAsync(Cancellation);
        var packed = await (await AskAsync(tenant, Path, encoding: encoding)).Content.ReadAsStreamAsync(Cancellation);
        using Stream unpacked = encoding == "br" ? new System.IO.Compression.BrotliStream(packed, System.IO.Compression.CompressionMode.Decompress)
            : new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionMode.Decompress);
        (await new StreamReader(unpacked, Encoding.UTF8).ReadToEndAsync(Cancellation)).ShouldBe(plain);
    }

    [Fact]
    public async Task An_answer_that_is_kept_is_given_again()
    {
        var tenant = await ShopAsync();
        var first = await AskAsync(tenant, At(Path, tenant));
        var again = await AskAsync(tenant, Path);
        while (!again.Headers.GetValues("Server-Timing").Single().EndsWith("hit", StringComparison.Ordinal)) again = await AskAsync(tenant, Path);
        first.Headers.GetValues("Server-Timing").Single().ShouldStartWith("answer;dur=");
        (await again.Content.ReadAsStringAsync(Cancellation)).ShouldBe(await first.Content.ReadAsStringAsync(Cancellation));
        again.Content.Headers.ContentType!.ToString().ShouldBe("application/json; charset=utf-8");
    }

    [Fact]
    public async Task The_next_page_is_linked_from_a_kept_list_too()
    {
        var tenant = await ShopAsync();
        await tenant.AcceptAsync(Given.Order("c-2", "2026-02-03T10:00:00Z", 10));
        await AskAsync(tenant, At("/v1/customers?limit=1", tenant));
        var kept = await AskAsync(tenant, "/v1/customers?limit=1");
        while (!kept.Headers.GetValues("Server-Timing").Single().EndsWith("hit", StringComparison.Ordinal)) kept = await AskAsync(tenant, "/v1/customers?limit=1");
        kept.Headers.GetValues("Link").Single().ShouldContain("cursor=");
    }

    [Fact]
    public async Task Without_change_the_read_models_are_not_asked()
    {
        await using var api = await service.StartAsync($"polling_{Guid.NewGuid():n}"[..30], TimeProvider.System);
        var tenant = await ShopAsync(api.Tenant("shop"));
        var kept = await AskAsync(tenant, At(Path, tenant), api: api);
        while (!kept.Headers.GetValues("Server-Timing").Single().EndsWith("hit", StringComparison.Ordinal)) kept = await AskAsync(tenant, Path, api: api);
        var place = api.Owned;
        await using var blocker = await place.DataSource.OpenConnectionAsync(Cancellation);
        await using var locked = await blocker.BeginTransactionAsync(Cancellation);
        await using (var command = new NpgsqlCommand(place.Qualify("lock table {schema}.reflections, {schema}.mt_events, {schema}.customer_history in access exclusive mode"), blocker))
            await command.ExecuteNonQueryAsync(Cancellation);
        (await AskAsync(tenant, Path, kept.Headers.ETag!.ToString(), api: api)).StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await AskAsync(tenant, Path, api: api)).Headers.GetValues("Server-Timing").ShouldBe(["cache;desc=hit"]);
    }

    [Fact]
    public async Task A_new_day_is_another_answer_where_none_is_asked_for()
    {
        var clock = new TestClock(new(2031, 3, 10, 21, 30, 0, TimeSpan.Zero));
        await using var api = await service.StartAsync($"polling_{Guid.NewGuid():n}"[..30], clock);
        var tenant = await ShopAsync(api.Tenant("shop"));
        string[] paths = ["/v1/metrics/retention", "/v1/metrics/retention?tz=Europe/Helsinki", "/v1/cohorts?grain=hour", "/v1/metrics/retention?asOf=2026-03-01"];
        var before = await TagsAsync(tenant, paths, api);
        clock.Now = clock.Now.AddMinutes(20);
        (await TagsAsync(tenant, paths, api)).ShouldBe(before);
        // It is midnight in Helsinki, and a new hour everywhere.
        clock.Now = clock.Now.AddMinutes(15);
        Differing(before, await TagsAsync(tenant, paths, api)).ShouldBe([1, 2]);
        clock.Now = clock.Now.AddHours(3);
        Differing(before, await TagsAsync(tenant, paths, api)).ShouldBe([0, 1, 2]);
    }

    [Fact]
    public async Task Who_prefers_to_wait_is_told_as_soon_as_something_changes()
    {
        var tenant = await ShopAsync();
        while (true)
        {
            var first = await AskAsync(tenant, At(Path, tenant));
            var waiting = AskAsync(tenant, Path, first.Headers.ETag!.ToString(), prefer: "wait=30");
            await tenant.AcceptAsync(Given.Order("c-3", "2026-02-03T10:00:00Z", 10));
            var after = await waiting;
            after.StatusCode.ShouldBe(HttpStatusCode.OK);
            // Without this header the event came before the question, which did not wait then.
            if (after.Headers.TryGetValues("Preference-Applied", out var applied) && applied.Single() == "wait=30") return;
        }
    }

    [Fact]
    public async Task Who_waits_in_vain_is_told_so()
    {
        var tenant = await ShopAsync();
        var first = await AskAsync(tenant, At(Path, tenant));
        (await AskAsync(tenant, Path, first.Headers.ETag!.ToString(), prefer: "wait=1")).StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Faults_are_told_as_ever()
    {
        var answer = await service.NewTenant().GetAsync("/v1/metrics/retention?grain=eon");
        answer.ShouldBeProblem(400, "not_allowed", "grain");
        (await service.NewTenant().GetAsync("/v1/customers/nobody")).ShouldBeProblem(404, "unknown_customer");
    }

    [Fact]
    public async Task Pages_of_allowed_origins_may_ask()
    {
        var options = service.OptionsFor("retention") with { Projects = false, Origins = ["https://bi.example.com"] };
        await using var api = await RunningApi.StartAsync(options, TimeProvider.System);
        async Task<HttpResponseMessage> From(string origin)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/metrics") { Headers = { { "Origin", origin } } };
            return await api.Client.SendAsync(request, Cancellation);
        }

        (await From("https://bi.example.com")).Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["https://bi.example.com"]);
        (await From("https://elsewhere.example.com")).Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    private Task<TestTenant> ShopAsync() => ShopAsync(service.NewTenant("polling"));

    private static async Task<TestTenant> ShopAsync(TestTenant tenant)
    {
        await tenant.AcceptAsync(Given.Order("c-1", "2026-01-03T10:00:00Z", 49.9m));
        return tenant;
    }

    private static string At(string path, TestTenant tenant) =>
        path is "/v1/settings" or "/v1/metrics" ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}minPosition={tenant.Position}";

    private static IEnumerable<int> Differing(IReadOnlyList<string> before, IReadOnlyList<string> after) => Enumerable.Range(0, before.Count).Where(i => before[i] != after[i]);

    private async Task<IReadOnlyList<string>> TagsAsync(TestTenant tenant, IReadOnlyList<string> paths, RunningApi api)
    {
        var tags = new List<string>();
        foreach (var path in paths) tags.Add((await AskAsync(tenant, At(path, tenant), api: api)).Headers.ETag!.Tag);
        return tags;
    }

    private async Task<HttpResponseMessage> AskAsync(
        TestTenant tenant, string path, string? known = null, string? accept = null, string? encoding = null, string? prefer = null, RunningApi? api = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Retention-Tenant", tenant.Name } } };
        if (known is not null) request.Headers.TryAddWithoutValidation("If-None-Match", known);
        if (accept is not null) request.Headers.Add("Accept", accept);
        if (encoding is not null) request.Headers.Add("Accept-Encoding", encoding);
        if (prefer is not null) request.Headers.Add("Prefer", prefer);
        return await (api ?? service.Api).Client.SendAsync(request, Cancellation);
    }
}
