using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Retention.Api.Security.Limiting;
using Retention.Projections.Security;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Security;

/// <summary>What a tenant may ask at once, and how slow a client may be.</summary>
public sealed class LimitsTests(ServiceFixture service)
{
    private const string Ndjson = "application/x-ndjson";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Beyond_its_requests_a_second_a_tenant_waits_and_the_others_do_not()
    {
        await using var keyed = new KeyedService(await StartAsync(new Limits { RequestsPerSecond = 5 }));
        var (a, b) = (await keyed.KeyAsync("a", Scopes.Read), await keyed.KeyAsync("b", Scopes.Read));
        await keyed.LockedAsync();

        var said = new List<Said>();
        while (said.Count < 200 && said.All(answer => answer.Status == 200)) said.Add(await keyed.AskAsync(a, "GET", "/v1/settings"));

        said.Count.ShouldBeGreaterThan(5);
        (said[^1].Status, said[^1].RetryAfter).ShouldBe((429, "1"), said[^1].Text);
        said[^1].Text.ShouldContain("\"too_many_requests\"");
        (await keyed.AskAsync(b, "GET", "/v1/settings")).Status.ShouldBe(200);
        while ((await keyed.AskAsync(a, "GET", "/v1/settings")).Status != 200) await Task.Delay(100, Cancellation);
    }

    [Fact]
    public async Task Streams_and_exports_of_a_tenant_are_counted_apart_and_given_back()
    {
        await using var api = await StartAsync(new Limits { Streams = 1, Exports = 1 });
        var (shop, other) = (api.Tenant("shop"), api.Tenant("other"));
        var open = await OpenAsync(api, "shop", "/v1/events/stream");

        var refused = await shop.GetAsync("/v1/events/stream");
        refused.ShouldBeProblem(429, "too_many_at_once", null, "1 streams");
        refused.RetryAfter.ShouldBe("2");
        (await shop.GetAsync("/v1/events")).Status.ShouldBe(200);
        using (await OpenAsync(api, "other", "/v1/events/stream")) (await other.GetAsync("/v1/settings")).Status.ShouldBe(200);

        open.Dispose();
        while (true)
        {
            using var again = await OpenAsync(api, "shop", "/v1/events/stream");
            if (again.StatusCode == HttpStatusCode.OK) break;
        }
    }

    [Fact]
    public async Task An_import_that_goes_on_without_its_request_keeps_its_place()
    {
        await using var api = await StartAsync(new Limits { Imports = 1 });
        using var gate = new HeldBody($"customer,date,amount\n{string.Concat(Enumerable.Repeat("1,19970101,9.99\n", 100_000))}");
        var first = PostAsync(api, "/v1/imports?mapping=cdnow", gate, "text/csv");
        await gate.Reading;

        Answer second;
        do second = await api.Tenant("shop").PostAsync("/v1/imports?mapping=cdnow", "a,b\n", "text/csv");
        while (second.Status == 400);
        second.ShouldBeProblem(429, "too_many_at_once", null, "1 imports");
        gate.Release();
        await first;
        while ((await api.Tenant("shop").PostAsync("/v1/imports?mapping=cdnow", "a,b\n", "text/csv")).Status == 429) await Task.Delay(20, Cancellation);
    }

    [Fact]
    public async Task Documents_are_bounded_one_by_one_and_together_and_lines_are_not()
    {
        await using var api = await StartAsync(new Limits { DocumentBytes = 3 << 20, DocumentMemory = 4 << 20, AtomicEvents = 3, ImportBytes = 1_000 });
        var shop = api.Tenant("shop");
        var spaces = new string(' ', (3 << 20) + 1);
        (await shop.PostAsync("/v1/events", $"[{spaces}]")).ShouldBeProblem(413, "too_large", null, "3145728");
        (await shop.PostAsync("/v1/events", Gzip($"[{spaces}]"), "application/json", "gzip")).ShouldBeProblem(413, "too_large");
        (await shop.PostAsync("/v1/events?atomic=true", TestTenant.Json([.. Enumerable.Range(1, 4).Select(day => Order("c", $"2025-01-0{day}"))])))
            .ShouldBeProblem(413, "too_large", null, "3 events");
        (await shop.PostAsync("/v1/imports?mapping=cdnow", new string('x', 1_001), "text/csv")).ShouldBeProblem(413, "too_large", null, "1000");
        (await shop.PostAsync("/v1/events", string.Concat(Enumerable.Repeat(new string(' ', 1_000) + "\n", 5_000)), Ndjson)).Status.ShouldBe(200);

        using var held = new HeldBody($"[{spaces[..(2 << 20)]}");
        var first = PostAsync(api, "/v1/events", held, "application/json");
        await held.Reading;
        Answer together;
        do together = await shop.PostAsync("/v1/events", $"[{spaces[..((3 << 20) - 100)]}]");
        while (together.Status == 200);
        together.ShouldBeProblem(429, "too_many_at_once", null, "4194304");
        held.Release("]");
        (await first).Status.ShouldBe(200);
        (await shop.PostAsync("/v1/events", $"[{spaces[..((3 << 20) - 100)]}]")).Status.ShouldBe(200, "what was held is given back");
    }

