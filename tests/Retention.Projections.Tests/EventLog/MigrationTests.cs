using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Running;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

public sealed class MigrationTests(PostgresFixture postgres) : IAsyncLifetime
{
    private NpgsqlDataSource database = null!;
    private Place place = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.NewDatabaseAsync(Stop);
        place = new Place(database);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task Eight_processes_that_start_at_once_make_one_schema()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Migrations.ApplyAsync(place, Stop)));

        var versions = await place.LinesAsync("select version::text from {schema}.schema_versions v order by v.version");
        versions.Take(2).ShouldBe(["1", "2"]);
    }

    [Fact]
    public async Task Two_schemas_of_one_database_are_two_places()
    {
        var other = new Place(database, "second");
        await Migrations.ApplyAsync(place, Stop);
        await Migrations.ApplyAsync(other, Stop);
        var appended = Given.Event("t", "a", "1");

        await new Log(place).AppendAsync("t", [appended], AppendMode.KeepValid, Stop);

        (await other.LastNumberAsync()).ShouldBe(0);
        (await new Log(other).AppendAsync("t", [appended], AppendMode.KeepValid, Stop))[0].ShouldBe(new Appended.Stored(1, 1));
    }

    [Fact]
    public async Task Tables_that_Marten_made_are_taken_over_with_their_events()
    {
        await place.RunAsync("""
            create schema {schema};
            create table {schema}.mt_streams (
                tenant_id varchar not null default '*DEFAULT*', id varchar not null, type varchar, version bigint,
                timestamp timestamptz not null default now(), created timestamptz not null default now(), is_archived boolean default false,
                constraint pkey_mt_streams_tenant_id_id primary key (tenant_id, id));
            insert into {schema}.mt_streams (tenant_id, id, version) values ('t', 'customer-a', 0);
            """);

        await Migrations.ApplyAsync(place, Stop);

        (await place.ScalarAsync<long>("select count(*) from {schema}.mt_streams")).ShouldBe(1);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await Migrations.ApplyAsync(place, Stop);
        await place.RunAsync("insert into {schema}.schema_versions (version, applied_at) values (9999, now())");

        (await Should.ThrowAsync<NewerSchemaException>(Migrations.ApplyAsync(place, Stop))).Found.ShouldBe(9999);
    }

    [Fact]
    public async Task A_step_that_lands_after_others_of_higher_numbers_is_applied_as_well()
    {
        await Migrations.ApplyAsync(place, Stop);
        await place.RunAsync("delete from {schema}.schema_versions where version = 63; drop table {schema}.api_keys");

        await Migrations.ApplyAsync(place, Stop);

        (await place.ScalarAsync<long>("select count(*) from {schema}.api_keys")).ShouldBe(0);
        (await place.ScalarAsync<long>("select count(*) from {schema}.schema_versions where version = 63")).ShouldBe(1);
    }

    [Fact]
    public async Task A_step_of_another_branch_is_refused_though_its_number_is_lower()
    {
        await Migrations.ApplyAsync(place, Stop);
        await place.RunAsync("insert into {schema}.schema_versions (version, applied_at) values (9, now())");

        (await Should.ThrowAsync<NewerSchemaException>(Migrations.ApplyAsync(place, Stop))).Found.ShouldBe(9);
    }

    [Fact]
    public async Task A_store_keeps_its_epoch_until_it_finds_itself_elsewhere()
    {
        await Migrations.ApplyAsync(place, Stop);
        var first = await StoreEpoch.ReadAsync(place, Stop);
        await Migrations.ApplyAsync(place, Stop);
        (await StoreEpoch.ReadAsync(place, Stop)).ShouldBe(first);

        await place.RunAsync("update {schema}.store_epoch set made_on = 'another server'");
        await Migrations.ApplyAsync(place, Stop);
        var second = await StoreEpoch.ReadAsync(place, Stop);
        second.ShouldNotBe(first);

        await place.RunAsync("delete from {schema}.store_epoch");
        (await StoreEpoch.ReadAsync(place, Stop)).ShouldNotBe(second);
        (await place.ScalarAsync<long>("select count(*) from {schema}.store_epoch")).ShouldBe(1);
    }

    [Fact]
    public async Task A_store_from_before_this_was_looked_at_keeps_its_epoch()
    {
        await Migrations.ApplyAsync(place, Stop);
        var first = await StoreEpoch.ReadAsync(place, Stop);
        await place.RunAsync("update {schema}.store_epoch set made_on = null");

        await Migrations.ApplyAsync(place, Stop);

        (await StoreEpoch.ReadAsync(place, Stop)).ShouldBe(first);
        (await place.ScalarAsync<string>("select made_on from {schema}.store_epoch")).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_sequence_that_hands_out_blocks_is_refused()
    {
        await Migrations.ApplyAsync(place, Stop);
        await place.RunAsync("alter sequence {schema}.mt_events_sequence cache 10");

        await Should.ThrowAsync<UnfitServerException>(Migrations.ApplyAsync(place, Stop));
    }

    [Fact]
    public async Task A_server_without_fsync_is_refused_unless_told_so()
    {
        var careless = new PrivatePostgres("fsync=off");
        await careless.StartAsync();
        try
        {
            await using var dataSource = NpgsqlDataSource.Create(careless.ConnectionString("postgres"));
            var there = new Place(dataSource);

            await Should.ThrowAsync<UnfitServerException>(Migrations.ApplyAsync(there, Stop));
            await Migrations.ApplyAsync(there, allowFsyncOff: true, Stop);
        }
        finally
        {
            await careless.StopAsync();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Retention")]
    [InlineData("a b")]
    [InlineData("a;drop table x")]
    [InlineData("a\n")]
    [InlineData("1a")]
    [InlineData("a123456789a123456789a123456789a123456789a123456789a123456789abcd")]
    public void A_schema_name_that_would_need_quotes_is_refused(string schema) =>
        Should.Throw<ArgumentException>(() => new Place(database, schema));
}
