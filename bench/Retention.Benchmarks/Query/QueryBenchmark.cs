using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using Retention.Projections.Embedded;
using Retention.Projections.EventLog;
using Retention.Projections.PersonalData;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;
using Calendar = Retention.Domain.Definitions.Calendar;

namespace Retention.Benchmarks.Query;

/// <param name="Customers">Of the large tenant; the small one has a tenth.</param>
/// <param name="Repeat">How often each question is asked.</param>
internal sealed record QueryOptions(int Customers, int Purchases, int Repeat)
{
    /// <summary>What the names of the measurements contain that are taken.</summary>
    public string Only { get; init; } = "";

    /// <summary>Where the generated data stay for further runs; null for a throwaway server.</summary>
    public DirectoryInfo? Data { get; init; }

    public FileInfo? Json { get; init; }
}

/// <summary>
/// Measures questions: from maintained cells, by a fold cold and warm, and as plain SQL over a table of purchases in the same server; and
/// the projection of batches of events.
/// </summary>
internal sealed class QueryBenchmark(Place place, QueryOptions options, QueryReport report)
{
    private static readonly Dictionary<string, string> Server = new(StringComparer.Ordinal)
    {
        ["fsync"] = "on",
        ["work_mem"] = "256MB",
        ["maintenance_work_mem"] = "512MB",
        ["max_wal_size"] = "16GB",
        ["checkpoint_timeout"] = "1h",
        ["max_connections"] = "60",
    };

    /// <summary>Batches until the code is compiled for good.</summary>
    private const int WarmUp = 8;

    private static readonly Definition Default = Definition.Default;

