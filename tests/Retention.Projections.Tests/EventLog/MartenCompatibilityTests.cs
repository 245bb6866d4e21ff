using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.PersonalData;
using Retention.Projections.Running;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

/// <summary>What a Marten process needs of our rows, and what it may do beside us.</summary>
public sealed class MartenCompatibilityTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Tenant = "t";

    // Spelled as a Marten client does that is set up as the documentation says.
    private static readonly JsonSerializerOptions Marten = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly FreshPlace fresh = new(postgres);

    private Place Place => fresh.Place;

    private Log Log => new(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task Every_type_is_stored_under_Martens_alias_with_a_clr_type_that_loads()
    {
        await AppendOneOfEachAsync();

        var rows = await Place.LinesAsync("select type || '|' || mt_dotnet_type from {schema}.mt_events order by seq_id");

        var types = rows.Select(row => row.Split('|')).ToDictionary(row => row[0], row => Type.GetType(row[1], throwOnError: true)!);
        types.Count.ShouldBe(EventType.All.Count + 1);
        types.ShouldAllBe(pair => JsonNamingPolicy.SnakeCaseLower.ConvertName(pair.Value.Name) == pair.Key);
        types[SettingsChanged.Name].ShouldBe(typeof(SettingsChanged));
    }

    [Fact]
    public async Task Every_row_reads_into_its_clr_type_with_a_plain_serializer()
    {
        await AppendOneOfEachAsync();

        foreach (var stored in (await Log.ReadAsync(new LogRange(0, long.MaxValue), Stop)).Events)
            if (EventType.Named(stored.Type) is { } type)
                JsonSerializer.Serialize(stored.Data.Deserialize(type.ClrType, Marten))
                    .ShouldBe(JsonSerializer.Serialize<object>(type.Read(new Fields(stored.Data, "data", []))), stored.Type);
            else
                stored.Data.Deserialize<SettingsChanged>(Marten)!.Settings.Currency.ShouldBe("EUR");
    }

    [Fact]
    public async Task Members_are_camel_case_numbers_are_numbers_and_times_are_text_with_an_offset()
    {
        await AppendOneOfEachAsync();

        (await Place.LinesAsync("select distinct key from {schema}.mt_events, jsonb_object_keys(data) key")).ShouldAllBe(key => char.IsAsciiLetterLower(key[0]));
        var purchase = await Place.LinesAsync("""
            select concat_ws(' ', jsonb_typeof(data -> 'margin'), data ->> 'margin', jsonb_typeof(data #> '{lines,0,unitPrice}'),
                             jsonb_typeof(headers -> 'occurredAt'), headers ->> 'occurredAt')
            from {schema}.mt_events where type = 'purchase_made'
            """);
        purchase.ShouldBe(["number -3.00005 number string 2026-01-03T12:00:00+02:00"]);
    }

    [Fact]
    public async Task Nothing_that_Marten_reads_is_null_and_times_come_from_the_clock()
    {
        var before = await Place.ScalarAsync<DateTime>("select clock_timestamp()");
        await AppendOneOfEachAsync();
        await Place.RunAsync("select pg_sleep(0.002)");
        await AppendAsync("late", "late");

        (await Place.ScalarAsync<long>("""
            select count(*) from {schema}.mt_events
            where num_nulls(seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers, is_archived) > 0 or is_archived
            """)).ShouldBe(0);
        (await Place.ScalarAsync<long>("""
            select count(*) from {schema}.mt_streams where num_nulls(tenant_id, id, version, timestamp, created, is_archived) > 0 or is_archived
            """)).ShouldBe(0);
        var times = await Place.ScalarAsync<DateTime[]>("select array_agg(timestamp order by seq_id) from {schema}.mt_events");
        times.ShouldBe(times.Order());
        times[0].ShouldBeGreaterThan(before);
        times[^1].ShouldBeGreaterThan(times[0]);
        (await Place.ScalarAsync<bool>("select max(timestamp) <= clock_timestamp() from {schema}.mt_events")).ShouldBeTrue();
    }

    [Fact]
    public async Task Our_writers_and_foreign_ones_land_everything_in_one_stream_without_a_gap()
    {
        // Writers of both kinds close circles all the time; the server shall find them after 50 ms instead of a second.
        await Place.RunAsync("do $$ begin execute format('alter database %I set deadlock_timeout = 50', current_database()); end $$");
        Place.DataSource.Clear();
        var ours = Enumerable.Range(0, 3).Select(async writer =>
        {
            for (var number = 0; number < 15; number++) (await AppendAsync("hot", $"{writer}-{number}")).ShouldBeOfType<Appended.Stored>();
        });
        var theirs = Enumerable.Range(0, 3).Select(async _ =>
        {
            for (var number = 0; number < 10; number++) await InsistAsync(new ForeignEvent("purchase_refunded", "{}"), new ForeignEvent("x", "{}"));
        });

        await Task.WhenAll(ours.Concat(theirs));

        var versions = (await Log.ReadStreamAsync(Tenant, "customer-hot", 1, Stop)).Select(stored => stored.Version);
        versions.ShouldBe(Enumerable.Range(1, 45 + 60).Select(version => (long)version));
        (await Place.ScalarAsync<long>("select version from {schema}.mt_streams")).ShouldBe(105);
    }

    [Fact]
    public async Task An_append_waits_for_a_foreign_one_that_is_under_way_and_goes_on_after_it()
    {
        await AppendAsync("a", "1");
        await using var connection = await Place.DataSource.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await new ForeignClient(Place, Tenant).AppendAsync(connection, "customer-a", new ForeignEvent("x", "{}"), new ForeignEvent("x", "{}"));

        var append = AppendAsync("a", "2");
        while (await Place.ScalarAsync<long>("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()") == 0)
            append.IsCompleted.ShouldBeFalse();
        await transaction.CommitAsync(Stop);

        (await append).ShouldBeOfType<Appended.Stored>().Version.ShouldBe(4);
    }

    [Fact]
    public async Task Progress_of_others_and_their_functions_stay_untouched()
    {
        await Place.RunAsync("""
            insert into {schema}.mt_event_progression (name, last_seq_id, last_updated) values
                ('HighWaterMark', 3, '2026-01-01Z'), ('HighWaterAllocationFence', 4, '2026-01-01Z'), ('Orders:All', null, '2026-01-01Z');
            insert into {schema}.mt_high_water_skips (ending_sequence, starting_sequence, timestamp) values (9, 5, '2026-01-01Z');
            create function {schema}.mt_mark_event_progression(name varchar, last_encountered bigint) returns void language sql as '';
            """);
        const string theirs = """
            select p::text from {schema}.mt_event_progression p union all select s::text from {schema}.mt_high_water_skips s
            union all select proname || oid from pg_proc where pronamespace = '{schema}'::regnamespace order by 1
            """;
        var before = await Place.LinesAsync(theirs);

        await AppendOneOfEachAsync();
        await ReflectAsync();
        await Migrations.ApplyAsync(Place, Stop);

        (await Place.LinesAsync(theirs)).ShouldBe(before);
    }

    [Fact]
    public async Task We_leave_no_progress_in_Martens_tables()
    {
        await AppendOneOfEachAsync();
        await ReflectAsync();

        (await Place.ScalarAsync<long>("select count(*) from {schema}.mt_event_progression")).ShouldBe(0);
        (await Place.ScalarAsync<long>("select count(*) from {schema}.mt_high_water_skips")).ShouldBe(0);
    }

    [Fact]
    public async Task A_purchase_that_a_foreign_client_appends_is_counted_at_its_business_time()
    {
        await AppendAsync("a", "1");
        var foreign = new ForeignClient(Place, Tenant);
        await foreign.LeaveTombstoneAsync();
        await foreign.AppendAsync("customer-a", Purchase("o-1", "2026-02-01T10:00:00+02:00"), new ForeignEvent("loyalty_joined", """{"Tier":"gold"}"""));
        await foreign.AppendAsync("basket-9", new ForeignEvent("basket_filled", "{}"));

        await ReflectAsync();

        (await Place.ScalarAsync<long>("select sum(orders)::bigint from {schema}.revenue_cells where grain = 'month' and dimension = ''")).ShouldBe(1);
        (await Place.ScalarAsync<long>("select latest_fact from {schema}.reflections")).ShouldBe(new DateTime(2026, 2, 1, 8, 0, 0).Ticks);
        (await Place.ScalarAsync<long>("select position from {schema}.projection_progress where tenant_id = '*'")).ShouldBe(await Log.LastIssuedAsync(Stop));
    }

    [Fact]
    public async Task A_foreign_event_that_cannot_be_read_pauses_its_tenant_by_name_and_nobody_else()
    {
        await new ForeignClient(Place, "bad").AppendAsync("customer-a", Purchase("o-1", "2026-02-01T10:00:00Z") with { Headers = """{"schema":9}""" });
        await new ForeignClient(Place, "good").AppendAsync("customer-a", Purchase("o-1", "2026-02-01T10:00:00Z"));

        await ReflectAsync();

        var paused = (await new Progress(Place, TimeProvider.System).RowsAsync(Stop)).Where(row => row.PausedAt is not null).ShouldHaveSingleItem();
        paused.Tenant.ShouldBe("bad");
        paused.PausedReason.ShouldBe("purchase_made has schema version 9; this program knows versions up to 1. Run the newer program.");
        (await Place.LinesAsync("select tenant_id from {schema}.reflections")).ShouldBe(["good"]);
    }

    private static ForeignEvent Purchase(string order, string occurredAt) =>
        new("purchase_made", $$"""{"orderId":"{{order}}","currency":"EUR","total":49.90,"lines":null}""", $$"""{"occurredAt":"{{occurredAt}}"}""");

    private async Task AppendOneOfEachAsync()
    {
        var envelopes = EventType.All.Select(type => new Envelope("test", type.Name, type.Name, "a", Given.Noon, Sample(type.Name))).ToArray();
        var sealing = new Sealing(new CustomerKeys(Place));
        await Log.AppendAsync(Tenant, await sealing.SealAsync(Tenant, envelopes, Stop), AppendMode.AllOrNone, Stop);
        await new TenantSettings(Log, TimeProvider.System).ChangeAsync(Tenant, current => current.Settings with { Currency = "EUR" }, Stop);
    }

    private static JsonElement Sample(string type) => JsonElement.Parse(type switch
    {
        "customer_registered" => """{"country":"FI","acquisitionCost":3.5,"attributes":{"tier":"gold","vip":true,"since":2020,"left":null}}""",
        "customer_changed" => """{"attributes":{"tier":"silver"}}""",
        "purchase_made" => """{"orderId":"o","currency":"EUR","lines":[{"quantity":2,"unitPrice":10.25}],"margin":-3.00005}""",
        "purchase_refunded" => """{"orderId":"o","amount":10.5}""",
        "purchase_cancelled" => """{"orderId":"other"}""",
        "customer_merged" or "customer_unmerged" => """{"into":"b"}""",
        "customer_departed" => """{"reason":"moved"}""",
        "feedback_requested" or "feedback_bounced" => """{"requestId":"q","instrument":"csat"}""",
        "feedback_given" => """{"instrument":"csat","score":4.0,"comment":"fine"}""",
        "feedback_revised" or "feedback_withdrawn" => """{"feedbackId":"feedback_given","score":2.0,"comment":"not so fine"}""",
        "lapse_reason_given" => """{"reason":"price","comment":"too dear"}""",
        "event_retracted" => """{"eventId":"purchase_cancelled","source":"test"}""",
        _ => """{"complaintId":"c","text":"where is it","remedy":"voucher"}""",
    });

    private async Task<Appended> AppendAsync(string customer, string id) =>
        (await Log.AppendAsync(Tenant, [Given.Event(Tenant, customer, id)], AppendMode.KeepValid, Stop))[0];

    /// <summary>As any client of Marten must: a race lost is run again.</summary>
    private async Task InsistAsync(params ForeignEvent[] events)
    {
        while (true)
        {
            try
            {
                await new ForeignClient(Place, Tenant).AppendAsync("customer-hot", events);
                return;
            }
            catch (PostgresException lost) when (lost.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
            {
            }
        }
    }

    private async Task ReflectAsync()
    {
        var projector = new Projector(
            Place, Log, new SafePosition(Place), new Progress(Place, TimeProvider.System), NullLogger<Projector>.Instance);
        while (await projector.AdvanceAsync(Stop))
        {
        }
    }
}
