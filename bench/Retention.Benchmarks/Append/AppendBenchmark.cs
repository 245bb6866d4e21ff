using System.Diagnostics;
using Npgsql;
using Retention.Projections.Embedded;
using Retention.Projections.EventLog;

namespace Retention.Benchmarks.Append;

/// <param name="Events">For each measurement of COPY and of batches.</param>
/// <param name="HttpEvents">For each measurement of NDJSON over HTTP.</param>
/// <param name="Single">How long single events are appended.</param>
/// <param name="Only">Only measurements whose name contains this; null: all.</param>
internal sealed record AppendOptions(int Events, int HttpEvents, TimeSpan Single, string? Only, FileInfo? Json);

/// <summary>Measures the append beside COPY on a private server with fsync, each measurement on empty tables after a checkpoint.</summary>
internal sealed class AppendBenchmark(Place place, AppendOptions options, Report report)
{
    private const string Yardstick = "COPY, indexes and foreign key";
    private const string Batches4 = "append, 4 writers × 1000";
    private const int Customers = 10_000;

    private static readonly Dictionary<string, string> Server = new(StringComparer.Ordinal)
    {
        ["fsync"] = "on",
        ["synchronous_commit"] = "on",
        ["full_page_writes"] = "on",
        ["shared_buffers"] = "512MB",
        ["max_wal_size"] = "8GB",
        ["checkpoint_timeout"] = "1h",
        ["shared_preload_libraries"] = "pg_stat_statements",
        ["max_connections"] = "120",
    };

    private readonly Projections.EventLog.EventLog log = new(place);

    private delegate Task<IReadOnlyList<Appended>> Append(
        string tenant, IReadOnlyList<NewEvent> events, AppendMode mode, CancellationToken ct);

