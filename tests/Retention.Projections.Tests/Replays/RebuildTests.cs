using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Retention.Domain.Definitions;
using Retention.Projections.Replays;
using Retention.Projections.Running;

namespace Retention.Projections.Tests;

/// <summary>A rebuild takes the place of the live read models at once, can be taken back, and leaves them alone when it fails.</summary>
public sealed class RebuildTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);
    private Shop? shop;
    private Replays.Replays? replays;

    private Shop Shop => shop ??= new Shop(fresh.Place);

    private Replays.Replays Replays => replays ??= Fresh();

    private static Choice Default => new("UTC", DayOfWeek.Monday, 90, false);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        if (replays is not null) await replays.DisposeAsync();
        await fresh.DisposeAsync();
    }

    [Fact]
    public async Task Wrong_cells_are_found_and_replaced_and_the_log_is_followed_from_there()
    {
        await FillAsync();
        var right = await LinesAsync();
        await fresh.Place.RunAsync("update {schema}.revenue_cells set orders = orders + 7");
        var indexes = await IndexesAsync();

        var rebuild = await RebuildAsync();

        rebuild.Status.ShouldBe(ReplayStatus.Switched, rebuild.Error);
        rebuild.Progress.Compared.ShouldNotBeNull().Differences.ShouldBeGreaterThan(0);
        rebuild.Progress.Compared.Examples.ShouldContain(example => example.Contains("revenue_cells"));
        (await LinesAsync()).ShouldBe(right);
        (await IndexesAsync()).ShouldBe(indexes, "keys and indexes bear the names that migrations call them by");
        await Shop.AppendAsync("t0", [Bought("later", 3)]);
        await Shop.ReflectAsync();
        await using (var built = await Stored.BuiltAsync(fresh.Place, new ReplayPlan(null, long.MaxValue)))
            (await built.LinesAsync()).ShouldBe(await new Stored(fresh.Place).LinesAsync());

        (await Replays.ConfirmAsync(rebuild, Stop)).ShouldBeTrue();
        (await Replays.RevertAsync(rebuild, Stop)).ShouldBeFalse("there is nothing to go back to");
        (await SchemasAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_rebuild_names_the_tenants_that_stop_at_an_event()
    {
        await FillAsync();
        await Shop.AppendAsync("bad", [Bought("1", 1)]);
        await fresh.Place.RunAsync("""update {schema}.mt_events set data = '{"orderId": 7}' where tenant_id = 'bad' and type = 'purchase_made'""");
        await Shop.ReflectAsync();
        var paused = (await Shop.Progress.RowsAsync(Stop)).Single(row => row.Tenant == "bad");

        var rebuild = await RebuildAsync();

        rebuild.Status.ShouldBe(ReplayStatus.Switched, rebuild.Error);
        rebuild.Progress.Stopped.ShouldBe([new StoppedTenant("bad", paused.PausedAt!.Value, paused.PausedEvent!.Value, paused.PausedReason!)]);
    }

    [Fact]
    public async Task A_rebuild_that_is_taken_back_leaves_what_was_live_before_up_to_date()
    {
        await FillAsync();
        await fresh.Place.RunAsync("update {schema}.revenue_cells set repeaters = repeaters + 7 where grain = 'year' and dimension = ''");
        var wrong = await LinesAsync();
        var rebuild = await RebuildAsync();
        (await LinesAsync()).ShouldNotBe(wrong);
        (await Replays.RebuildAsync(null, Stop)).ShouldBeNull("one waits for a word");
        await Shop.AppendAsync("later", [Bought("later", 3)]);
        await Shop.ReflectAsync();

        (await Replays.RevertAsync(rebuild, Stop)).ShouldBeTrue();

        (await LinesAsync()).ShouldBe(wrong);
        (await Shop.CountAsync("later")).ShouldBe((1, 1));
        (await SchemasAsync()).ShouldBeEmpty();
        await Shop.AppendAsync("later", [Bought("again", 4)]);
        await Shop.ReflectAsync();
        (await Shop.CountAsync("later")).ShouldBe((2, 2));
    }

    [Fact]
    public async Task Events_that_come_during_a_rebuild_are_in_it_and_questions_are_answered_all_the_while()
    {
        await FillAsync();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await Shop.AppendAsync("busy", [Bought($"{sent}", sent % 300)]);
                sent++;
                await Shop.AdvanceAsync();
            }
        }, Stop);
        var (asking, last) = (Task.Run(async () =>
        {
            var seen = 0L;
            while (!enough.IsCancellationRequested)
            {
                var (orders, entries) = await Shop.CountAsync("busy");
                orders.ShouldBe(entries, "cells and histories are of one moment");
                orders.ShouldBeGreaterThanOrEqualTo(seen, "no answer goes back");
                seen = orders;
            }
        }, Stop), 0);

        for (; last < 4; last++)
        {
            var rebuild = await RebuildAsync();
            rebuild.Status.ShouldBe(ReplayStatus.Switched, rebuild.Error);
            rebuild.Progress.Compared.ShouldNotBeNull().Differences.ShouldBe(0, string.Join('\n', rebuild.Progress.Compared.Examples));
            if (last % 2 == 0) await Replays.ConfirmAsync(rebuild, Stop);
            else await Replays.RevertAsync(rebuild, Stop);
        }
        await enough.CancelAsync();
        await Task.WhenAll(sending, asking);

        await Shop.ReflectAsync();
        (await Shop.CountAsync("busy")).ShouldBe((sent, sent));
    }

    [Fact]
    public async Task A_rebuild_that_is_cancelled_or_fails_leaves_nothing_but_its_reason()
    {
        await FillAsync();
        var before = await LinesAsync();
        await fresh.Place.RunAsync("""
            create function public.refuse() returns event_trigger language plpgsql as $$ begin
                if current_query() like 'create unlogged%' then raise exception 'could not extend file: No space left on device' using errcode = '53100'; end if;
            end $$;
            create event trigger refuse on ddl_command_start execute function public.refuse()
            """);

        var failed = await RebuildAsync();

        (failed.Status, failed.Error!.Contains("disk is full")).ShouldBe((ReplayStatus.Failed, true), failed.Error);
        (await SchemasAsync()).ShouldBeEmpty();
        await fresh.Place.RunAsync("drop event trigger refuse");
        var begun = (await Replays.RebuildAsync(null, Stop)).ShouldNotBeNull();
        await Replays.CancelAsync(begun, Stop);
        await Replays.EndOf(begun);
        (await Replays.FindAsync(Progress.Everyone, "rebuild", Stop))!.Status.ShouldBe(ReplayStatus.Cancelled);
        (await SchemasAsync()).ShouldBeEmpty();
        (await LinesAsync()).ShouldBe(before);
        (await RebuildAsync()).Status.ShouldBe(ReplayStatus.Switched);
    }

    [Fact]
    public async Task What_an_ended_process_was_making_is_made_by_the_next_one_and_what_nobody_knows_is_removed()
    {
        await FillAsync();
        var first = Fresh();
        await first.RebuildAsync(null, Stop);
        await first.DisposeAsync();
        await fresh.Place.RunAsync("create schema {schema}_replay_77; create table {schema}_replay_77.left_over (x int)");

        await Replays.ResumeAsync(Stop);
        await Replays.EndOf((await Replays.FindAsync(Progress.Everyone, "rebuild", Stop))!);

        var rebuild = (await Replays.FindAsync(Progress.Everyone, "rebuild", Stop)).ShouldNotBeNull();
        rebuild.Status.ShouldBe(ReplayStatus.Switched, rebuild.Error);
        (await SchemasAsync()).ShouldHaveSingleItem().ShouldBe($"retention_replay_{rebuild.Number}");
    }

    [Fact]
    public async Task A_tenant_that_is_deleted_is_gone_from_what_waits_beside_a_rebuild()
    {
        await FillAsync();
        var rebuild = await RebuildAsync();
        await Shop.Tenants.DeleteAsync("t0", Stop);

        (await Replays.RevertAsync(rebuild, Stop)).ShouldBeTrue();

        await Shop.ReflectAsync();
        (await fresh.Place.ScalarAsync<long>("select count(*) from {schema}.customer_history where tenant_id = 't0'")).ShouldBe(0);
        (await fresh.Place.ScalarAsync<long>("select count(*) from {schema}.revenue_cells where tenant_id = 't0'")).ShouldBe(0);
        (await fresh.Place.ScalarAsync<long>("select count(*) from {schema}.customer_history where tenant_id = 't1'")).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_rebuild_of_one_tenant_replaces_its_rows_only_and_can_be_taken_back()
    {
        await FillAsync();
        var right = await LinesAsync();
        await fresh.Place.RunAsync("update {schema}.revenue_cells set repeaters = repeaters + 7 where tenant_id in ('t0', 't1')");
        var wrong = await LinesAsync();

        var rebuild = await RebuildAsync("t0");

        rebuild.Status.ShouldBe(ReplayStatus.Switched, rebuild.Error);
        rebuild.Progress.Compared.ShouldNotBeNull().Examples.ShouldAllBe(example => example.Contains("(t0,"));
        (await LinesOfAsync("t0")).ShouldBe([.. right.Where(line => line.StartsWith("t0 ", StringComparison.Ordinal))]);
        (await LinesOfAsync("t1")).ShouldBe([.. wrong.Where(line => line.StartsWith("t1 ", StringComparison.Ordinal))]);
        await Shop.AppendAsync("t0", [Bought("later", 3)]);
        await Shop.ReflectAsync();
        await using (var built = await Stored.BuiltAsync(fresh.Place, new ReplayPlan("t0", long.MaxValue)))
            (await built.LinesAsync()).ShouldBe([.. (await new Stored(fresh.Place).LinesAsync("t0"))]);
        await Shop.AppendAsync("t0", [Bought("again", 4)]);
        await Shop.ReflectAsync();
        var ahead = await Shop.CountAsync("t0");

        (await Replays.RevertAsync(rebuild, Stop)).ShouldBeTrue();

        await Shop.ReflectAsync();
        (await LinesOfAsync("t1")).ShouldBe([.. wrong.Where(line => line.StartsWith("t1 ", StringComparison.Ordinal))]);
        (await Shop.CountAsync("t0")).ShouldBe(ahead, "what was live before is brought up to date");
        (await SchemasAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_full_disk_ends_a_rebuild_with_its_reason_and_changes_nothing_live()
    {
        if (!await TinyDisk.CanBeMountedAsync()) Assert.Skip("NOT RUN: only root can mount a small disk.");
        await FillAsync();
        await Shop.AppendAsync("t0", Enumerable.Range(0, 3_000).Select(number => Bought($"many {number}", number % 300)));
        await Shop.ReflectAsync();
        var before = await LinesAsync();
        await using var disk = await TinyDisk.MountAsync(kilobytes: 16);
        await using var replays = Fresh(new ReplayRoom { Memory = 1 << 20, Folder = disk.Folder });

        var begun = (await replays.RebuildAsync(null, Stop)).ShouldNotBeNull();
        await replays.EndOf(begun);

        var failed = (await replays.FindRebuildAsync(null, Stop)).ShouldNotBeNull();
        (failed.Status, failed.Error!.Contains("No space left on device")).ShouldBe((ReplayStatus.Failed, true), failed.Error);
        failed.Error.ShouldContain("start again when there is room");
        (await SchemasAsync()).ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(disk.Folder).ShouldBeEmpty();
        (await LinesAsync()).ShouldBe(before);
        (await RebuildAsync()).Status.ShouldBe(ReplayStatus.Switched, "on a disk with room");
    }

    [Fact]
    public async Task Names_that_killed_processes_left_on_the_disk_are_removed_at_the_start()
    {
        var folder = Directory.CreateTempSubdirectory("retention-");
        try
        {
            folder.CreateSubdirectory("retention-replay-old");
            var (full, others) = (folder.CreateSubdirectory("retention-replay-of-somebody"), Path.Combine(folder.FullName, "others"));
            await File.WriteAllTextAsync(Path.Combine(full.FullName, "data"), "", Stop);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "retention-replay-killed"), "", Stop);
            await File.WriteAllTextAsync(others, "", Stop);
            await using var replays = Fresh(new ReplayRoom { Folder = folder.FullName });

            await replays.ResumeAsync(Stop);

            Directory.GetFileSystemEntries(folder.FullName).Order().ShouldBe([others, full.FullName]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private Replays.Replays Fresh(ReplayRoom? room = null) => new(fresh.Place, Shop.Progress, NullLogger<Replays.Replays>.Instance, room);

    private async Task FillAsync()
    {
        foreach (var (number, trial) in CorrectedTrial.Any.Generator.Sample(3, 200).Index())
        {
            await Shop.SendAsync($"t{number}", trial.Told);
            await Shop.AppendAsync($"t{number}", [Bought("own", 7)]);
        }
        await Shop.ReflectAsync();
    }

    private async Task<Replay> RebuildAsync(string? tenant = null)
    {
        var begun = (await Replays.RebuildAsync(tenant, Stop)).ShouldNotBeNull();
        await Replays.EndOf(begun);
        return (await Replays.FindRebuildAsync(tenant, Stop)).ShouldNotBeNull();
    }

    private async Task<List<string>> LinesAsync()
    {
        var lines = new List<string>();
        foreach (var tenant in (string[])["t0", "t1", "t2"]) lines.AddRange(await LinesOfAsync(tenant));
        return lines;
    }

    private async Task<List<string>> LinesOfAsync(string tenant) =>
        [.. (await Shop.LinesAsync(tenant, Default, Trial.TheEnd, Grain.Year, maintained: true)).Select(line => $"{tenant} {line}")];

    private Task<string> IndexesAsync() => fresh.Place.ScalarAsync<string>("""
        select string_agg(indexdef, e'\n' order by indexdef) from pg_indexes where schemaname = '{schema}'
        """);

    private async Task<List<string>> SchemasAsync()
    {
        var found = await fresh.Place.ScalarAsync<string>("select coalesce(string_agg(nspname, ','), '') from pg_namespace where nspname like '%replay%'");
        return [.. found.Split(',', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static Happening Bought(string order, int day) =>
        new("ann", Trial.Start.AddDays(day).AddHours(9), "late shop", order, What.Bought, order, 10);
}
