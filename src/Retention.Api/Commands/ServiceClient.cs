using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Retention.Api.Commands;

/// <summary>The options by which a command finds the service that it asks, and the questions to it.</summary>
internal sealed class ServiceClient : IDisposable
{
    private readonly HttpClient http = RunningInstance.OpenHttp();

    /// <summary>Where to ask, and as whom.</summary>
    internal sealed class Options
    {
        public Option<string> Data { get; } = DataOption.Create();

        public Option<string?> Url { get; } = new("--url") { Description = "The service; by default the running one of the data folder", HelpName = "URL" };

        public Option<string?> Tenant { get; } = new("--tenant") { Description = "The tenant to ask for; by default that of the key, or default", HelpName = "T" };

        public Option<string?> Key { get; } = new("--key") { Description = "An API key that allows it", HelpName = "KEY" };

        public void AddTo(Command command)
        {
            foreach (var option in new Option[] { Url, Data, Tenant, Key }) command.Options.Add(option);
        }

        /// <summary>Does something with the service; what is wrong is said, and the exit code 1.</summary>
        public async Task<int> RunAsync(ParseResult asked, Func<ServiceClient, Task> work)
        {
            try
            {
                using var client = new ServiceClient(asked, this);
                await work(client);
                return 0;
            }
            catch (HttpRequestException away)
            {
                return Screen.Fail(away.Message);
            }
        }
    }

    /// <exception cref="HttpRequestException">No service runs on the data folder.</exception>
    public ServiceClient(ParseResult asked, Options options)
    {
        var folder = Path.GetFullPath(asked.GetRequiredValue(options.Data));
        var url = asked.GetValue(options.Url) ?? RunningInstance.Find(folder)?.Url ?? throw new HttpRequestException($"No service is running on {folder}. Start one with ./retention up, or name it with --url.");
        http.BaseAddress = new Uri(url.Contains("://", StringComparison.Ordinal) ? url : $"http://{url}");
        if (asked.GetValue(options.Tenant) is { } tenant) http.DefaultRequestHeaders.Add(Tenancy.Tenant.Header, tenant);
        if (asked.GetValue(options.Key) is { } key) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <exception cref="HttpRequestException">The service does not answer, or not with 200; the message is the service's own.</exception>
    public Task<JsonElement> AskAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, ct);

    /// <returns>The answer's JSON; undefined for one without a body.</returns>
    /// <inheritdoc cref="AskAsync"/>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await http.SendAsync(request, ct);
        var text = await response.Content.ReadAsStringAsync(ct);
        if (response.IsSuccessStatusCode) return text.Length > 0 ? JsonSerializer.Deserialize<JsonElement>(text) : default;
        throw new HttpRequestException(DetailOf(text) ?? $"The service answered {(int)response.StatusCode}.");
    }

    public void Dispose() => http.Dispose();

    private static string? DetailOf(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text).GetProperty("detail").GetString();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
