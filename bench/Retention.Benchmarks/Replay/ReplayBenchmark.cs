using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Npgsql;
using Retention.Benchmarks.Append;
using Retention.Projections.Embedded;
using Retention.Projections.EventLog;
using Retention.Projections.Replays;
using Spectre.Console;

namespace Retention.Benchmarks.Replay;

/// <param name="Events">Of the large log; the small one has a tenth.</param>
/// <param name="Memory">What rebuilds may take, each measured, in MB.</param>
internal sealed record ReplayOptions(int Events, int Customers, IReadOnlyList<int> Memory)
{
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Where the generated logs stay for further runs; null for a throwaway server.</summary>
    public DirectoryInfo? Data { get; init; }

    public FileInfo? Json { get; init; }
}

/// <summary>The rebuild of all read models beside merely reading and parsing the log, in the same process and by as many threads.</summary>
internal sealed class ReplayBenchmark(ReplayOptions options)
{
    private static readonly Dictionary<string, string> Server = new(StringComparer.Ordinal)
    {
        ["fsync"] = "on",
        ["shared_buffers"] = "1GB",
        ["max_wal_size"] = "16GB",
        ["checkpoint_timeout"] = "1h",
    };

    private readonly List<Figure> figures = [];

    public static async Task<int> RunAsync(ReplayOptions options, CancellationToken ct)
    {
        var benchmark = new ReplayBenchmark(options);
        await benchmark.MeasureAsync("small", options.Customers / 10, options.Events / 10, ct);
        var version = await benchmark.MeasureAsync("large", options.Customers, options.Events, ct);
        benchmark.Print($"PostgreSQL {version}, fsync on, {options.Workers} workers, {Environment.ProcessorCount} processors");
        return 0;
    }

