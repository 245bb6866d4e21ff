using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Retention.Api.Tests.Telemetry;

internal sealed record Span(string Trace, string Id, string Parent, string Name, Dictionary<string, string> Attributes, IReadOnlyList<(string Trace, string Span)> Links);

internal sealed record Metric(string Name, string Unit, IReadOnlyList<Dictionary<string, string>> Attributes);

internal sealed record Log(string Body, string Trace);

/// <summary>Receives OTLP over HTTP in Protocol Buffers, as a collector does, and keeps everything.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<byte[]> received = [];

    private Collector(WebApplication app) => this.app = app;

    public ConcurrentQueue<Span> Spans { get; } = [];

    public ConcurrentQueue<Metric> Metrics { get; } = [];

    public ConcurrentQueue<Log> Logs { get; } = [];

    /// <summary>What the name of the service was said to be.</summary>
    public ConcurrentQueue<string> Services { get; } = [];

    /// <summary>The environment that leads a service here.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = app.Urls.First(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    public static async Task<Collector> StartAsync(CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var collector = new Collector(builder.Build());
        collector.app.MapPost("/v1/traces", http => collector.TakeAsync(http, collector.ReadSpans));
        collector.app.MapPost("/v1/metrics", http => collector.TakeAsync(http, collector.ReadMetrics));
        collector.app.MapPost("/v1/logs", http => collector.TakeAsync(http, collector.ReadLogs));
        await collector.app.StartAsync(ct);
        return collector;
    }

    /// <summary>Whether a word stands anywhere in what was received.</summary>
    public bool Holds(string word) => received.Any(body => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) >= 0);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext http, Action<ProtoMessage> read)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        received.Enqueue(body.ToArray());
        foreach (var resource in new ProtoMessage(body.ToArray()).Messages(1))
        {
            Services.Enqueue(resource.Messages(1).Single().Attributes(1)["service.name"]);
            foreach (var scope in resource.Messages(2)) read(scope);
        }
        http.Response.ContentType = "application/x-protobuf";
    }

    private void ReadSpans(ProtoMessage scope)
    {
        foreach (var span in scope.Messages(2))
            Spans.Enqueue(new Span(
                span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5), span.Attributes(9), [.. span.Messages(13).Select(link => (link.Hex(1), link.Hex(2)))]));
    }

    private void ReadMetrics(ProtoMessage scope)
    {
        // Gauge, sum and histogram; points of the last have their attributes elsewhere.
        foreach (var metric in scope.Messages(2))
            Metrics.Enqueue(new Metric(metric.Text(1), metric.Text(3),
            [
                .. metric.Messages(5).Concat(metric.Messages(7)).SelectMany(data => data.Messages(1)).Select(point => point.Attributes(7)),
                .. metric.Messages(9).SelectMany(data => data.Messages(1)).Select(point => point.Attributes(9)),
            ]));
    }

    private void ReadLogs(ProtoMessage scope)
    {
        foreach (var record in scope.Messages(2)) Logs.Enqueue(new Log(record.Messages(5).FirstOrDefault()?.Text(1) ?? "", record.Hex(9)));
    }
}
