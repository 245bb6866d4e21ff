using FsCheck.Fluent;
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

    private Task<Stored> BuiltAsync(ReplayPlan plan) => Stored.BuiltAsync(fresh.Place, plan);
}
