using System.Text.Json.Nodes;
using Retention.Api.Commands;
using Retention.Api.Tests.Commands;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Telemetry;

/// <summary>
/// A service of its own that takes events in, reflects them, answers, erases its customer, loses its database for a moment and stops, while a collector receives
/// what it tells of itself. Ids, texts and attributes of its customer hold one word, which stands nowhere else.
/// </summary>
public sealed class ExportedRun : IAsyncLifetime
{
    public const string Canary = "canaryc0ffee";

    /// <summary>The trace that the sender of the events has begun.</summary>
    public const string Trace = "0af7651916cd43dd8448eb211c80319c";

    private readonly TrialFolder folder = new();
    private Collector? collector;

    internal Collector Collector => collector!;

    /// <summary>What the service printed.</summary>
    public string Printed { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var ct = CancellationToken.None;
        collector = await Collector.StartAsync(ct);
        using var service = folder.Up(collector.Environment);
        await service.UntilAsync("Retention is ready at", ct);
        using var http = RunningInstance.OpenHttp();
        http.BaseAddress = new Uri(folder.Url);
        http.DefaultRequestHeaders.Add("Retention-Tenant", "shop");
        await SendAsync(http, Trace, ct);
        string[] paths =
        [
            $"/v1/customers/{Canary}?minPosition=4", $"/v1/customers?filter=nickname:{Canary}", "/v1/customers", "/v1/dimensions/nickname/values", "/v1/events", $"/v1/events?customer={Canary}",
            "/v1/metrics/retention", "/v1/metrics/retention", $"/v1/metrics/retention?{Canary}=1",
        ];
        foreach (var path in paths) await http.GetAsync(new Uri(path, UriKind.Relative), ct);
        // An erasure, once more where there is nothing left, and what comes late for who was erased.
        foreach (var times in Enumerable.Range(0, 2)) (await http.DeleteAsync(new Uri($"/v1/customers/{Canary}", UriKind.Relative), ct)).EnsureSuccessStatusCode();
        await SendAsync(http, new string('1', Trace.Length), ct);
        await WaitForAsync(() => collector.Metrics.Any(metric => metric.Name == "retention.projection.lag"), ct);
        // A server that is back before the question comes is killed once more.
        var failing = new Uri($"/v1/customers/{Canary}/timeline?filter=nickname:{Canary}", UriKind.Relative);
        do folder.KillServers();
        while ((await http.GetAsync(failing, ct)).StatusCode != System.Net.HttpStatusCode.ServiceUnavailable);
        await service.UntilAsync("PostgreSQL runs again.", ct);
        await service.SignalAsync("TERM", ct);
        (await service.EndAsync(ct)).ShouldBe(0, service.Errors);
        Printed = service.Output + service.Errors;
    }

    public async ValueTask DisposeAsync()
    {
        if (collector is not null) await collector.DisposeAsync();
        folder.Dispose();
    }

    private static async Task SendAsync(HttpClient http, string trace, CancellationToken ct)
    {
        JsonObject[] events =
        [
            Order(Canary, "2025-01-01"), Complaint(Canary, "2025-01-02", Canary, Canary), Score(Canary, "2025-01-03", "nps", 2, Canary),
            Event("customer_changed", Canary, "2025-01-04", new JsonObject { ["attributes"] = new JsonObject { ["nickname"] = Canary } }),
            Score(Canary, "2025-01-05", "nps", 99, Canary),
        ];
        using var content = new StringContent(TestTenant.Json(events), System.Text.Encoding.UTF8, "application/json");
        content.Headers.Add("X-Note", Canary);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = content, Headers = { { "traceparent", $"00-{trace}-b7ad6b7169203331-01" } } };
        (await http.SendAsync(request, ct)).EnsureSuccessStatusCode();
    }

    private static async Task WaitForAsync(Func<bool> fact, CancellationToken ct)
    {
        while (!fact()) await Task.Delay(20, ct);
    }
}
