using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Retention.Api.Commands;
using Retention.Api.Tests.Commands;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>A service is told to stop under load, with everything open that can last.</summary>
public sealed class DrainTests : IDisposable
{
    private const int Clients = 4;
    private const string Purchase = "drained";

    private readonly TrialFolder folder = new();
    private readonly ConcurrentDictionary<string, string> ledger = new(StringComparer.Ordinal);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_request_that_was_taken_is_answered_and_nothing_acknowledged_is_lost()
    {
        using var service = folder.Up(new Dictionary<string, string> { ["RETENTION_DRAIN_NOTICE"] = "10", ["RETENTION_LIMITS__GRACE"] = "00:01:00" });
        await service.UntilAsync("Retention is ready at", Ct);
        using var seen = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(number => Task.Run(() => SendAsync(number, seen.Token), Ct)).ToArray();
        await UntilSentAsync(200, clients);
        using var http = Open();
        var (slow, body) = await BeginSlowlyAsync(http);
        var waiting = await WaitForChangeAsync();
        var stream = await FollowAsync(http);
        var before = ledger.Count;
        await UntilSentAsync(before + 20, clients);
        (slow.IsCompleted, waiting.IsCompleted, stream.IsCompleted).ShouldBe((false, false, false));

        await service.SignalAsync("TERM", Ct);

        // Whoever spreads requests looks whether the service is ready, and turns elsewhere.
        while ((await http.GetAsync(new Uri("/health/ready", UriKind.Relative), Ct)).StatusCode == HttpStatusCode.OK) await Task.Delay(5, Ct);
        var told = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), Ct);
        (told.StatusCode, await told.Content.ReadAsStringAsync(Ct), told.Headers.ConnectionClose).ShouldBe((HttpStatusCode.ServiceUnavailable, """{"status":"stopping"}""", true));
        await UntilSentAsync(ledger.Count + 5, clients);
        await seen.CancelAsync();
        await Task.WhenAll(clients);

        // It takes no more, and the slow request has not ended yet.
        await UntilAsync(() => IsClosedAsync());
        slow.IsCompleted.ShouldBeFalse();
        body.Release();
        var answer = await slow;
        (answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct)).ShouldSatisfyAllConditions(
            got => got.StatusCode.ShouldBe(HttpStatusCode.OK), got => got.Item2.ShouldContain("\"accepted\":2"));
        (await waiting).StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await stream).ShouldContain("data: ");
        (await service.EndAsync(Ct)).ShouldBe(0, service.Errors);

        using var again = folder.Up();
        await again.UntilAsync("Retention is ready at", Ct);
        using var later = Open();
        var log = await later.GetStringAsync(new Uri("/v1/events", UriKind.Relative), Ct);
        ledger.Keys.Where(id => !log.Contains($"\"{id}\"", StringComparison.Ordinal)).ShouldBeEmpty("acknowledged and lost");
        await again.SignalAsync("TERM", Ct);
        (await again.EndAsync(Ct)).ShouldBe(0);
    }

    /// <summary>Sends purchases one by one until told; each must be answered by 200.</summary>
    private async Task SendAsync(int client, CancellationToken enough)
    {
        using var http = Open();
        for (var number = 0; !enough.IsCancellationRequested; number++)
        {
            var id = $"{Purchase}-{client}-{number}";
            var purchase = Order($"c-{client}", "2025-01-01").With("id", $"\"{id}\"").With("data.orderId", $"\"{id}\"");
            using var content = new StringContent(TestTenant.Json([purchase]), Encoding.UTF8, "application/json");
            using var response = await http.PostAsync(new Uri("/v1/events", UriKind.Relative), content, Ct);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(Ct));
            ledger.TryAdd(id, "").ShouldBeTrue();
        }
    }

    private static async Task<(Task<HttpResponseMessage> Answer, SlowBody Body)> BeginSlowlyAsync(HttpClient http)
    {
        var body = new SlowBody(Order("slow", "2025-02-01").ToJsonString(), Order("slow", "2025-02-02").ToJsonString());
        var answer = http.PostAsync(new Uri("/v1/events", UriKind.Relative), body, Ct);
        await body.Begun.Task.WaitAsync(Ct);
        return (answer, body);
    }

    /// <summary>Waits for a change of figures of a tenant that nothing happens to.</summary>
    private async Task<Task<HttpResponseMessage>> WaitForChangeAsync()
    {
        var http = Open("quiet");
        using var content = new StringContent(TestTenant.Json([Order("c-1", "2025-01-01")]), Encoding.UTF8, "application/json");
        using var sent = await http.PostAsync(new Uri("/v1/events", UriKind.Relative), content, Ct);
        var position = JsonNode.Parse(await sent.Content.ReadAsStringAsync(Ct))!["position"];
        var question = new Uri($"/v1/metrics/revenue?asOf=2025-06-01&minPosition={position}", UriKind.Relative);
        using var now = await http.GetAsync(question, Ct);
        var request = new HttpRequestMessage(HttpMethod.Get, question) { Headers = { { "If-None-Match", now.Headers.ETag!.ToString() }, { "Prefer", "wait=60" } } };
        return http.SendAsync(request, Ct);
    }

    /// <summary>Reads the stream to its end, which must be a proper one.</summary>
    private static async Task<Task<string>> FollowAsync(HttpClient http)
    {
        var response = await http.GetAsync(new Uri("/v1/events/stream?after=0", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Ct);
        return response.Content.ReadAsStringAsync(Ct);
    }

    private async Task<bool> IsClosedAsync()
    {
        try
        {
            using var fresh = Open();
            using var answer = await fresh.GetAsync(new Uri("/health/live", UriKind.Relative), Ct);
            return false;
        }
        catch (HttpRequestException)
        {
            return true;
        }
    }

    private HttpClient Open(string tenant = "ledger")
    {
        var http = RunningInstance.OpenHttp();
        http.BaseAddress = new Uri(folder.Url);
        http.DefaultRequestHeaders.Add("Retention-Tenant", tenant);
        return http;
    }

    /// <summary>Waits until so many are acknowledged; fails as soon as a client has.</summary>
    private async Task UntilSentAsync(int wanted, Task[] clients)
    {
        while (ledger.Count < wanted)
        {
            if (Array.Find(clients, client => client.IsFaulted) is { } faulted) await faulted;
            await Task.Delay(5, Ct);
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> fact)
    {
        while (!await fact()) await Task.Delay(5, Ct);
    }

    /// <summary>Two lines, of which the second is sent when the test says so.</summary>
    private sealed class SlowBody : HttpContent
    {
        private readonly string first;
        private readonly string second;
        private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SlowBody(string first, string second)
        {
            (this.first, this.second) = (first, second);
            Headers.ContentType = new("application/x-ndjson");
        }

        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => released.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(first + "\n"), Ct);
            await stream.FlushAsync(Ct);
            Begun.SetResult();
            await released.Task;
            await stream.WriteAsync(Encoding.UTF8.GetBytes(second + "\n"), Ct);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
