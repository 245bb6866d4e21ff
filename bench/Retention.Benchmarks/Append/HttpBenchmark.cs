using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Benchmarks.Append;

/// <summary>
/// Measures ingest as a client sees it: the built service in a process of its own, over a database of its own on the same server, with
/// validation. It takes events in only, as a node beside the one that projects does, or reflects meanwhile what was stored.
/// </summary>
internal sealed class HttpBenchmark(ServiceProcess service) : IAsyncDisposable
{
    private const int Customers = 10_000;

    /// <summary>A service that has been warmed up and, where it projects, has reflected everything so far.</summary>
    public static async Task<HttpBenchmark> StartAsync(Place place, bool projects, CancellationToken ct)
    {
        // The connections that the measurements before have left would be missing to the service.
        place.DataSource.Clear();
        const string database = "over_http";
        await ExecuteAsync(place, $"drop database if exists {database} with (force)", ct);
        await ExecuteAsync(place, $"create database {database}", ct);
        var connection = new NpgsqlConnectionStringBuilder(place.DataSource.ConnectionString) { Database = database };
        var benchmark = new HttpBenchmark(await ServiceProcess.StartAsync(connection.ConnectionString, projects, ct));
        for (var round = 0; round < 20; round++)
            await benchmark.PostAsync(Text(1_000_000_000 + (round * 2_000), 2_000, "warm"), "application/x-ndjson", "warm", ct);
        if (projects) await benchmark.SettleAsync("warm", ct);
        await ExecuteAsync(place, "checkpoint", ct);
        return benchmark;
    }

    /// <summary>Files of NDJSON, each streamed by a post of its own, until the last is answered.</summary>
    public async Task<Figure> StreamAsync(string name, int posts, int events, CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("retention-bench-");
        try
        {
            var each = events / posts;
            var files = Enumerable.Range(0, posts).Select(post => Path.Combine(folder.FullName, $"{post}.ndjson")).ToArray();
            foreach (var (post, file) in files.Index())
                await File.WriteAllLinesAsync(file, Samples.Lines(post * each, each, Customers / posts, $"w{post}"), ct);
            var (cpu, clock) = (service.CpuSeconds, Stopwatch.StartNew());
            var accepted = await Task.WhenAll(files.Select(file => Task.Run(async () =>
            {
                await using var body = File.OpenRead(file);
                return await PostAsync(new StreamContent(body, 1 << 16), "application/x-ndjson", Samples.Tenant, ct);
            }, ct)));
            var seconds = clock.Elapsed.TotalSeconds;
            if (accepted.Sum() != each * posts) throw new InvalidOperationException($"{accepted.Sum()} of {each * posts} events were accepted.");
            return new Figure(name, each * posts, seconds, Service: new ServiceUse(service.PeakMemoryBytes, service.CpuSeconds - cpu));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Requests of one event each, one after the other by each caller.</summary>
    public async Task<Figure> SinglesAsync(string name, int callers, TimeSpan duration, CancellationToken ct)
    {
        var (cpu, clock) = (service.CpuSeconds, Stopwatch.StartNew());
        var calls = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var taken = new List<TimeSpan>();
            foreach (var line in Samples.Lines(caller * 1_000_000, 1_000_000, Customers, $"w{caller}"))
            {
                if (clock.Elapsed > duration) break;
                var start = Stopwatch.GetTimestamp();
                await PostAsync(new StringContent($"[{line}]"), "application/json", Samples.Tenant, ct);
                taken.Add(Stopwatch.GetElapsedTime(start));
            }
            return taken;
        }, ct)));
        var figure = AppendBenchmark.Figure(name, calls.Sum(own => own.Count), clock.Elapsed, calls);
        return figure with { Service = new ServiceUse(service.PeakMemoryBytes, service.CpuSeconds - cpu) };
    }

    public ValueTask DisposeAsync() => service.DisposeAsync();

    private static StringContent Text(int first, int count, string group) =>
        new(string.Join('\n', Samples.Lines(first, count, 100, group)), Encoding.UTF8);

    /// <returns>How many events the service accepted.</returns>
    private async Task<int> PostAsync(HttpContent content, string mediaType, string tenant, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = content, Headers = { { "Retention-Tenant", tenant } } };
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using var response = await service.Client.SendAsync(request, ct);
        var answer = await response.Content.ReadAsStringAsync(ct);
        return response.IsSuccessStatusCode
            ? JsonDocument.Parse(answer).RootElement.GetProperty("accepted").GetInt32()
            : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {answer}"));
    }

    /// <summary>Waits until the projection has reflected what the tenant's last event is.</summary>
    private async Task SettleAsync(string tenant, CancellationToken ct)
    {
        var last = await LastAsync(tenant, ct);
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/metrics/revenue?minPosition={last}") { Headers = { { "Retention-Tenant", tenant } } };
            using var response = await service.Client.SendAsync(request, ct);
            if (response.IsSuccessStatusCode) return;
        }
    }

    private async Task<long> LastAsync(string tenant, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Headers = { { "Retention-Tenant", tenant } } };
        request.Content = Text(2_000_000_000, 1, "last");
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var response = await service.Client.SendAsync(request, ct);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync(ct)).RootElement.GetProperty("position").GetInt64();
    }

    private static async Task ExecuteAsync(Place place, string sql, CancellationToken ct)
    {
        await using var command = place.Command(sql);
        await command.ExecuteNonQueryAsync(ct);
    }
}
