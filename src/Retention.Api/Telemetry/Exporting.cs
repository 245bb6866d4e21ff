using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Retention.Projections;

namespace Retention.Api.Telemetry;

/// <summary>
/// Sends traces, metrics and logs to a collector (OTLP), as OpenTelemetry's environment variables say: endpoint, protocol, headers,
/// service name, resource, sampler, intervals. Off while none names an endpoint, or <c>OTEL_SDK_DISABLED</c> is true.
/// </summary>
internal sealed class Exporting : ILoggerProvider
{
    private static readonly string[] Endpoints =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"];

    /// <summary>What ASP.NET Core, its server, HttpClient, the runtime and Npgsql tell of themselves.</summary>
    private static readonly string[] Meters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql", Instruments.Name];

    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", Instruments.Name];

    private readonly OpenTelemetrySdk sdk = OpenTelemetrySdk.Create(telemetry => telemetry
        .ConfigureResource(resource => resource.Clear().AddService("retention", serviceVersion: StatusEndpoints.Version).AddTelemetrySdk().AddEnvironmentVariableDetector())
        .WithTracing(traces => traces.AddSource(Sources).AddProcessor<Discretion>())
        .WithMetrics(metrics => metrics.AddMeter(Meters))
        // Scopes hold paths, and paths ids of customers.
        .WithLogging(_ => { }, logs => logs.IncludeScopes = false)
        .UseOtlpExporter());

    /// <summary>Whether somebody has named a collector.</summary>
    public static bool IsWanted(IConfiguration environment) =>
        !(bool.TryParse(environment["OTEL_SDK_DISABLED"], out var disabled) && disabled) && Endpoints.Any(name => !string.IsNullOrWhiteSpace(environment[name]));

    public ILogger CreateLogger(string categoryName) => sdk.GetLoggerFactory().CreateLogger(categoryName);

    /// <summary>Sends what is left.</summary>
    public void Dispose() => sdk.Dispose();
}
