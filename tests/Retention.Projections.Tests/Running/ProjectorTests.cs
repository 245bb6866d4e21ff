using FsCheck.Fluent;
using Retention.Domain.Definitions;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;
using Retention.Projections.Running;

namespace Retention.Projections.Tests;

public sealed class ProjectorTests(PostgresFixture postgres) : IAsyncLifetime
{
    // Other names of the same zones: a definition by them means the same and is not the one that cells are made by.
    internal static readonly Dictionary<string, string> OtherNames = new()
    {
        ["UTC"] = "Etc/UTC",
        ["Europe/Helsinki"] = "Europe/Mariehamn",
        ["America/Sao_Paulo"] = "Brazil/East",
        ["Asia/Kolkata"] = "Asia/Calcutta",
        ["US/Pacific"] = "America/Los_Angeles",
    };

    private readonly FreshPlace fresh = new(postgres);
    private Shop? shop;

    private Shop Shop => shop ??= new Shop(fresh.Place);

    private static Choice Default => new("UTC", DayOfWeek.Monday, 90, false);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task Stored_cells_and_folds_answer_as_a_naive_recomputation_does()
    {
        foreach (var (number, trial) in Trial.Any.Generator.Sample(6, 250).Index())
        {
            var tenant = $"t{number}";
            await Shop.ChooseAsync(tenant, trial.Choice);
            foreach (var batch in trial.Batches())
            {
                await Shop.AppendAsync(tenant, batch);
                await Shop.AdvanceAsync();
            }
            await Shop.ReflectAsync();

            var renamed = trial.Choice with { Zone = OtherNames[trial.Choice.Zone] };
            foreach (var grain in MaintainedCells.Grains)
            {
                foreach (var asOf in trial.Afterwards)
                {
                    var expected = new Naive(trial.Told, trial.Choice, asOf).Lines(grain, Trial.Days, Shop.Columns).ToList();
                    Same(await Shop.LinesAsync(tenant, trial.Choice, asOf, grain, maintained: true), expected, trial, $"maintained {asOf:u}");
                    Same(await Shop.LinesAsync(tenant, renamed, asOf, grain, maintained: false), expected, trial, $"folded {asOf:u}");
                }
                foreach (var asOf in (DateTime[])[trial.LastFact, trial.AsOf])
                {
                    var expected = new Naive(trial.Told, trial.Choice, asOf).Lines(grain, Trial.Days, Shop.Columns);
                    var maintained = trial.Told.Count == 0 || asOf > trial.LastFact;
                    Same(await Shop.LinesAsync(tenant, trial.Choice, asOf, grain, maintained), expected, trial, $"as of {asOf:u}");
                }
            }
        }
    }

    [Fact]
    public async Task A_change_of_settings_is_folded_at_once_and_maintained_after_the_rebuild()
    {
        var trial = Trial.Any.Generator.Sample(1, 120).Single();
        var choice = new Choice("America/Sao_Paulo", DayOfWeek.Sunday, 17, !trial.Choice.RefundsOnOwnDays);
        await Shop.AppendAsync("t", trial.Told);
        await Shop.ReflectAsync();
        await Shop.ChooseAsync("t", choice);
        var expected = new Naive(trial.Told, choice, Trial.TheEnd).Lines(Grain.Week, Trial.Days, Shop.Columns).ToList();

        Same(await Shop.LinesAsync("t", choice, Trial.TheEnd, Grain.Week, maintained: false), expected, trial, "folded");
        await Shop.ReflectAsync();
        Same(await Shop.LinesAsync("t", choice, Trial.TheEnd, Grain.Week, maintained: true), expected, trial, "rebuilt");

        await Shop.AppendAsync("t", [Bought("late", 3)]);
        await Shop.ReflectAsync();
        expected = [.. new Naive(trial.Told.Append(Bought("late", 3)), choice, Trial.TheEnd).Lines(Grain.Week, Trial.Days, Shop.Columns)];
        Same(await Shop.LinesAsync("t", choice, Trial.TheEnd, Grain.Week, maintained: true), expected, trial, "maintained after it");
    }

    [Fact]
    public async Task A_customer_whose_events_arrive_from_the_last_to_the_first_is_counted_once()
    {
        var told = Enumerable.Range(0, 2_600).Select(number => Bought($"{number:d5}", 0) with { At = Trial.Start.AddMinutes(-number) }).ToList();
        foreach (var batch in told.Chunk(650))
        {
            await Shop.AppendAsync("t", batch);
            await Shop.ReflectAsync();
        }

        (await Shop.CountAsync("t")).ShouldBe((2_600, 2_600));
        await Shop.AppendAsync("t", [Bought("again", 0)]);
        await Shop.ReflectAsync();
        (await Shop.CountAsync("t")).ShouldBe((2_601, 2_601));
    }

