using Retention.Projections.EventLog;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

public sealed class AppendTests(FreshPlace fresh) : IClassFixture<FreshPlace>
{
    private readonly string tenant = $"t{Guid.NewGuid():n}";
    private readonly Place place = fresh.Place;
    private readonly Log log = new(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_of_several_streams_get_the_versions_of_their_streams()
    {
        await AppendAsync(Event("a", "1"), Event("b", "2"), Event("a", "3"));
        var verdicts = await AppendAsync(Event("b", "4"), Event("a", "5"));

        verdicts.Cast<Appended.Stored>().Select(stored => stored.Version).ShouldBe([2, 3]);
        (await VersionsAsync("a")).ShouldBe([1, 2, 3]);
        (await StreamVersionAsync("a")).ShouldBe(3);
        (await StreamVersionAsync("b")).ShouldBe(2);
    }

    [Fact]
    public async Task Positions_follow_the_order_of_the_batch()
    {
        var verdicts = await AppendAsync([.. Enumerable.Range(0, 500).Select(number => Event($"c{number % 7}", $"e{number}"))]);

        var positions = verdicts.Cast<Appended.Stored>().Select(stored => stored.Position).ToArray();
        positions.ShouldBe(positions.Order());
    }

    [Fact]
    public async Task The_same_event_again_changes_nothing_and_draws_no_number()
    {
        var first = (Appended.Stored)(await AppendAsync(Event("a", "1"), Event("b", "2")))[0];
        var drawn = await place.LastNumberAsync();

        var verdicts = await AppendAsync(Event("a", "1"), Event("b", "2"));

        verdicts[0].ShouldBe(new Appended.Duplicate(first.Position));
        (await place.LastNumberAsync()).ShouldBe(drawn);
        (await StreamVersionAsync("a")).ShouldBe(1);
    }

    [Fact]
    public async Task A_repeat_within_the_batch_is_a_duplicate_of_the_first()
    {
        var verdicts = await AppendAsync(Event("a", "1"), Event("a", "1"), Event("a", "1", amount: 2));

        var first = verdicts[0].ShouldBeOfType<Appended.Stored>();
        verdicts[1].ShouldBe(new Appended.Duplicate(first.Position));
        verdicts[2].ShouldBe(new Appended.Conflict(first.Position));
        (await VersionsAsync("a")).ShouldBe([1]);
    }

    [Fact]
    public async Task A_conflict_leaves_the_old_row_and_the_valid_neighbours_are_stored()
    {
        var first = (Appended.Stored)(await AppendAsync(Event("a", "1", amount: 1)))[0];

        var verdicts = await AppendAsync(Event("a", "1", amount: 2), Event("a", "2"));

        verdicts[0].ShouldBe(new Appended.Conflict(first.Position));
        verdicts[1].ShouldBeOfType<Appended.Stored>().Version.ShouldBe(2);
        var stored = await log.ReadStreamAsync(tenant, "customer-a", 1, Stop);
        stored[0].Data.GetProperty("amount").GetDecimal().ShouldBe(1);
    }

    [Fact]
    public async Task All_or_none_stores_nothing_beside_a_conflict_and_draws_no_number()
    {
        var held = (Appended.Stored)(await AppendAsync(Event("a", "1"), Event("a", "2")))[0];
        var drawn = await place.LastNumberAsync();

        var verdicts = await log.AppendAsync(
            tenant, [Event("new", "3"), Event("a", "1", amount: 2), Event("a", "2"), Event("new", "3", amount: 9)], AppendMode.AllOrNone, Stop);

        verdicts[0].ShouldBeOfType<Appended.Withheld>();
        verdicts[1].ShouldBe(new Appended.Conflict(held.Position));
        verdicts[2].ShouldBeOfType<Appended.Duplicate>();
        verdicts[3].ShouldBe(new Appended.Conflict(null));
        (await place.LastNumberAsync()).ShouldBe(drawn);
        (await StreamsAsync()).ShouldBe(["customer-a"]);
    }

    [Fact]
    public async Task All_or_none_lets_duplicates_pass()
    {
        await AppendAsync(Event("a", "1"));

        var verdicts = await log.AppendAsync(tenant, [Event("a", "1"), Event("a", "2")], AppendMode.AllOrNone, Stop);

        verdicts[0].ShouldBeOfType<Appended.Duplicate>();
        verdicts[1].ShouldBeOfType<Appended.Stored>();
    }

    [Fact]
    public async Task A_stale_expected_version_stores_nothing_and_draws_no_number()
    {
        await AppendAsync(Event("a", "1"), Event("a", "2"));
        var drawn = await place.LastNumberAsync();

        var refused = await Should.ThrowAsync<VersionConflictException>(AppendAsync(Event("b", "3"), Event("a", "4", expected: 1)));

        (refused.Stream, refused.Expected, refused.Actual).ShouldBe(("customer-a", 1, 2));
        (await place.LastNumberAsync()).ShouldBe(drawn);
        (await StreamsAsync()).ShouldBe(["customer-a"]);
    }

    [Fact]
    public async Task The_expected_version_is_that_before_the_batch()
    {
        await AppendAsync(Event("a", "1", expected: 0), Event("a", "2", expected: 0));
        await AppendAsync(Event("a", "3", expected: 2));

        (await VersionsAsync("a")).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_repeat_is_a_duplicate_even_when_its_expected_version_has_passed()
    {
        await AppendAsync(Event("a", "1", expected: 0));

        (await AppendAsync(Event("a", "1", expected: 0)))[0].ShouldBeOfType<Appended.Duplicate>();
    }

    [Fact]
    public async Task A_stream_that_receives_only_conflicts_leaves_no_row()
    {
        await AppendAsync(Event("a", "1"));

        await AppendAsync(Event("never", "1"), Event("b", "2"));

        (await StreamsAsync()).ShouldBe(["customer-a", "customer-b"]);
    }

    [Fact]
    public async Task Ids_of_two_tenants_are_their_own()
    {
        await AppendAsync(Event("a", "1"));

        var verdicts = await log.AppendAsync("other-" + tenant, [Given.Event("other-" + tenant, "a", "1")], AppendMode.KeepValid, Stop);

        verdicts[0].ShouldBeOfType<Appended.Stored>().Version.ShouldBe(1);
    }

    [Fact]
    public async Task What_Marten_needs_is_never_null()
    {
        await AppendAsync(Event("a", "1"));

        var incomplete = await place.ScalarAsync<long>("""
            select count(*) from {schema}.mt_events e join {schema}.mt_streams s on s.tenant_id = e.tenant_id and s.id = e.stream_id
            where num_nulls(e.is_archived, s.is_archived, s.version, e.mt_dotnet_type, e.headers, e.timestamp) > 0
            """);
        incomplete.ShouldBe(0);
    }

    [Fact]
    public async Task Nothing_is_appended_by_an_empty_batch() => (await AppendAsync()).ShouldBeEmpty();

    private NewEvent Event(string customer, string id, decimal amount = 1, long? expected = null) =>
        Given.Event(tenant, customer, id, amount, expected);

    private Task<IReadOnlyList<Appended>> AppendAsync(params NewEvent[] events) =>
        log.AppendAsync(tenant, events, AppendMode.KeepValid, Stop);

    private async Task<IEnumerable<long>> VersionsAsync(string customer) =>
        (await log.ReadStreamAsync(tenant, $"customer-{customer}", 1, Stop)).Select(stored => stored.Version);

    private Task<long> StreamVersionAsync(string customer) => place.ScalarAsync<long>(
        $$"""select version from {schema}.mt_streams where tenant_id = '{{tenant}}' and id = 'customer-{{customer}}'""");

    private Task<IReadOnlyList<string>> StreamsAsync() =>
        place.LinesAsync($$"""select id from {schema}.mt_streams where tenant_id = '{{tenant}}' order by id""");
}
