using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Retention.Chaos;

/// <summary>Single requests beside the load.</summary>
internal static class Asking
{
    /// <summary>Sends an event of its own.</summary>
    /// <returns>Its position; null where it was not acknowledged.</returns>
    public static async Task<long?> SendAsync(Node node, string tenant, CancellationToken ct)
    {
        var id = Guid.NewGuid().ToString("n");
        var touched = new
        {
            id,
            source = "asking",
            type = "customer_registered",
            customer = $"asking-{id[..4]}",
            occurredAt = "2025-01-01T00:00:00Z",
            data = new { },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = JsonContent.Create(new[] { touched }), Headers = { { "Retention-Tenant", tenant } } };
        using var response = await node.Client.SendAsync(request, ct);
        if (response.StatusCode != HttpStatusCode.OK) return null;
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(ct);
        if (answer.GetProperty("accepted").GetInt32() != 1) throw new InvalidDataException($"Not accepted: {answer}");
        return answer.GetProperty("position").GetInt64();
    }

    public static async Task<bool> IsAnsweredAsync(Node node, string tenant, string path, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Retention-Tenant", tenant } } };
        using var response = await node.Client.SendAsync(request, ct);
        return response.IsSuccessStatusCode;
    }

    /// <summary>Asks again and again, one question at a time, and pauses between, since a tenant may only ask so often.</summary>
    /// <exception cref="InvalidDataException">One was not answered.</exception>
    public static async Task<AskedTimes> TimesAsync(Node node, string tenant, (Func<string> Next, TimeSpan For) asked, CancellationToken ct)
    {
        var (times, made, clock) = (new List<double>(), new List<double>(), Stopwatch.StartNew());
        while (clock.Elapsed < asked.For)
        {
            var (path, begun) = (asked.Next(), Stopwatch.GetTimestamp());
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Retention-Tenant", tenant } } };
            using var response = await node.Client.SendAsync(request, ct);
            if (!response.IsSuccessStatusCode) throw new InvalidDataException($"{path} was not answered.");
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            if (response.Headers.TryGetValues("Server-Timing", out var told) && told.First().Split("dur=") is [_, var duration]) made.Add(double.Parse(duration, CultureInfo.InvariantCulture));
            await Task.Delay(2, ct);
        }
        return new([.. times.Order()], [.. made.Order()]);
    }
}

/// <summary>How long answers took, in milliseconds, in order.</summary>
/// <param name="Whole">Until the client had them, which here is the process that sends the load as well.</param>
/// <param name="InService">As the service says it (<c>Server-Timing</c>), where it does.</param>
internal sealed record AskedTimes(double[] Whole, double[] InService)
{
    public double this[double share] => Percentile(Whole, share);

    public double Made(double share) => Percentile(InService, share);

    private static double Percentile(double[] sorted, double share) => sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(share * sorted.Length) - 1)];
}
