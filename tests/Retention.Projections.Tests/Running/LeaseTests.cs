using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Replays;
using Retention.Projections.Running;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

/// <summary>One process at a time keeps the read models, and one that was paused finds itself refused.</summary>
public sealed class LeaseTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);

    private Place Place => fresh.Place;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task One_process_keeps_the_projections_until_it_gives_them_up()
    {
        var (first, second) = (LeaseOf("a"), LeaseOf("b"));
        await using (var owning = (await first.TryTakeAsync(Stop)).ShouldNotBeNull())
        {
            owning.Epoch.ShouldBe(1);
            (await second.TryTakeAsync(Stop)).ShouldBeNull();
            (await second.OwnerAsync(Stop)).ShouldNotBeNull().Process.ShouldBe("a");
        }
        (await second.OwnerAsync(Stop)).ShouldBeNull();

        await using var next = (await second.TryTakeAsync(Stop)).ShouldNotBeNull();

        next.Epoch.ShouldBe(2);
    }

    [Fact]
    public async Task The_lease_of_a_living_owner_does_not_run_out_though_its_batch_takes_longer()
    {
        await using var owning = (await LeaseOf("a", TimeSpan.FromSeconds(1)).TryTakeAsync(Stop)).ShouldNotBeNull();
        await using var batch = await owning.Place.DataSource.OpenConnectionAsync(Stop);
        await using var open = await batch.BeginTransactionAsync(Stop);
        await ProgressLock.TakeAsync(batch, owning.Place, Stop);

        var taken = await Place.ScalarAsync<DateTime>("select until from {schema}.projection_lease");
        while (await Place.ScalarAsync<DateTime>("select until from {schema}.projection_lease") < taken.AddSeconds(2))
            (await LeaseOf("b").TryTakeAsync(Stop)).ShouldBeNull();

        await open.CommitAsync(Stop);
    }

    [Fact]
    public async Task An_owner_that_dies_is_followed_before_its_lease_has_run_out()
    {
        await using var owning = (await LeaseOf("a").TryTakeAsync(Stop)).ShouldNotBeNull();
        await Place.RunAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'retention lease' and datname = current_database()");

        Ownership? next = null;
        while (next is null) next = await LeaseOf("b").TryTakeAsync(Stop);

        next.Epoch.ShouldBe(2);
        (await Place.ScalarAsync<bool>("select until < now() + interval '6 seconds' from {schema}.projection_lease")).ShouldBeTrue();
        await Should.ThrowAsync<OperationCanceledException>(Task.Delay(Timeout.Infinite, owning.Lost));
        await next.DisposeAsync();
    }

    [Fact]
    public async Task What_a_paused_owner_has_begun_ends_and_nothing_that_it_begins_is_let_in()
    {
        var shop = new Shop(Place);
        await shop.AppendAsync("t", [Bought(1)]);
        await using var paused = (await LeaseOf("a").TryTakeAsync(Stop)).ShouldNotBeNull();
        await using var batch = await paused.Place.DataSource.OpenConnectionAsync(Stop);
        await using var open = await batch.BeginTransactionAsync(Stop);
        await ProgressLock.TakeAsync(batch, paused.Place, Stop);
        await RunOutAsync();

        await using var next = (await LeaseOf("b").TryTakeAsync(Stop)).ShouldNotBeNull();

        await Should.ThrowAsync<NpgsqlException>(open.CommitAsync(Stop));
        await Should.ThrowAsync<LeaseLostException>(async () => await ProjectorOf(paused.Place).AdvanceAsync(Stop));
        (await shop.Progress.SharedAsync(Stop)).ShouldBe(0);
        await ProjectorOf(next.Place).AdvanceAsync(Stop);
        (await shop.Progress.SharedAsync(Stop)).ShouldBe(1);
        await Should.ThrowAsync<OperationCanceledException>(Task.Delay(Timeout.Infinite, paused.Lost));
    }

    [Fact]
    public async Task A_batch_checks_within_its_own_transaction_who_owns_the_projections()
    {
        var shop = new Shop(Place);
        await shop.AppendAsync("t", [Bought(1)]);
        await using var next = (await LeaseOf("b").TryTakeAsync(Stop)).ShouldNotBeNull();

        // Sessions that nobody has ended, of an owner before.
        var refused = await Should.ThrowAsync<LeaseLostException>(async () => await ProjectorOf(new Place(Place.DataSource) { Epoch = 0 }).AdvanceAsync(Stop));

        refused.Message.ShouldContain("followed by owner 1");
        (await shop.Progress.SharedAsync(Stop)).ShouldBe(0);
        (await shop.CountAsync("t")).ShouldBe((0, 0));

        // Without the epoch it would have been let in.
        await ProjectorOf(Place).AdvanceAsync(Stop);
        (await shop.Progress.SharedAsync(Stop)).ShouldBe(1);
    }

    [Fact]
    public async Task However_often_the_owner_changes_all_is_as_in_a_rebuild()
    {
        var shop = new Shop(Place);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; !enough.IsCancellationRequested; sent++) await shop.AppendAsync($"t{sent % 3}", [Bought(sent)]);
        }, Stop);
        var owners = new List<(Ownership Ownership, Task Running)>();
        const int all = 8;
        for (var epoch = 1; epoch <= all; epoch++)
        {
            await RunOutAsync();
            var ownership = await LeaseOf($"p{epoch}").WaitAsync(Stop);
            ownership.Epoch.ShouldBe(epoch);
            owners.Add((ownership, ProjectorOf(ownership.Place).RunAsync(epoch < all ? Stop : enough.Token)));
            var (sentBefore, from) = (sent, await shop.Progress.SharedAsync(Stop));
            while (sent < sentBefore + 20 || await shop.Progress.SharedAsync(Stop) <= from) await Task.Yield();
        }
        await enough.CancelAsync();
        await sending;
        foreach (var (_, running) in owners.SkipLast(1)) await Should.ThrowAsync<LeaseLostException>(running);
        await owners[^1].Running;
        await using (var last = owners[^1].Ownership)
            while (await ProjectorOf(last.Place).AdvanceAsync(Stop) || await shop.Progress.SharedAsync(Stop) < sent)
            {
            }
        foreach (var (ownership, _) in owners.SkipLast(1)) await ownership.DisposeAsync();

        await using var built = await Stored.BuiltAsync(Place, new ReplayPlan(null, long.MaxValue));
        (await new Stored(Place).LinesAsync()).ShouldBe(await built.LinesAsync());
        var orders = 0L;
        foreach (var tenant in (string[])["t0", "t1", "t2"]) orders += (await shop.CountAsync(tenant)).Orders;
        orders.ShouldBe(sent);
    }

    private Lease LeaseOf(string process, TimeSpan? term = null) =>
        new(Place, Place.DataSource.ConnectionString, NullLogger<Lease>.Instance) { Process = process, Term = term ?? TimeSpan.FromSeconds(6) };

    private static Projector ProjectorOf(Place own) =>
        new(own, new Log(own), new SafePosition(own), new Progress(own, TimeProvider.System), NullLogger<Projector>.Instance);

    /// <summary>What the database's clock would do while an owner is paused.</summary>
    private Task RunOutAsync() => Place.RunAsync("update {schema}.projection_lease set until = now()");

    private static Happening Bought(int number) =>
        new($"c{number % 7}", Trial.Start.AddDays(number % 300).AddHours(9), "shop", $"o{number}", What.Bought, $"o{number}", 10);
}