    [Fact]
    public async Task Who_sends_too_slowly_is_cut_off_and_the_service_goes_on()
    {
        await using var api = await StartAsync(new Limits { HeaderTime = TimeSpan.FromSeconds(1), BytesPerSecond = 10_000, Grace = TimeSpan.FromSeconds(1.1) });
        var address = api.Client.BaseAddress!;
        var head = $"POST /v1/events HTTP/1.1\r\nHost: localhost:{address.Port}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[";
        var since = Stopwatch.StartNew();
        var ends = await Task.WhenAll(TrickleAsync(address, "GET /v1/settings HTTP/1.1\r\nHost: "), TrickleAsync(address, head));

        ends.ShouldAllBe(answer => answer.Length == 0 || answer.StartsWith("HTTP/1.1 408", StringComparison.Ordinal));
        since.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15));
        (await api.Tenant("shop").GetAsync("/v1/settings")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("/v1/customers")]
    [InlineData("/v1/dimensions/channel/values")]
    public async Task A_page_has_no_more_rows_than_is_allowed_also_where_nobody_says_how_many(string list)
    {
        await using var api = await StartAsync(new Limits { PageRows = 2 });
        var shop = api.Tenant("shop");
        var sent = await shop.AcceptAsync([.. Enumerable.Range(1, 3).Select(at => Order($"c{at}", "2025-01-01", more: new() { ["channel"] = $"by-{at}" }))]);
        var three = await shop.GetAsync($"{list}?limit=3");
        three.ShouldBeProblem(400, "out_of_range", "limit", "from 1 to 2");
        (await shop.GetAsync($"{list}?minPosition={sent.Number("position")}")).List("rows").Count.ShouldBe(2);
    }

    [Fact]
    public void A_limit_that_lets_nothing_through_is_refused() =>
        Should.Throw<ArgumentOutOfRangeException>(() => RetentionApp.Build(new ServiceOptions("Host=nowhere", 0) { Limits = new Limits { Exports = 0 } }).Services.GetService(typeof(Throttle)));

    /// <summary>Sends letter by letter until the service hangs up.</summary>
    private static async Task<string> TrickleAsync(Uri address, string begin)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, Cancellation);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(begin), Cancellation);
        var reading = new StreamReader(stream).ReadToEndAsync(Cancellation);
        try
        {
            while (!reading.IsCompleted)
            {
                await stream.WriteAsync("x"u8.ToArray(), Cancellation);
                await Task.WhenAny(reading, Task.Delay(100, Cancellation));
            }
            return await reading;
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    private static async Task<HttpResponseMessage> OpenAsync(RunningApi api, string tenant, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Retention-Tenant", tenant } } };
        return await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    private static async Task<Answer> PostAsync(RunningApi api, string path, Stream body, string mediaType)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StreamContent(body), Headers = { { "Retention-Tenant", "shop" }, { "Prefer", "respond-async" } } };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using var response = await api.Client.SendAsync(request, Cancellation);
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(Cancellation));
    }

    private Task<RunningApi> StartAsync(Limits limits) => RunningApi.StartAsync(
        service.OptionsFor(string.Create(CultureInfo.InvariantCulture, $"limits_{Guid.NewGuid():n}")[..20]) with { Limits = limits }, TimeProvider.System);

    /// <summary>A body whose end is held back.</summary>
    private sealed class HeldBody(string begin) : Stream
    {
        private readonly TaskCompletionSource reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<string> rest = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private ReadOnlyMemory<byte> left = Encoding.ASCII.GetBytes(begin);
        private bool ended;

        /// <summary>When the beginning was sent.</summary>
        public Task Reading => reading.Task;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Release(string end = "") => rest.TrySetResult(end);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (left.IsEmpty && !ended)
            {
                reading.TrySetResult();
                left = Encoding.ASCII.GetBytes(await rest.Task.WaitAsync(cancellationToken));
                ended = true;
            }
            var part = Math.Min(left.Length, buffer.Length);
            left[..part].CopyTo(buffer);
            left = left[part..];
            return part;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
