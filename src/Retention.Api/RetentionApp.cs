namespace Retention.Api;

/// <summary>What the web host needs to know.</summary>
public sealed record ServiceOptions(string ConnectionString, int Port);

/// <summary>The web host.</summary>
public static class RetentionApp
{
    public static WebApplication Build(ServiceOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(options.Port));
        var app = builder.Build();
        app.MapGet("/health/live", () => "live");
        app.MapGet("/health/ready", () => "ready");
        app.MapGet("/v1/status", () => new { position = 0, lag = 0 });
        return app;
    }
}
