using System.Globalization;

namespace Retention.Chaos;

/// <summary>
/// How long reads of maintained cells take beside ingest at half of what the service takes in at most, against a service at rest. Each
/// question is another one than before, so that none is answered from memory. Without protection the questions are folds.
/// </summary>
public static class LatencyTrial
{
    public static async Task<Verdict> RunAsync(Store store, TrialOptions options, CancellationToken ct)
    {
        var connection = await store.NewDatabaseAsync(ct);
        await using var database = Npgsql.NpgsqlDataSource.Create(connection);
        await using var node = new Node(connection);
        await node.StartAsync(ct);
        var part = options.Duration / 3;
        double most;
        await using (var flood = new Load([node], "latency", options.Seed) { MostInBatch = 1_000, Customers = 5_000 })
        {
            var started = TimeProvider.System.GetTimestamp();
            flood.Start(4);
            await Task.Delay(part, ct);
            await flood.StopAsync();
            most = flood.Count / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        }
        await new Reckoning(database).ReflectedAsync(ct);
        var (asked, more) = (0, "");
        Func<string> cells = () => string.Create(CultureInfo.InvariantCulture, $"/v1/cohorts?grain=month&asOf={new DateTime(2026, 1, 1).AddSeconds(++asked):yyyy-MM-dd'T'HH:mm:ss}Z{more}");
        await Asking.TimesAsync(node, "latency", (cells, TimeSpan.FromSeconds(2)), ct);
        var idle = await Asking.TimesAsync(node, "latency", (cells, part), ct);
        await using var load = new Load([node], "latency", options.Seed + 100) { MostInBatch = 200, Customers = 5_000, Rate = most / 2 }.Start(4);
        await load.MoreAsync(1_000, ct);
        var (before, since) = (load.Count, TimeProvider.System.GetTimestamp());
        if (options.Control) more = "&tz=Asia/Tokyo";
        var busy = await Asking.TimesAsync(node, "latency", (cells, part), ct);
        var rate = (load.Count - before) / TimeProvider.System.GetElapsedTime(since).TotalSeconds;
        await load.StopAsync();
        var (idleP99, busyP99) = (idle[0.99], busy[0.99]);
        return new Verdict().Tell("events/s at most", Math.Round(most)).Tell("events/s meanwhile", Math.Round(rate))
            .Tell("p50 at rest, ms", idle[0.5]).Tell("p50 meanwhile, ms", busy[0.5])
            .Tell("p99 at rest, ms", idleP99).Tell("p99 meanwhile, ms", busyP99)
            .Tell("p99 in the service at rest, ms", idle.Made(0.99)).Tell("p99 in the service meanwhile, ms", busy.Made(0.99))
            .Below("p99 meanwhile by p99 at rest", busyP99 / idleP99, 4);
    }
}