    public static async Task<int> RunAsync(AppendOptions options, CancellationToken ct)
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(EmbeddedOptions.Temporary(_ => { }) with { Settings = Server }, ct);
        var connection = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { MaxPoolSize = 100 };
        await using var dataSource = NpgsqlDataSource.Create(connection.ConnectionString);
        var place = new Place(dataSource);
        await Migrations.ApplyAsync(place, ct);
        var report = new Report($"PostgreSQL {postgres.Version}, fsync on, {Environment.ProcessorCount} processors");
        await new AppendBenchmark(place, options, report).MeasureAsync(ct);
        report.Print(Yardstick, Batches4, options.Json);
        return 0;
    }

    private async Task MeasureAsync(CancellationToken ct)
    {
        await CopyBaseline.PrepareAsync(place, ct);
        for (var round = 0; round < 20; round++) await WarmUpAsync(1_000 + round, ct);
        var events = Samples.Purchases(0, options.Events, Customers, "w0");
        await CopyAsync("COPY, bare table", CopyBaseline.Bare, events, ct);
        await CopyAsync("COPY, indexes", CopyBaseline.Indexed, events, ct);
        await CopyAsync(Yardstick, CopyBaseline.WithForeignKey, events, ct);
        foreach (var writers in new[] { 1, 4 })
            foreach (var size in new[] { 100, 1_000, 10_000 })
                await BatchesAsync($"append, {writers} writers × {size}", writers, size, shared: false, ct);
        await BatchesAsync("append, 4 writers × 1000, same customers", 4, 1_000, shared: true, ct);
        await RepeatsAsync("append of duplicates, 4 writers × 1000", ct);
        foreach (var callers in new[] { 1, 64 })
            await SinglesAsync($"one event, {callers} callers", callers, log.AppendAsync, ct);
        await using var group = new GroupCommit(log);
        foreach (var callers in new[] { 1, 64 })
            await SinglesAsync($"one event, {callers} callers, group commit", callers, group.AppendAsync, ct);
        await OverHttpAsync(ct);
    }

    private async Task OverHttpAsync(CancellationToken ct)
    {
        foreach (var (posts, projects) in new[] { (1, false), (4, false), (1, true), (4, true) })
        {
            var name = $"HTTP NDJSON{(projects ? ", projected meanwhile" : "")}, {posts} posts";
            if (!Wanted(name)) continue;
            await EmptyAsync(ct);
            await using var http = await HttpBenchmark.StartAsync(place, projects, ct);
            report.Add(await http.StreamAsync(name, posts, options.HttpEvents, ct));
        }
        const string single = "HTTP, one event, 64 callers";
        if (!Wanted(single)) return;
        await EmptyAsync(ct);
        await using var service = await HttpBenchmark.StartAsync(place, projects: false, ct);
        report.Add(await service.SinglesAsync(single, 64, options.Single, ct));
    }

    private async Task CopyAsync(string name, string table, NewEvent[] events, CancellationToken ct)
    {
        // The yardsticks are measured whatever is asked for; the first, discarded round warms up.
        if (name != Yardstick && !Wanted(name)) return;
        foreach (var round in new[] { 0, 1 })
        {
            await EmptyAsync(ct);
            if (table == CopyBaseline.WithForeignKey) await CopyBaseline.MakeStreamsAsync(place, events, ct);
            var clock = Stopwatch.StartNew();
            await CopyBaseline.CopyAsync(place, table, events, ct);
            if (round == 1) report.Add(new Figure(name, events.Length, clock.Elapsed.TotalSeconds));
        }
    }

    private async Task BatchesAsync(string name, int writers, int size, bool shared, CancellationToken ct)
    {
        if (name != Batches4 && !Wanted(name)) return;
        await EmptyAsync(ct);
        var batches = Batches(writers, size, shared);
        await WarmUpAsync(size, ct);
        report.Add(await TimeAsync(name, batches, ct));
    }

    private async Task RepeatsAsync(string name, CancellationToken ct)
    {
        if (!Wanted(name)) return;
        await EmptyAsync(ct);
        var batches = Batches(4, 1_000, shared: false);
        await TimeAsync(name, batches, ct);
        report.Add(await TimeAsync(name, batches, ct));
    }

    private async Task SinglesAsync(string name, int callers, Append append, CancellationToken ct)
    {
        if (!Wanted(name)) return;
        await EmptyAsync(ct);
        await WarmUpAsync(1, ct);
        var events = Enumerable.Range(0, callers)
            .Select(caller => Samples.Purchases(caller * 100_000, 10_000 * (int)options.Single.TotalSeconds / callers, Customers, $"w{caller}")
                .Select(next => new[] { next }).ToArray())
            .ToArray();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var clock = Stopwatch.StartNew();
        var calls = await Task.WhenAll(events.Select(own => Task.Run(() => WriteAsync(own, append, () => clock.Elapsed < options.Single, ct), ct)));
        report.Add(Figure(name, calls.Sum(own => own.Count), clock.Elapsed, calls));
    }

    private async Task<Figure> TimeAsync(string name, NewEvent[][][] batches, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        var calls = await Task.WhenAll(batches.Select(own => Task.Run(() => WriteAsync(own, log.AppendAsync, () => true, ct), ct)));
        return Figure(name, batches.Sum(own => own.Sum(batch => batch.Length)), clock.Elapsed, calls);
    }

    /// <summary>One writer's batches in turn; the time of each call.</summary>
    private static async Task<List<TimeSpan>> WriteAsync(NewEvent[][] batches, Append append, Func<bool> more, CancellationToken ct)
    {
        var calls = new List<TimeSpan>(batches.Length);
        foreach (var batch in batches)
        {
            if (!more()) break;
            var start = Stopwatch.GetTimestamp();
            await append(Samples.Tenant, batch, AppendMode.KeepValid, ct);
            calls.Add(Stopwatch.GetElapsedTime(start));
        }
        return calls;
    }

    private NewEvent[][][] Batches(int writers, int size, bool shared)
    {
        var each = Math.Max(size, options.Events / writers);
        return [.. Enumerable.Range(0, writers).Select(writer =>
            Samples.Purchases(writer * each, each, shared ? Customers : Customers / writers, shared ? "all" : $"w{writer}").Chunk(size).ToArray())];
    }

    private async Task WarmUpAsync(int size, CancellationToken ct)
    {
        for (var round = 0; round < 3; round++)
            await log.AppendAsync(
                Samples.Tenant, Samples.Purchases(1_000_000_000 + (10_000 * size) + (round * size), size, 100, "warm"), AppendMode.KeepValid, ct);
    }

    private async Task EmptyAsync(CancellationToken ct)
    {
        await using var command = place.Command("""
            truncate {schema}.mt_events, {schema}.mt_streams, {schema}.bench_bare, {schema}.bench_indexed;
            select setval('{schema}.mt_events_sequence', 1, false);
            """);
        await command.ExecuteNonQueryAsync(ct);
        await using var checkpoint = place.Command("checkpoint");
        await checkpoint.ExecuteNonQueryAsync(ct);
    }

    private bool Wanted(string name) => options.Only is null || name.Contains(options.Only, StringComparison.OrdinalIgnoreCase);

    internal static Figure Figure(string name, int events, TimeSpan elapsed, List<TimeSpan>[] calls)
    {
        var sorted = calls.SelectMany(own => own).Order().ToArray();
        return new Figure(name, events, elapsed.TotalSeconds, sorted[(int)(sorted.Length * 0.99)].TotalMilliseconds);
    }
}