    [Fact]
    public async Task Progress_histories_and_cells_commit_together_or_not_at_all()
    {
        foreach (var batch in Enumerable.Range(0, Projector.BatchSize + 1_000).Select(number => Bought($"{number}", number % 300) with { Customer = $"c{number % 50}" }).Chunk(2_000))
            await Shop.AppendAsync("t", batch);
        var cancelled = 0;
        for (var patience = TimeSpan.FromMilliseconds(1); ; patience *= 1.5)
        {
            using var impatience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            impatience.CancelAfter(patience);
            try
            {
                while (await Shop.AdvanceAsync(impatience.Token))
                {
                }
                break;
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
            var reflected = await fresh.Place.ScalarAsync<long>(
                "select count(*) from {schema}.mt_events where seq_id <= (select position from {schema}.projection_progress where tenant_id = '*')");
            (await Shop.CountAsync("t")).ShouldBe((reflected, reflected));
        }

        cancelled.ShouldBeGreaterThan(1);
        (await Shop.CountAsync("t")).ShouldBe((Projector.BatchSize + 1_000, Projector.BatchSize + 1_000));
    }

    [Theory]
    [InlineData("customer-ann", "purchase_made", "{}")]
    [InlineData("customer-ann", "purchase_made", "[]")]
    [InlineData("customer-ann", "purchase_made", "null")]
    [InlineData("customer-ann", "purchase_made", """{"orderId":"x","currency":"EUR","total":1e20}""")]
    [InlineData("customer-ann", "feedback_given", """{"instrument":"7","score":1}""")]
    [InlineData("settings", "settings_changed", "{}")]
    [InlineData("settings", "settings_changed", """{"settings":{}}""")]
    [InlineData("settings", "settings_changed", """{"settings":{"weekStart":"monday"}}""")]
    [InlineData("settings", "settings_changed", """{"settings":{"timeZone":"Mars","weekStart":"monday","activity":{"kind":"window","days":9},"refunds":"order"}}""")]
    [InlineData("settings", "settings_changed", """{"settings":{"weekStart":"monday","activity":{"kind":"window","days":-9},"refunds":"order"}}""")]
    public async Task An_event_that_cannot_be_read_pauses_its_tenant_and_nobody_else(string stream, string type, string data)
    {
        await Shop.AppendAsync("bad", [Bought("1", 1)]);
        await Shop.AppendAsync("good", [Bought("1", 1)]);
        var poison = await InsertAsync("bad", stream, type, data);
        await Shop.AppendAsync("bad", [Bought("2", 2) with { Customer = "bob" }]);
        await Shop.AppendAsync("good", [Bought("2", 2)]);

        await Shop.ReflectAsync();

        (await Shop.CountAsync("good")).ShouldBe((2, 2));
        (await Shop.CountAsync("bad")).ShouldBe((1, 1));
        var paused = (await Shop.Progress.RowsAsync(Stop)).Single(row => row.Tenant == "bad");
        paused.PausedAt.ShouldBe(poison);
        paused.PausedEvent.ShouldNotBeNull();
        paused.PausedReason.ShouldNotBeNullOrEmpty();
        paused.Position.ShouldBe(poison - 1);

        await Shop.AppendAsync("good", [Bought("3", 3)]);
        await Shop.ReflectAsync();
        (await Shop.CountAsync("good")).ShouldBe((3, 3));

        await fresh.Place.RunAsync(
            $$"""update {schema}.mt_events set type = 'purchase_cancelled', stream_id = 'customer-ann', data = '{"orderId":"0"}', version = 99 where seq_id = {{poison}}""");
        await Shop.ReflectAsync();
        (await Shop.Progress.RowsAsync(Stop)).Select(row => row.Tenant).ShouldBe([Progress.Everyone]);
        (await Shop.CountAsync("bad")).ShouldBe((2, 3));
        await Shop.AppendAsync("bad", [Bought("4", 4) with { Customer = "bob" }]);
        await Shop.ReflectAsync();
        (await Shop.CountAsync("bad")).ShouldBe((3, 4));
    }

    [Fact]
    public async Task A_tenant_goes_on_once_the_event_that_stops_it_is_skipped_and_is_made_anew_without_it()
    {
        await Shop.AppendAsync("bad", [Bought("1", 1)]);
        await InsertAsync("bad", "customer-ann", "purchase_made", "{}");
        await Shop.AppendAsync("bad", [Bought("2", 2) with { Customer = "bob" }]);
        await Shop.ReflectAsync();
        (await Shop.CountAsync("bad")).ShouldBe((1, 1));
        var paused = (await Shop.Progress.RowsAsync(Stop)).Single(row => row.Tenant == "bad");
        var skipped = new SkippedEvents(fresh.Place);

        (await skipped.SkipAsync("bad", Guid.NewGuid(), "not this one", Stop)).ShouldBeFalse();
        (await skipped.SkipAsync("bad", paused.PausedEvent!.Value, "a test order of the till", Stop)).ShouldBeTrue();
        await Shop.ReflectAsync();

        (await Shop.Progress.RowsAsync(Stop)).Select(row => row.Tenant).ShouldBe([Progress.Everyone]);
        (await Shop.CountAsync("bad")).ShouldBe((2, 2));
        (await skipped.OfAsync("bad", Stop)).ShouldHaveSingleItem().Reason.ShouldBe("a test order of the till");
        await using var built = await Stored.BuiltAsync(fresh.Place, new ReplayPlan(null, long.MaxValue));
        (await built.LinesAsync()).ShouldBe(await new Stored(fresh.Place).LinesAsync());
    }

    [Fact]
    public async Task A_tenant_goes_on_once_the_event_that_stops_it_is_retracted()
    {
        await Shop.AppendAsync("bad", [Bought("1", 1)]);
        await Shop.AppendAsync("bad", [Bought("2", 2)]);
        await fresh.Place.RunAsync("update {schema}.mt_events set data = '{}' where headers ->> 'id' = '2'");
        var foreign = await InsertAsync("bad", "customer-cid", "purchase_made", "{}");
        await Shop.ReflectAsync();
        (await Shop.CountAsync("bad")).ShouldBe((1, 1));

        await Shop.AppendAsync("bad", [Retracted("late shop", "2")]);
        await Shop.ReflectAsync();
        (await Shop.Progress.RowsAsync(Stop)).Single(row => row.Tenant == "bad").PausedAt.ShouldBe(foreign);
        var id = await fresh.Place.ScalarAsync<Guid>($"select id from {"{schema}"}.mt_events where seq_id = {foreign}");
        await Shop.AppendAsync("bad", [Retracted("marten", id.ToString())]);
        await Shop.ReflectAsync();

        (await Shop.Progress.RowsAsync(Stop)).Select(row => row.Tenant).ShouldBe([Progress.Everyone]);
        (await Shop.CountAsync("bad")).ShouldBe((1, 3));
        await using var built = await Stored.BuiltAsync(fresh.Place, new ReplayPlan(null, long.MaxValue));
        (await built.LinesAsync()).ShouldBe(await new Stored(fresh.Place).LinesAsync());

        static Happening Retracted(string source, string id) =>
            new("ann", Trial.Start.AddDays(9), "desk", $"not {id}", What.Retracted, $"{source}/{id}", 0);
    }

    [Fact]
    public async Task Two_tenants_that_are_stopped_in_one_batch_both_wait()
    {
        await InsertAsync("one", "customer-ann", "purchase_made", "{}");
        await InsertAsync("two", "customer-ann", "purchase_made", "{}");
        await Shop.AppendAsync("good", [Bought("1", 1)]);

        await Shop.ReflectAsync();

        (await Shop.Progress.RowsAsync(Stop)).Where(row => row.PausedAt is not null).Select(row => row.Tenant).ShouldBe(["one", "two"]);
        (await Shop.CountAsync("good")).ShouldBe((1, 1));
    }

    [Fact]
    public async Task What_others_keep_in_the_same_tables_is_passed_over()
    {
        await InsertAsync("t", "invoice-7", "purchase_made", """{"unlike":"ours"}""");
        await InsertAsync("t", "customer-ann", "purchase_imagined", "{}");
        await InsertAsync("t", "customer-ann", "purchase_made", """{"orderId":"theirs","currency":"EUR","total":3}""", version: 2);

        await Shop.ReflectAsync();

        (await Shop.Progress.RowsAsync(Stop)).ShouldHaveSingleItem().PausedAt.ShouldBeNull();
        await using var snapshot = await Snapshot.OpenAsync(fresh.Place, "t", Stop);
        (await snapshot.CustomerAsync("ann", Stop)).ShouldNotBeNull().Entries.ShouldHaveSingleItem().Source.ShouldBe("marten");
    }

    [Fact]
    public async Task The_first_day_of_the_calendar_is_a_day_like_any_other()
    {
        Happening[] told = [Bought("1", 0) with { At = new DateTime(1, 1, 1, 0, 0, 0, DateTimeKind.Utc) }, Bought("2", 5)];
        await Shop.AppendAsync("t", told);
        await Shop.ReflectAsync();

        foreach (var grain in MaintainedCells.Grains)
        {
            var maintained = await Shop.LinesAsync("t", Default, Trial.TheEnd, grain, maintained: true);
            Served.Differences(maintained, await Shop.LinesAsync("t", Default with { Zone = "Etc/UTC" }, Trial.TheEnd, grain, maintained: false)).ShouldBeEmpty();
        }
        (await Shop.CountAsync("t")).ShouldBe((2, 2));
    }

    private static Happening Bought(string order, int day) =>
        new("ann", Trial.Start.AddDays(day).AddHours(9), "late shop", order, What.Bought, order, 10);

    private static void Same(IEnumerable<string> served, IEnumerable<string> expected, Trial trial, string how) =>
        Served.Differences(served, expected).ShouldBeEmpty($"{how}: {trial}");

    private Task<long> InsertAsync(string tenant, string stream, string type, string data, int version = 50) => fresh.Place.ScalarAsync<long>($$"""
        insert into {schema}.mt_streams (tenant_id, id, version) values ('{{tenant}}', '{{stream}}', {{version}})
        on conflict (tenant_id, id) do update set version = excluded.version;
        insert into {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers)
        values (nextval('{schema}.mt_events_sequence'), gen_random_uuid(), '{{stream}}', {{version}}, '{{data}}', '{{type}}', '2018-09-09', '{{tenant}}', 'X, Y', null)
        returning seq_id
        """);
}