    public static async Task<int> RunAsync(QueryOptions options, CancellationToken ct)
    {
        var kept = options.Data is { } folder ? new EmbeddedOptions(folder.FullName, _ => { }) : EmbeddedOptions.Temporary(_ => { });
        await using var postgres = await EmbeddedPostgres.StartAsync(kept with { Settings = Server }, ct);
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { CommandTimeout = 0 }.ConnectionString);
        var place = new Place(dataSource);
        await Migrations.ApplyAsync(place, ct);
        var report = new QueryReport($"PostgreSQL {postgres.Version}, fsync on, {Environment.ProcessorCount} processors");
        await new QueryBenchmark(place, options, report).MeasureAsync(ct);
        report.Print(options.Json);
        return 0;
    }

    private async Task MeasureAsync(CancellationToken ct)
    {
        var each = Math.Max(1, options.Purchases / options.Customers);
        var small = new SampleShop(place, "small", options.Customers / 10, each);
        var large = new SampleShop(place, "large", options.Customers, each);
        await WriteAsync(small, ct);
        await WriteAsync(large, ct);
        await ExecuteAsync("vacuum analyze", ct);
        await ExecuteAsync("checkpoint", ct);

        foreach (var shop in new[] { small, large })
        {
            await AskAsync($"cells: cohorts, {shop.Tenant}", shop, By(Grain.Month), CohortsAsync, ct);
            await AskAsync($"cells: retention, {shop.Tenant}", shop, By(Grain.Month), RetentionAsync, ct);
        }
        var elsewhere = Default with { Calendar = Calendar.In("Europe/Helsinki")! };
        var filtered = By(Grain.Month, Default with { ActivityDays = 45 }) with { Selection = SelectionOf("country:FI,SE", "tier:gold") };
        await ColdAsync("fold cold: cohorts in another zone", large, By(Grain.Month, elsewhere), CohortsAsync, ct);
        await AskAsync("fold warm: cohorts in another zone", large, By(Grain.Month, elsewhere), CohortsAsync, ct);
        await AskAsync("fold warm: retention in another zone", large, By(Grain.Month, elsewhere), RetentionAsync, ct);
        await AskAsync("fold warm: cohorts, two filters", large, filtered, CohortsAsync, ct);
        await AskAsync("fold warm: retention, two filters, window 45 d", large, filtered, RetentionAsync, ct);
        report.Memory();
        await SqlAsync("plain SQL: cohorts", PlainSql.Cohorts(), null, ct);
        await SqlAsync("plain SQL: retention", PlainSql.Retention(), 90, ct);
        await SqlAsync("plain SQL: retention, two filters, window 45 d", PlainSql.Retention("and country in ('FI', 'SE') and tier = 'gold'"), 45, ct);
        foreach (var shop in new[] { small, large }) await BatchesAsync(shop, ct);
    }

    private bool Wants(string name) => name.Contains(options.Only, StringComparison.Ordinal);

    private async Task WriteAsync(SampleShop shop, CancellationToken ct)
    {
        if (await shop.IsThereAsync(ct)) return;
        var clock = Stopwatch.StartNew();
        await shop.WriteAsync(ct);
        report.Note($"{shop.Tenant}: {shop.Customers:n0} customers, {shop.Events:n0} events written in {clock.Elapsed.TotalSeconds:n0} s");
        clock.Restart();
        await Projecting().RebuildAsync(ct);
        report.Note($"{shop.Tenant}: cells made from histories in {clock.Elapsed.TotalSeconds:n0} s");
    }

    private async Task AskAsync(string name, SampleShop shop, Question question, Func<Snapshot, Question, Task> ask, CancellationToken ct)
    {
        if (!Wants(name)) return;
        var (taken, processor) = (new List<TimeSpan>(), TimeSpan.Zero);
        for (var round = 0; round <= options.Repeat; round++)
        {
            if (round == 1) processor = Environment.CpuUsage.TotalTime;
            var start = Stopwatch.GetTimestamp();
            await using (var snapshot = await Snapshot.OpenAsync(place, shop.Tenant, ct)) await ask(snapshot, question);
            // The first answer compiles.
            if (round > 0) taken.Add(Stopwatch.GetElapsedTime(start));
        }
        report.Add(name, taken, Environment.CpuUsage.TotalTime - processor);
    }

    /// <summary>Each time by a place that holds nothing yet.</summary>
    private async Task ColdAsync(string name, SampleShop shop, Question question, Func<Snapshot, Question, Task> ask, CancellationToken ct)
    {
        if (!Wants(name)) return;
        var (taken, processor) = (new List<TimeSpan>(), TimeSpan.Zero);
        for (var round = 0; round < 4; round++)
        {
            if (round == 1) processor = Environment.CpuUsage.TotalTime;
            var fresh = new Place(place.DataSource);
            var start = Stopwatch.GetTimestamp();
            await using (var snapshot = await Snapshot.OpenAsync(fresh, shop.Tenant, ct)) await ask(snapshot, question);
            if (round > 0) taken.Add(Stopwatch.GetElapsedTime(start));
        }
        report.Add(name, taken, Environment.CpuUsage.TotalTime - processor);
    }

    private async Task SqlAsync(string name, string sql, int? window, CancellationToken ct)
    {
        if (!Wants(name)) return;
        await using var command = place.Command(sql);
        command.CommandTimeout = 0;
        command.Parameters.AddWithValue("large");
        if (window is { } days) command.Parameters.AddWithValue(days);
        var start = Stopwatch.GetTimestamp();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
        }
        report.Add(name, [Stopwatch.GetElapsedTime(start)], TimeSpan.Zero);
    }

    /// <summary>Batches of 5 000 purchases of today by customers at random, projected one by one, and a backlog of twenty.</summary>
    private async Task BatchesAsync(SampleShop shop, CancellationToken ct)
    {
        var name = $"projection of {Projector.BatchSize:n0} events, {shop.Tenant}";
        if (!Wants(name)) return;
        var log = new Projections.EventLog.EventLog(place);
        var run = Random.Shared.Next();
        var projector = Projecting();
        var (taken, used) = (new List<TimeSpan>(), TimeSpan.Zero);
        for (var batch = 0; batch < WarmUp + 10; batch++)
        {
            await AppendAsync(log, (shop, run, batch), ct);
            var (start, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            while (await projector.AdvanceAsync(ct))
            {
            }
            if (batch < WarmUp) continue;
            taken.Add(Stopwatch.GetElapsedTime(start));
            used += Environment.CpuUsage.TotalTime - before;
        }
        report.Add(name, taken, used);

        for (var batch = WarmUp + 10; batch < WarmUp + 30; batch++) await AppendAsync(log, (shop, run, batch), ct);
        var clock = Stopwatch.StartNew();
        while (await projector.AdvanceAsync(ct))
        {
        }
        report.Note(string.Create(CultureInfo.InvariantCulture, $"{shop.Tenant}: a backlog of {20 * Projector.BatchSize:n0} events is projected at {20 * Projector.BatchSize / clock.Elapsed.TotalSeconds:n0} events/s"));
    }

    private async Task AppendAsync(Projections.EventLog.EventLog log, (SampleShop Shop, int Run, int Number) batch, CancellationToken ct)
    {
        var shop = batch.Shop;
        var random = new Random(batch.Run + batch.Number);
        var sealing = new Sealing(new CustomerKeys(place));
        var events = Enumerable.Range(0, Projector.BatchSize).Select(number =>
        {
            var data = string.Create(CultureInfo.InvariantCulture, $$"""{"orderId":"n{{batch.Run}}-{{batch.Number}}-{{number}}","currency":"EUR","total":{{random.Next(500, 20_000) / 100m}},"channel":"web"}""");
            return new Envelope(
                "bench", $"n{batch.Run}-{batch.Number}-{number}", "purchase_made", SampleShop.CustomerOf(random.Next(shop.Customers)),
                new DateTimeOffset(SampleShop.End).AddSeconds(-random.Next(86_400)), System.Text.Json.JsonElement.Parse(data));
        }).ToList();
        foreach (var part in events.Chunk(1_000))
            await log.AppendAsync(shop.Tenant, await sealing.SealAsync(shop.Tenant, part, ct), AppendMode.KeepValid, ct);
    }

    private Projector Projecting() => new(place, new(place), new SafePosition(place), new Progress(place, TimeProvider.System), NullLogger<Projector>.Instance);

    private static Question By(Grain grain, Definition? definition = null)
    {
        var chosen = definition ?? Default;
        return new Question(chosen, AsOf.In(chosen.Calendar, new DateTimeOffset(SampleShop.End.AddHours(1))), chosen.By(grain));
    }

    private static Selection SelectionOf(params string[] filters) => new([.. filters.Select(text => Condition.Parse(text).Condition!)]);

    private static async Task CohortsAsync(Snapshot snapshot, Question question)
    {
        var frame = new CohortFrame(new CohortQuestion(CohortColumns.Through(12)), question.Definition, question.Partition, question.AsOf);
        var groups = await CohortAnswers.ByGroupAsync(snapshot, question, frame, CancellationToken.None);
        CohortTable.Of(groups.Single().Cells, frame);
    }

    private static async Task RetentionAsync(Snapshot snapshot, Question question)
    {
        var flows = (await ActivityCells.InEffectAsync(snapshot, question, CancellationToken.None)).Single().Cells;
        _ = CustomerRetention.Rows(flows, question.Partition, question.AsOf, flows.Keys.Min(), flows.Keys.Max()).Count();
    }

    private async Task ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var command = place.Command(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(ct);
    }
}
