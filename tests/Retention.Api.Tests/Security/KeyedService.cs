using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Retention.Projections.Security;

namespace Retention.Api.Tests.Security;

/// <summary>A service of its own schema with keys of two tenants.</summary>
internal sealed class KeyedService(RunningApi api) : IAsyncDisposable
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public IServiceProvider Services => api.Services;

    /// <summary>As the command line makes them.</summary>
    public ApiKeys Keys { get; } = new(api.Owned);

    /// <summary>Every route of the service.</summary>
    public IEnumerable<(string Method, string Pattern)> Routes => RoutesOf(api.Services);

    public static IEnumerable<(string Method, string Pattern)> RoutesOf(IServiceProvider services) =>
        from route in services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (method, $"/{route.RoutePattern.RawText!.Trim('/')}");

    public static async Task<KeyedService> StartAsync(ServiceFixture service) =>
        new(await service.StartAsync($"keyed_{Guid.NewGuid():n}"[..20], TimeProvider.System));

    public async Task<string> KeyAsync(string tenant, params IReadOnlyList<string> scopes) => (await Keys.CreateAsync(tenant, "a test's", scopes, Cancellation)).Text;

    /// <summary>Asks with nothing but a key, until the service has seen that there are keys.</summary>
    public async Task LockedAsync()
    {
        while ((await AskAsync(null, "GET", "/v1/status")).Status != 401) await Task.Delay(20, Cancellation);
    }

    public async Task<Said> AskAsync(string? key, string method, string path, string? tenant = null, string? body = null, string mediaType = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (tenant is not null) request.Headers.Add("Retention-Tenant", tenant);
        if (method is "POST" or "PUT") request.Content = new StringContent(body ?? "{}", Encoding.UTF8, mediaType);
        using var response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        // The log as it grows has no end to wait for.
        var endless = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
        return new Said((int)response.StatusCode, endless ? "" : await response.Content.ReadAsStringAsync(Cancellation), response.Headers.WwwAuthenticate.ToString()) { RetryAfter = response.Headers.RetryAfter?.ToString() };
    }

    /// <summary>An open answer, to be read as it comes.</summary>
    public async Task<Stream> OpenAsync(string key, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
        var response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(Cancellation);
    }

    /// <summary>The status of an answer to whoever calls the service by another name.</summary>
    public async Task<System.Net.HttpStatusCode> HostedAsync(string host, string path, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = host } };
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await api.Client.SendAsync(request, Cancellation);
        return response.StatusCode;
    }

    public ValueTask DisposeAsync() => api.DisposeAsync();
}

/// <summary>What the service answered.</summary>
internal sealed record Said(int Status, string Text, string Challenge)
{
    public string? RetryAfter { get; init; }

    /// <summary>Whether it was turned away at the gate.</summary>
    public bool TurnedAway => Text.Contains("\"missing_key\"", StringComparison.Ordinal) || Text.Contains("\"unknown_key\"", StringComparison.Ordinal)
        || Text.Contains("\"missing_scope\"", StringComparison.Ordinal);
}
