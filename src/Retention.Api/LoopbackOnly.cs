namespace Retention.Api;

/// <summary>
/// Without keys the service answers only requests whose Host is this machine by name: a page of a foreign site that a browser on this
/// machine shows cannot reach it under a name of its own.
/// </summary>
public static class LoopbackOnly
{
    private static readonly string[] Hosts = ["localhost", "127.0.0.1", "[::1]"];

    public static void UseLoopbackOnly(this WebApplication app) => app.Use((context, next) =>
        Hosts.Contains(context.Request.Host.Host, StringComparer.OrdinalIgnoreCase)
            ? next(context)
            : throw new ProblemException(403, "host_not_allowed", $"Without keys the service answers only to Host {string.Join(", ", Hosts)}."));
}
