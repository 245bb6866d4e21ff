namespace Retention.Api;

/// <summary>
/// How the service goes: first it says under <c>/health/ready</c> that it does, and asks clients for new connections, while it still takes
/// requests, so that whoever spreads them turns elsewhere; then it takes no more, ends what waits for something to change, and lets
/// everything else end, appends with their commits among it, within a limit.
/// </summary>
internal static class Draining
{
    /// <summary>Answers over connections that are kept alive end these once the service goes.</summary>
    public static void UseFarewell(this WebApplication app)
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        app.Use(next => http =>
        {
            if (readiness.Stopping) http.Response.Headers.Connection = "close";
            return next(http);
        });
    }

    /// <summary>Gives notice, then stops.</summary>
    public static async Task StopAsync(WebApplication app)
    {
        app.Services.GetRequiredService<Readiness>().Stopping = true;
        var (options, time) = (app.Services.GetRequiredService<ServiceOptions>(), app.Services.GetRequiredService<TimeProvider>());
        if (options.DrainNotice > TimeSpan.Zero) await Task.Delay(options.DrainNotice, time);
        await app.StopAsync(CancellationToken.None);
    }
}
