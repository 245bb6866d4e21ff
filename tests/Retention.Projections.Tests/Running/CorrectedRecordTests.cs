using FsCheck.Fluent;
using Retention.Domain.Definitions;
using Retention.Projections.EventLog;

namespace Retention.Projections.Tests;

/// <summary>
/// Merges, unmerges, retractions and what is sent again after them: figures are as if they had always been known, and what was known before
/// them can still be asked.
/// </summary>
public sealed class CorrectedRecordTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly Choice Plain = new("UTC", DayOfWeek.Monday, 90, false);

    private readonly FreshPlace fresh = new(postgres);
    private Shop? shop;

    private Shop Shop => shop ??= new Shop(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task Maintained_and_folded_figures_are_those_of_the_record_as_it_is_and_as_it_was()
    {
        foreach (var (number, trial) in CorrectedTrial.Any.Generator.Sample(30, 25).Index())
        {
            var tenant = $"t{number}";
            await Shop.ChooseAsync(tenant, trial.Choice);
            var (record, moments) = (new NaiveRecord(), new List<(long Position, IReadOnlyList<Happening> Facts)>());
            foreach (var batch in trial.Batches())
            {
                foreach (var (told, verdict) in batch.Zip(await Shop.SendAsync(tenant, batch)))
                {
                    (verdict is Appended.Stored).ShouldBe(record.Tell(told), $"{told} was {verdict} in {trial}");
                    if (verdict is Appended.Stored stored) moments.Add((stored.Position, record.Facts()));
                }
                await Shop.AdvanceAsync();
            }
            await Shop.ReflectAsync();

            var grain = MaintainedGrain(trial.Seed);
            var known = record.Facts();
            await SameAsync(tenant, trial, Trial.TheEnd, grain, known, maintained: true);
            await SameAsync(tenant, trial with { Choice = trial.Choice with { Zone = OtherNameOf(trial.Choice.Zone) } }, Trial.TheEnd, grain, known, maintained: false);
            if (known.Any(fact => fact.At >= trial.AsOf)) await SameAsync(tenant, trial, trial.AsOf, grain, known, maintained: false);
            foreach (var (position, facts) in moments.Where((_, index) => index % 7 == trial.Seed % 7))
                await SameAsync(tenant, trial, Trial.TheEnd, grain, facts, maintained: false, position);
        }
    }

    [Fact]
    public async Task A_correction_gives_the_same_figures_whether_it_comes_first_or_last()
    {
        var facts = Facts();
        Happening[] corrections =
        [
            Says("1", "ann", What.Merged, "bob", day: 1), Says("2", "cid", What.Merged, "dan", day: 2), Says("3", "dan", What.Merged, "bob", day: 3),
            Says("4", "cid", What.Unmerged, "dan", day: 4), Says("5", "bob", What.Retracted, $"{facts[0].Source}/{facts[0].Id}", day: 5),
            Says("6", "bob", What.Retracted, $"{facts[1].Source}/{facts[1].Id}", day: 0),
        ];
        var record = new NaiveRecord();
        foreach (var told in facts.Concat(corrections)) record.Tell(told);
        var expected = new Naive(record.Facts(), Plain, Trial.TheEnd).Lines(Grain.Month, Trial.Days, Shop.Columns).ToList();

        await Shop.AppendAsync("last", facts);
        await Shop.ReflectAsync();
        foreach (var correction in corrections.Reverse())
        {
            await Shop.AppendAsync("last", [correction]);
            await Shop.ReflectAsync();
        }
        await Shop.AppendAsync("first", corrections);
        await Shop.ReflectAsync();
        await Shop.AppendAsync("first", facts);
        await Shop.ReflectAsync();

        foreach (var tenant in (string[])["first", "last"])
            Served.Differences(await Shop.LinesAsync(tenant, Plain, Trial.TheEnd, Grain.Month, maintained: true), expected).ShouldBeEmpty(tenant);
    }

    [Fact]
    public async Task Merges_taken_back_leave_the_figures_of_before_exactly()
    {
        var facts = Facts();
        await Shop.AppendAsync("t", facts);
        await Shop.ReflectAsync();
        var before = await Shop.LinesAsync("t", Plain, Trial.TheEnd, Grain.Month, maintained: true);
        await Shop.AppendAsync("t", [Says("1", "ann", What.Merged, "bob"), Says("2", "bob", What.Merged, "cid"), Says("3", "dan", What.Merged, "ann")]);
        await Shop.ReflectAsync();
        (await Shop.LinesAsync("t", Plain, Trial.TheEnd, Grain.Month, maintained: true)).ShouldNotBe(before);

        await Shop.AppendAsync("t", [Says("4", "ann", What.Unmerged, "bob", day: 1), Says("5", "bob", What.Retracted, "corrector/2"), Says("6", "dan", What.Unmerged, "ann", day: 1)]);
        await Shop.ReflectAsync();

        Served.Differences(await Shop.LinesAsync("t", Plain, Trial.TheEnd, Grain.Month, maintained: true), before).ShouldBeEmpty();
    }

    [Fact]
    public async Task Cells_that_are_made_anew_count_merged_customers_as_one()
    {
        var told = Facts().Append(Says("1", "ann", What.Merged, "bob")).ToList();
        await Shop.AppendAsync("t", told);
        await Shop.ReflectAsync();
        var choice = Plain with { Window = 17 };
        await Shop.ChooseAsync("t", choice);
        await Shop.ReflectAsync();

        var record = new NaiveRecord();
        foreach (var next in told) record.Tell(next);
        var expected = new Naive(record.Facts(), choice, Trial.TheEnd).Lines(Grain.Month, Trial.Days, Shop.Columns);
        Served.Differences(await Shop.LinesAsync("t", choice, Trial.TheEnd, Grain.Month, maintained: true), expected).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_another_client_retracts_can_be_sent_again_once_it_is_reflected()
    {
        var order = new Happening("ann", Trial.Start, "shop", "1", What.Bought, "o", 10);
        await Shop.AppendAsync("t", [order]);
        await new ForeignClient(fresh.Place, "t").AppendAsync("customer-ann", new ForeignEvent("event_retracted", """{"eventId":"1","source":"shop"}"""));
        (await Shop.SendAsync("t", [order with { Amount = 20 }])).ShouldHaveSingleItem().ShouldBeOfType<Appended.Conflict>();
        await Shop.ReflectAsync();
        (await Shop.CountAsync("t")).Orders.ShouldBe(0);

        (await Shop.SendAsync("t", [order with { Amount = 20 }])).ShouldHaveSingleItem().ShouldBeOfType<Appended.Stored>();

        await Shop.ReflectAsync();
        (await Shop.CountAsync("t")).Orders.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_another_client_wrote_is_retracted_by_its_row_id(bool retractedFirst)
    {
        var id = Guid.NewGuid();
        var retraction = Says("r", "bob", What.Retracted, $"marten/{id}");
        if (retractedFirst) await Shop.AppendAsync("t", [retraction]);
        await new ForeignClient(fresh.Place, "t").AppendAsync(
            "customer-ann", new ForeignEvent("purchase_made", """{"orderId":"o","currency":"EUR","total":3}""", Id: id));
        await Shop.ReflectAsync();
        if (!retractedFirst) await Shop.AppendAsync("t", [retraction]);
        await Shop.ReflectAsync();

        (await Shop.CountAsync("t")).Orders.ShouldBe(0);
    }

    private async Task SameAsync(
        string tenant, CorrectedTrial trial, DateTime asOf, Grain grain, IReadOnlyList<Happening> facts, bool maintained, long knownAt = long.MaxValue)
    {
        var served = await Shop.LinesAsync(tenant, trial.Choice, asOf, grain, maintained, knownAt);
        Served.Differences(served, new Naive(facts, trial.Choice, asOf).Lines(grain, Trial.Days, Shop.Columns)).ShouldBeEmpty($"known at {knownAt}, {grain}: {trial}");
    }

    /// <summary>Whatever happens, and an order of each of two customers.</summary>
    private static List<Happening> Facts() =>
    [
        new("ann", Trial.Start, "till", "a", What.Bought, "of ann", 10), new("bob", Trial.Start.AddDays(40), "till", "b", What.Bought, "of bob", 20),
        .. Trial.Any.Generator.Sample(1, 60).Single().Told,
    ];

    private static Grain MaintainedGrain(int seed) => ReadModels.MaintainedCells.Grains[1 + seed % (ReadModels.MaintainedCells.Grains.Count - 1)];

    private static string OtherNameOf(string zone) => ProjectorTests.OtherNames[zone];

    private static Happening Says(string id, string customer, What what, string about, int day = 0) =>
        new(customer, Trial.Start.AddDays(day), "corrector", id, what, about);
}
