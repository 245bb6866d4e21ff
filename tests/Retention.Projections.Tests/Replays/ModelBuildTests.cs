using FsCheck.Fluent;
using Npgsql;
using Retention.Projections.EventLog;
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
        await FillAsync(25);

        await using var built = await BuiltAsync(new ReplayPlan(null, long.MaxValue) { Memory = memory });

        (await built.LinesAsync()).ShouldBe(await new Stored(fresh.Place).LinesAsync());
    }

    [Fact]
    public async Task A_build_that_was_cut_off_goes_on_with_the_parts_that_are_left()
    {
        await FillAsync(8);
        var last = await Shop.Progress.SharedAsync(Stop);
        var plan = new ReplayPlan(null, last) { Memory = last * 250, KeepEvery = TimeSpan.Zero };
        var copy = new Place(fresh.Place.DataSource, "retention_trial");
        await using var built = new Stored(copy);
        await CutOffAsync();
        var (kept, attempts) = (0L, 0);

        for (var whole = false; !whole; attempts++)
        {
            await fresh.Place.RunAsync("update {schema}.patience set parts = parts + 3");
            var progress = new ReplayProgress();
            try
            {
                await new ModelBuild(fresh.Place, new ModelTables(fresh.Place, copy), plan, progress).RunAsync(long.MaxValue, Stop);
                whole = true;
            }
            catch (PostgresException cut) when (cut.MessageText == "cut off")
            {
                progress.Folded.ShouldBeLessThan(progress.Events);
            }
            (attempts == 0 ? progress.Kept == 0 : progress.Kept > kept).ShouldBeTrue("what was folded is kept");
            kept = progress.Kept;
        }

        attempts.ShouldBeGreaterThan(3);
        (await built.LinesAsync()).ShouldBe(await new Stored(fresh.Place).LinesAsync());
        var again = new ReplayProgress();
        await new ModelBuild(fresh.Place, new ModelTables(fresh.Place, copy), plan, again).RunAsync(long.MaxValue, Stop);
        (again.Read, again.Phase).ShouldBe((0, "reading"), "nothing is left to do");
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

    private async Task FillAsync(int tenants)
    {
        foreach (var (number, trial) in CorrectedTrial.Any.Generator.Sample(tenants, 200).Index())
        {
            await Shop.ChooseAsync($"t{number}", trial.Choice);
            foreach (var batch in trial.Batches())
            {
                await Shop.SendAsync($"t{number}", batch);
                await Shop.AdvanceAsync();
            }
        }
        await Shop.ReflectAsync();
    }

    /// <summary>Each build is cut off once so many parts are done.</summary>
    private Task CutOffAsync() => fresh.Place.RunAsync("""
        create table {schema}.patience as select 0 as parts;
        create function public.cut_off() returns trigger language plpgsql as $$ begin
            if (select count(*) from retention_trial.build_parts) >= (select parts from {schema}.patience) then raise exception 'cut off'; end if;
            return new;
        end $$;
        create function public.watch() returns event_trigger language plpgsql as $$ begin
            if tg_tag = 'CREATE TABLE' and current_query() like 'create unlogged table%build_parts%' then
                create trigger watched before insert on retention_trial.build_parts for each row execute function public.cut_off();
            end if;
        end $$;
        create event trigger watch on ddl_command_end execute function public.watch()
        """);

    private static Happening Bought(string order, int day) =>
        new("ann", Trial.Start.AddDays(day).AddHours(9), "late shop", order, What.Bought, order, 10);

    private Task<Stored> BuiltAsync(ReplayPlan plan) => Stored.BuiltAsync(fresh.Place, plan);
}
