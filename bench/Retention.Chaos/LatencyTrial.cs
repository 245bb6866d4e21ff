namespace Retention.Chaos;

/// <summary>
/// How long reads of maintained cells take beside ingest at half of what the service takes in at most, against a service at rest. Each
/// question is another one than before, so that none is answered from memory. Without protection the questions are folds.
/// </summary>
public static class LatencyTrial
{
    public static async Task<Verdict> RunAsync(Store store, TrialOptions options, CancellationToken ct)
    {
        await using var node = new Node(await store.NewDatabaseAsync(ct));
        await node.StartAsync(ct);
        var part = options.Duration / 3;
        double most;
        await using (var flood = new Load([node], "latency", options.Seed) { MostInBatch = 1_000 })
        {
            var started = TimeProvider.System.GetTimestamp();
            flood.Start(4);
            await Task.Delay(part, ct);
            await flood.StopAsync();
            most = flood.Count / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        }
        string[] cells = [.. Enumerable.Range(0, 300).Select(day => $"/v1/cohorts?grain=month&asOf={new DateOnly(2026, 1, 1).AddDays(day):yyyy-MM-dd}")];
        string[] folds = [.. cells.Select(path => $"{path}&timeZone=Asia/Tokyo&filter=total%3E20")];
        await Asking.TimesAsync(node, "latency", (cells, TimeSpan.FromSeconds(2)), ct);
        var idle = await Asking.TimesAsync(node, "latency", (cells, part), ct);
        await using var load = new Load([node], "latency", options.Seed + 100) { MostInBatch = 200, Rate = most / 2 }.Start(4);
        await load.MoreAsync(1_000, ct);
        var (before, since) = (load.Count, TimeProvider.System.GetTimestamp());
        var busy = await Asking.TimesAsync(node, "latency", (options.Control ? folds : cells, part), ct);
        var rate = (load.Count - before) / TimeProvider.System.GetElapsedTime(since).TotalSeconds;
        await load.StopAsync();
        var (idleP99, busyP99) = (Asking.Percentile(idle, 0.99), Asking.Percentile(busy, 0.99));
        return new Verdict().Tell("events/s at most", Math.Round(most)).Tell("events/s meanwhile", Math.Round(rate))
            .Tell("p50 at rest, ms", Asking.Percentile(idle, 0.5)).Tell("p50 meanwhile, ms", Asking.Percentile(busy, 0.5))
            .Tell("p99 at rest, ms", idleP99).Tell("p99 meanwhile, ms", busyP99)
            .Below("p99 meanwhile by p99 at rest", busyP99 / idleP99, 4);
    }
}