    /// <summary>Each log has a server of its own.</summary>
    /// <returns>The server's version.</returns>
    private async Task<Version> MeasureAsync(string name, int customers, int events, CancellationToken ct)
    {
        var kept = options.Data is { } folder ? new EmbeddedOptions(Path.Combine(folder.FullName, name), _ => { }) : EmbeddedOptions.Temporary(_ => { });
        await using var postgres = await EmbeddedPostgres.StartAsync(kept with { Settings = Server }, ct);
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { CommandTimeout = 0 }.ConnectionString);
        await MeasureAsync(new SampleLog(name, new Place(dataSource), customers, events), ct);
        await TimedExportAsync(name, postgres.ConnectionString, events, ct);
        return postgres.Version;
    }

    private async Task MeasureAsync(SampleLog log, CancellationToken ct)
    {
        await Migrations.ApplyAsync(log.Place, ct);
        await log.WriteAsync(ct);
        // What was written is read once, so that every measurement finds the same in the caches.
        await ReadAsync(log, ct);
        var reading = await TimedAsync(log, $"reading and parsing", null, () => ReadAsync(log, ct));
        foreach (var megabytes in options.Memory)
        {
            var rebuild = await TimedAsync(log, $"rebuild in {megabytes} MB", megabytes, () => RebuildAsync(log, megabytes, ct));
            AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{log.Name}: {rebuild / reading:p0} of the speed of reading and parsing"));
        }
    }

    private Task ReadAsync(SampleLog log, CancellationToken ct) =>
        ModelBuild.ReadOnlyAsync(log.Place, new ReplayPlan(null, log.Events) { Workers = options.Workers }, ct);

    private async Task RebuildAsync(SampleLog log, int megabytes, CancellationToken ct)
    {
        var plan = new ReplayPlan(null, log.Events) { Workers = options.Workers, Memory = (long)megabytes << 20 };
        var tables = new ModelTables(log.Place, new Place(log.Place.DataSource, $"{log.Place.Schema}_rebuilt"));
        var (progress, clock, phase) = (new ReplayProgress(), Stopwatch.StartNew(), "");
        var running = new ModelBuild(log.Place, tables, plan, progress).RunAsync(long.MaxValue, ct);
        while (!running.IsCompleted)
        {
            if (progress.Phase != phase) AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {clock.Elapsed.TotalSeconds,6:n1} s {phase = progress.Phase}"));
            await Task.WhenAny(running, Task.Delay(50, ct));
        }
        await running;
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {clock.Elapsed.TotalSeconds,6:n1} s done"));
        await tables.DropAsync(ct);
    }

    /// <summary>The whole log as NDJSON from the built service in a process of its own, whose memory and processor time it is; what it sends is thrown away.</summary>
    private async Task TimedExportAsync(string log, string connection, int events, CancellationToken ct)
    {
        await using var service = await ServiceProcess.StartAsync(connection, projects: true, ct);
        var http = service.Client;
        http.DefaultRequestHeaders.Add("Retention-Tenant", SampleLog.Tenant);
        while (await SafeAsync(http, ct) < events) await Task.Delay(20, ct);
        var (clock, processor) = (Stopwatch.StartNew(), service.CpuSeconds);
        await using var body = await http.GetStreamAsync(new Uri($"/v1/events?until={events}", UriKind.Relative), ct);
        var buffer = new byte[1 << 20];
        while (await body.ReadAsync(buffer, ct) > 0)
        {
        }
        Add(new Figure(log, events, "export over HTTP", null, clock.Elapsed.TotalSeconds, events / clock.Elapsed.TotalSeconds, service.PeakMemoryBytes / 1048576.0)
        {
            ProcessorSeconds = service.CpuSeconds - processor,
        });
    }

    private static async Task<long> SafeAsync(HttpClient http, CancellationToken ct)
    {
        using var status = JsonDocument.Parse(await http.GetStringAsync(new Uri("/v1/status", UriKind.Relative), ct));
        return status.RootElement.GetProperty("safePosition").GetInt64();
    }

    /// <returns>Events per second.</returns>
    private async Task<double> TimedAsync(SampleLog log, string name, int? megabytes, Func<Task> work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var done = new CancellationTokenSource();
        var peak = PeakAsync(done.Token);
        var (clock, processor, paused) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, GC.GetTotalPauseDuration());
        await work();
        clock.Stop();
        await done.CancelAsync();
        Add(new Figure(log.Name, log.Events, name, megabytes, clock.Elapsed.TotalSeconds, log.Events / clock.Elapsed.TotalSeconds, await peak)
        {
            ProcessorSeconds = (Environment.CpuUsage.TotalTime - processor).TotalSeconds,
            CollectionSeconds = (GC.GetTotalPauseDuration() - paused).TotalSeconds,
        });
        return figures[^1].EventsPerSecond;
    }

    private void Add(Figure figure)
    {
        figures.Add(figure);
        AnsiConsole.WriteLine(figure.ToString());
    }

    /// <summary>The most memory that the process has taken until it is told to stop looking, in MB.</summary>
    private static async Task<double> PeakAsync(CancellationToken ct)
    {
        using var process = Process.GetCurrentProcess();
        for (var peak = 0L; ; await Task.Delay(50, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing))
        {
            process.Refresh();
            peak = Math.Max(peak, process.WorkingSet64);
            if (ct.IsCancellationRequested) return peak / 1048576.0;
        }
    }

    private void Print(string server)
    {
        var table = new Table().Title($"Replay, {server}").AddColumn("measurement").AddColumn(new TableColumn("events").RightAligned())
            .AddColumn(new TableColumn("seconds").RightAligned()).AddColumn(new TableColumn("events/s").RightAligned()).AddColumn(new TableColumn("peak MB").RightAligned());
        foreach (var figure in figures)
            table.AddRow(figure.Name, $"{figure.Events:n0}", $"{figure.Seconds:n1}", $"{figure.EventsPerSecond:n0}", $"{figure.PeakMegabytes:n0}");
        AnsiConsole.Write(table);
        if (options.Json is { } file) File.WriteAllText(file.FullName, JsonSerializer.Serialize(new { server, figures }, JsonSerializerOptions.Web));
    }

    /// <param name="Memory">What the work was allowed, in MB; null where it keeps nothing.</param>
    /// <param name="PeakMegabytes">The most memory of the whole process.</param>
    private sealed record Figure(string Log, int Events, string Name, int? Memory, double Seconds, double EventsPerSecond, double PeakMegabytes)
    {
        /// <summary>Of this process, without the server's.</summary>
        public double ProcessorSeconds { get; init; }

        /// <summary>In which the collection of garbage stopped everything.</summary>
        public double CollectionSeconds { get; init; }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Log}: {Name}: {Events:n0} events in {Seconds:n1} s, {EventsPerSecond:n0} events/s, {ProcessorSeconds:n1} s of processors, {CollectionSeconds:n1} s of collections, peak {PeakMegabytes:n0} MB");
    }
}
