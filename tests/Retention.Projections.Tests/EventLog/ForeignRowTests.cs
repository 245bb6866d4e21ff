using Retention.Projections.EventLog;
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
        await InsertAsync("customer-a", 2, "purchase_refunded");

        var verdict = (await AppendAsync("3")).ShouldBeOfType<Appended.Stored>();

        verdict.ShouldBe(new Appended.Stored(3, 3));
        var page = await Log.ReadAsync(new LogRange(0, 3, 100), Stop);
        page.Events.Select(stored => stored.Headers?.Id).ShouldBe(["1", null, "3"]);
    }

    [Fact]
    public async Task Tombstones_gaps_and_archived_events_are_passed_over()
    {
        await InsertAsync("mt_tombstone", 1, "tombstone");
        await Place.RunAsync("select setval('{schema}.mt_events_sequence', 70)");
        await AppendAsync("1");
        await AppendAsync("2");
        await Place.RunAsync("update {schema}.mt_events set is_archived = true where seq_id = 71");
        await InsertAsync("mt_tombstone", 2, "tombstone");

        var page = await Log.ReadAsync(new LogRange(0, await Log.LastIssuedAsync(Stop), 100), Stop);

        page.Events.Select(stored => stored.Position).ShouldBe([72]);
        page.Last.ShouldBe(73);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("'{}'")]
    [InlineData("'[1]'")]
    [InlineData("""'{"source": 1, "id": "x"}'""")]
    [InlineData("""'{"source": "s", "id": "x", "occurredAt": "2026-01-01T00:00:00Z", "hash": "h", "schema": 1.5}'""")]
    public async Task Headers_of_others_are_no_headers_of_ours(string headers)
    {
        await InsertAsync("customer-a", 1, "purchase_refunded", headers);

        var stored = (await Log.ReadStreamAsync(Tenant, "customer-a", 1, Stop)).ShouldHaveSingleItem();

        stored.Headers.ShouldBeNull();
    }

    [Fact]
    public async Task An_id_that_another_client_used_without_a_hash_is_a_conflict()
    {
        var mine = Given.Event(Tenant, "a", "1");
        await InsertAsync("customer-a", 1, "purchase_refunded", id: mine.Id);

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

    private Task InsertAsync(string stream, int version, string type, string headers = "null", Guid? id = null) => Place.RunAsync($$"""
        insert into {schema}.mt_streams (tenant_id, id, version) values ('{{Tenant}}', '{{stream}}', {{version}})
        on conflict (tenant_id, id) do update set version = excluded.version;
        insert into {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers)
        values (nextval('{schema}.mt_events_sequence'), '{{id ?? Guid.NewGuid()}}', '{{stream}}', {{version}}, '{}', '{{type}}', now(),
                '{{Tenant}}', 'X, Y', {{headers}});
        """);
}
