[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(Retention.Chaos.Tests.StoreFixture))]

namespace Retention.Chaos.Tests;

/// <summary>A PostgreSQL for all trials that do not break it.</summary>
public sealed class StoreFixture : IAsyncLifetime
{
    private Store? store;

    public Store Store => store!;

    public async ValueTask InitializeAsync() => store = await Store.StartAsync(_ => { }, CancellationToken.None);

    public ValueTask DisposeAsync() => store?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>The short form of each trial of <c>retention chaos</c>, and what its control comes to: without protection it must fail.</summary>
public sealed class TrialTests(StoreFixture fixture)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_and_nothing_is_doubled_when_the_service_and_its_database_are_killed() =>
        ShouldPass(await LedgerTrial.RunAsync(Short(1), Stop));

    [Fact]
    public async Task Of_three_processes_another_takes_over_when_the_owner_is_killed_or_paused_and_all_is_as_in_a_rebuild() =>
        ShouldPass(await TakeoverTrial.RunAsync(fixture.Store, Short(1), Stop));

    [Fact]
    public async Task The_service_goes_on_by_itself_when_its_database_has_come_back() =>
        ShouldPass(await RestartTrial.RunAsync(Short(1), Stop));

    [Fact]
    public async Task A_full_disk_is_a_503_and_no_more_once_there_is_room()
    {
        if (!await DiskFullTrial.CanRunAsync()) Assert.Skip("A small file system can be mounted by root only.");
        ShouldPass(await DiskFullTrial.RunAsync(Short(1), Stop));
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_stops_its_tenant_and_nobody_else() =>
        ShouldPass(await PoisonTrial.RunAsync(fixture.Store, Short(1), Stop));

    [Fact]
    public async Task Who_may_not_ask_learns_nothing_from_any_operation() =>
        ShouldPass(await MatrixTrial.RunAsync(fixture.Store, Short(0), Stop));

    [Fact]
    public async Task No_event_is_ever_skipped_where_simpler_readers_lose_some() =>
        ShouldPass(await TortureTrial.RunAsync(fixture.Store, Short(4), Stop));

    [Fact]
    public async Task The_verdict_on_a_simpler_reader_is_that_it_skips_events() =>
        ShouldFail(await TortureTrial.RunAsync(fixture.Store, Control(2), Stop), "skipped by the reader of seq_id > last");

    [Fact]
    public async Task Hostile_requests_are_refused_clearly_and_cost_bounded_memory() =>
        ShouldPass(await FuzzTrial.RunAsync(fixture.Store, Short(1), Stop));

    private static TrialOptions Short(int seconds) =>
        new(TimeSpan.FromSeconds(seconds), Seed: 7) { Say = sentence => TestContext.Current.TestOutputHelper?.WriteLine(sentence) };

    private static TrialOptions Control(int seconds) => Short(seconds) with { Control = true };

    // How long things take is for the command to say, on a machine that does nothing else.
    private static void ShouldPass(Verdict verdict) =>
        verdict.Figures.Where(figure => !figure.Name.StartsWith("seconds ", StringComparison.Ordinal)).ShouldAllBe(figure => figure.Holds, $"{verdict}");

    private static void ShouldFail(Verdict verdict, string figure) =>
        verdict.Figures.Single(shown => shown.Name == figure).Holds.ShouldBeFalse($"{verdict}");
}
