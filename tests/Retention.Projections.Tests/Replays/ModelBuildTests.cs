using FsCheck.Fluent;
using Retention.Domain.Customers;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;

namespace Retention.Projections.Tests;

/// <summary>What is made anew from the log is what batches have made of it, cell by cell and entry by entry.</summary>
public sealed class ModelBuildTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);
    private Shop? shop;

    private Shop Shop => shop ??= new Shop(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Theory]
    [InlineData(256L << 20)]
    [InlineData(1_000)]
    public async Task Histories_and_cells_made_anew_are_those_that_batches_made(long memory)
    {
        foreach (var (number, trial) in CorrectedTrial.Any.Generator.Sample(25, 200).Index())
        {
            await Shop.ChooseAsync($"t{number}", trial.Choice);
            foreach (var batch in trial.Batches())
            {
                await Shop.SendAsync($"t{number}", batch);
                await Shop.AdvanceAsync();
            }
        }
        await Shop.ReflectAsync();

        await using var built = await BuiltAsync(new ReplayPlan(null, long.MaxValue) { Memory = memory });

        (await built.LinesAsync()).ShouldBe(await new Stored(fresh.Place).LinesAsync());
    }

    [Fact]
    public async Task A_tenant_that_an_event_stops_stops_there_when_it_is_made_anew()
    {
        await Shop.AppendAsync("good", [Bought("1", 1)]);
        await Shop.AppendAsync("bad", [Bought("1", 1), Bought("2", 2)]);
        await Shop.ReflectAsync();
        await fresh.Place.RunAsync("""
            insert into {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers)
            values (nextval('{schema}.mt_events_sequence'), gen_random_uuid(), 'customer-ann', 50, '{}', 'purchase_made', '2018-09-09', 'bad', 'X, Y', null);
            update {schema}.mt_streams set version = 50 where tenant_id = 'bad'
            """);
        await Shop.AppendAsync("bad", [Bought("3", 3) with { Customer = "bob" }]);
        await Shop.ChooseAsync("bad", new Choice("Asia/Kolkata", DayOfWeek.Monday, 9, false));
        await Shop.AppendAsync("good", [Bought("4", 4)]);
        await Shop.ReflectAsync();

        await using var built = await BuiltAsync(new ReplayPlan(null, await Shop.Progress.SharedAsync(Stop)));

        (await built.LinesAsync()).ShouldBe(await new Stored(fresh.Place).LinesAsync());
        (await built.ProgressAsync()).ShouldBe(await new Stored(fresh.Place).ProgressAsync());
    }

    private static Happening Bought(string order, int day) =>
        new("ann", Trial.Start.AddDays(day).AddHours(9), "late shop", order, What.Bought, order, 10);

    private async Task<Stored> BuiltAsync(ReplayPlan plan)
    {
        var copy = new Place(fresh.Place.DataSource, "retention_trial");
        await new ModelBuild(fresh.Place, new ModelTables(fresh.Place, copy), plan, new ReplayProgress()).RunAsync(long.MaxValue, Stop);
        return new Stored(copy);
    }

    /// <summary>Everything that a place's tables say.</summary>
    private sealed class Stored(Place place) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await place.RunAsync("drop schema {schema} cascade");

        public Task<List<string>> ProgressAsync() =>
            RowsAsync("select concat_ws('|', tenant_id, position, paused_at, paused_event) from {schema}.projection_progress order by 1");

        public async Task<List<string>> LinesAsync()
        {
            var lines = await RowsAsync("""
                select concat_ws('|', tenant_id, position, recorded_at, latest_fact, settings, maintained_by, stale) from {schema}.reflections order by 1
                """);
            lines.AddRange(await RowsAsync("select (l.*)::text from {schema}.customer_links l order by 1"));
            lines.AddRange(await RowsAsync("select (r.*)::text from {schema}.retractions r order by 1"));
            foreach (var table in MaintainedCells.Tables) lines.AddRange(await CellsAsync(table));
            lines.AddRange(await HistoriesAsync());
            return lines;
        }

        /// <summary>Cells that have come to zero may stay where batches have made them.</summary>
        private async Task<List<string>> CellsAsync(string table)
        {
            var counts = await RowsAsync($"""
                select attname::text from pg_attribute where attrelid = '{"{schema}"}.{table}'::regclass and attnum > 0 and atttypid = 'bigint'::regtype
                """);
            return await RowsAsync($"""
                select '{table} ' || (c.*)::text from {"{schema}"}.{table} c where {string.Join(" or ", counts.Select(count => $"{count} <> 0"))} order by 1
                """);
        }

        private async Task<List<string>> HistoriesAsync()
        {
            var lines = new List<string>();
            var tenants = await RowsAsync("select tenant_id from {schema}.reflections order by 1");
            await using var connection = await place.DataSource.OpenConnectionAsync(Stop);
            foreach (var tenant in tenants)
            {
                var customers = await RowsAsync($"select distinct customer_id from {"{schema}"}.customer_history where tenant_id = '{tenant}'");
                var histories = await CustomerHistories.OfAsync(connection, place, (tenant, [.. customers]), Stop);
                foreach (var (customer, history) in histories.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    lines.AddRange(history.Entries.OrderBy(entry => entry, Entry.InOrder).ThenBy(entry => entry.KnownFrom).Select(entry => $"{tenant} {customer} {Text(entry)}"));
            }
            return lines;
        }

        private static string Text(Entry entry)
        {
            var bytes = ChunkFormat.Write([entry]);
            return $"{entry.KnownFrom} {entry.KnownUntil} {entry.Source} {entry.Id} {Convert.ToHexString(bytes.Core)} {Convert.ToHexString(bytes.Details)}";
        }

        private async Task<List<string>> RowsAsync(string sql)
        {
            await using var command = place.Command(sql);
            await using var reader = await command.ExecuteReaderAsync(Stop);
            var rows = new List<string>();
            while (await reader.ReadAsync(Stop)) rows.Add(reader.GetString(0));
            return rows;
        }
    }
}
