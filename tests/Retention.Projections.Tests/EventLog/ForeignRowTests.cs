using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Running;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

/// <summary>What a Marten process leaves in the same tables.</summary>
public sealed class ForeignRowTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Tenant = "t";
    private readonly FreshPlace fresh = new(postgres);

    private Place Place => fresh.Place;

    private Log Log => new(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task A_stream_that_another_client_continued_is_continued_after_it()
    {
        await AppendAsync("1");
        await InsertAsync("customer-a");

        var verdict = (await AppendAsync("3")).ShouldBeOfType<Appended.Stored>();

        verdict.ShouldBe(new Appended.Stored(3, 3));
        var page = await Log.ReadAsync(new LogRange(0, 3, 100), Stop);
        page.Events.Select(stored => (stored.Version, stored.IsForeign)).ShouldBe([(1, false), (2, true), (3, false)]);
        (await Place.ScalarAsync<long>("select version from {schema}.mt_streams")).ShouldBe(3);
    }

    [Fact]
    public async Task Tombstones_gaps_and_archived_events_are_passed_over()
    {
        await new ForeignClient(Place, Tenant).LeaveTombstoneAsync();
        await Place.RunAsync("select setval('{schema}.mt_events_sequence', 70)");
        await AppendAsync("1");
        await AppendAsync("2");
        await Place.RunAsync("update {schema}.mt_events set is_archived = true where seq_id = 71");
        await new ForeignClient(Place, Tenant).LeaveTombstoneAsync();

        var page = await Log.ReadAsync(new LogRange(0, await Log.LastIssuedAsync(Stop), 100), Stop);

        page.Events.Select(stored => stored.Position).ShouldBe([72]);
        page.Last.ShouldBe(73);
    }

    [Theory]
    [InlineData(null, "marten", null, 0)]
    [InlineData("{}", "marten", null, 0)]
    [InlineData("[1]", "marten", null, 0)]
    [InlineData("""{"source": 1, "id": 2, "occurredAt": 3, "schema": "1"}""", "marten", null, 0)]
    [InlineData("""{"source": "till"}""", "till", null, 0)]
    [InlineData("""{"occurredAt": "2026-01-01T00:00:00+02:00", "schema": 1.5}""", "marten", "2026-01-01T00:00:00+02:00", 0)]
    [InlineData("""{"occurred-at": "2026-01-01T00:00:00Z", "schema": 1}""", "marten", "2026-01-01T00:00:00Z", 1)]
    [InlineData("""{"source": "s", "id": "x", "hash": "h", "schema": -1}""", "s", null, 0)]
    public async Task Headers_of_others_count_as_far_as_they_go(string? headers, string source, string? occurredAt, int schema)
    {
        await InsertAsync("customer-a", headers);

        var stored = (await Log.ReadStreamAsync(Tenant, "customer-a", 1, Stop)).ShouldHaveSingleItem();

        stored.Headers.ShouldBe(new EventHeaders(
            source, stored.EventId.ToString(), occurredAt ?? Timestamp.Format(stored.RecordedAt.AddTicks(-1)), Hash: null, schema));
        (stored.IsForeign, stored.Fault).ShouldBe((true, null));
    }

    [Fact]
    public async Task A_senders_id_counts_if_the_rows_id_was_made_from_it()
    {
        const string headers = """{"source": "till", "id": "x"}""";
        await InsertAsync("customer-a", headers, EventId.Of(Tenant, "till", "x"));
        await InsertAsync("customer-a", headers, EventId.Of("other", "till", "x"));

        var stored = await Log.ReadStreamAsync(Tenant, "customer-a", 1, Stop);

        stored.Select(item => item.IsForeign).ShouldBe([false, true]);
        stored[0].Headers.Id.ShouldBe("x");
        stored[1].Headers.Id.ShouldBe(stored[1].EventId.ToString());
    }

    [Theory]
    [InlineData("{}", """{"occurredAt": "yesterday"}""", "headers.occurredAt is 'yesterday', not an RFC 3339 date-time with an offset.")]
    [InlineData("{}", """{"occurredAt": "2026-01-01T00:00:00"}""", "headers.occurredAt is '2026-01-01T00:00:00', not an RFC 3339 date-time with an offset.")]
    [InlineData("{}", """{"schema": 9}""", "purchase_refunded has schema version 9; this program knows versions up to 1. Run the newer program.")]
    public async Task What_cannot_be_read_says_why_and_stops_no_other_event(string data, string headers, string fault)
    {
        await AppendAsync("1");
        await new ForeignClient(Place, Tenant).AppendAsync("customer-a", new ForeignEvent("purchase_refunded", data, headers));
        await AppendAsync("3");

        var page = await Log.ReadAsync(new LogRange(0, 3, 100), Stop);

        page.Events.Select(stored => stored.Fault).ShouldBe([null, fault, null]);
        Should.Throw<UnreadableEventException>(() => TenantEvents.Read(Tenant, page.Events)).Reason.ShouldBe(fault);
    }

    [Fact]
    public async Task Nesting_deeper_than_is_read_stops_no_other_event()
    {
        var deep = $"{string.Concat(Enumerable.Repeat("[", 200))}{string.Concat(Enumerable.Repeat("]", 200))}";
        await new ForeignClient(Place, Tenant).AppendAsync(
            "customer-a", new ForeignEvent("purchase_refunded", deep), new ForeignEvent("loyalty_joined", "{}", $$"""{"x":{{deep}}}"""));
        await AppendAsync("3");

        var stored = await Log.ReadStreamAsync(Tenant, "customer-a", 1, Stop);

        stored.Select(item => item.Fault is null).ShouldBe([false, false, true]);
    }

    [Fact]
    public async Task An_event_of_a_client_without_camel_case_means_what_it_says()
    {
        await new ForeignClient(Place, Tenant).AppendAsync("customer-a", new ForeignEvent(
            "purchase_made", """{"OrderId":"o","Currency":"EUR","Total":49.90,"Lines":null,"Own":1}""", """{"occurredAt":"2026-01-01T10:00:00+01:00"}"""));

        var stored = (await Log.ReadStreamAsync(Tenant, "customer-a", 1, Stop)).ShouldHaveSingleItem();
        var entry = TenantEvents.EntryOf(stored, EventType.Named("purchase_made")!);

        entry.Fact.ShouldBeOfType<Fact.Purchase>().Total.ShouldBe(499_000);
        new DateTime(entry.OccurredAt, DateTimeKind.Utc).ShouldBe(new DateTime(2026, 1, 1, 9, 0, 0));
        entry.Source.ShouldBe("marten");
        stored.Data.GetProperty("own").GetInt32().ShouldBe(1);
        (await Place.LinesAsync("select data::text from {schema}.mt_events")).ShouldHaveSingleItem().ShouldContain("\"OrderId\"");
    }

    [Fact]
    public async Task An_id_that_another_client_used_without_a_hash_is_a_conflict()
    {
        var mine = Given.Event(Tenant, "a", "1");
        await InsertAsync("customer-a", id: mine.Id);

        (await Log.AppendAsync(Tenant, [mine], AppendMode.KeepValid, Stop))[0].ShouldBe(new Appended.Conflict(1));
    }

    [Fact]
    public async Task A_page_ends_where_its_limit_or_its_range_does()
    {
        for (var number = 1; number <= 5; number++) await AppendAsync($"{number}");
        await Log.AppendAsync("other", [Given.Event("other", "a", "1")], AppendMode.KeepValid, Stop);

        (await PageAsync(new LogRange(0, 6, 3))).ShouldBe(("1 2 3", 3));
        (await PageAsync(new LogRange(3, 4, 3))).ShouldBe(("4", 4));
        (await PageAsync(new LogRange(4, 6, 3, ExceptTenants: ["other"]))).ShouldBe(("5", 6));
        (await PageAsync(new LogRange(0, 6, 3, Tenant: "other"))).ShouldBe(("6", 6));
        (await PageAsync(new LogRange(6, 6, 3))).ShouldBe(("", 6));
        (await PageAsync(new LogRange(6, 4, 3))).ShouldBe(("", 6));
    }

    [Fact]
    public async Task A_stream_is_read_from_a_version_on()
    {
        for (var number = 1; number <= 4; number++) await AppendAsync($"{number}");

        (await Log.ReadStreamAsync(Tenant, "customer-a", 3, Stop)).Select(stored => stored.Version).ShouldBe([3, 4]);
        (await Log.ReadStreamAsync(Tenant, "customer-b", 1, Stop)).ShouldBeEmpty();
    }

    private async Task<Appended> AppendAsync(string id) =>
        (await Log.AppendAsync(Tenant, [Given.Event(Tenant, "a", id)], AppendMode.KeepValid, Stop))[0];

    private async Task<(string Positions, long Last)> PageAsync(LogRange range)
    {
        var page = await Log.ReadAsync(range, Stop);
        return (string.Join(' ', page.Events.Select(stored => stored.Position)), page.Last);
    }

    private Task InsertAsync(string stream, string? headers = null, Guid? id = null) =>
        new ForeignClient(Place, Tenant).AppendAsync(stream, new ForeignEvent("purchase_refunded", "{}", headers, id));
}
