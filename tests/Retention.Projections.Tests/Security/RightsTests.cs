using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Retention.Api.Tests;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Projections.Tests;

/// <summary>What each role of the service may do in the database, and that a service which signs in as the owner of nothing does its work.</summary>
public sealed class RightsTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly string user = $"service_{Guid.NewGuid():n}"[..20];
    private readonly FreshPlace fresh = new(postgres);
    private Sessions? sessions;
    private Place? divided;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Place Divided => divided!;

    public async ValueTask InitializeAsync()
    {
        await fresh.InitializeAsync();
        await fresh.Place.RunAsync($"create role {user} login noinherit");
        sessions = Sessions.Divided(AddressOf(user), AddressOf("postgres"), (_, address) => NpgsqlDataSource.Create(address));
        divided = new Place(sessions, "retention");
        await Migrations.ApplyAsync(Divided, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (sessions is not null) await sessions.DisposeAsync();
        await fresh.DisposeAsync();
    }

    [Fact]
    public async Task The_rights_to_every_table_view_sequence_and_function_are_those_written_down() =>
        string.Join('\n', await RightsList.OfAsync(fresh.Place)).ShouldBeVerified();

    [Theory]
    [InlineData(Duty.Read, "insert into {schema}.tenants values ('x', now())")]
    [InlineData(Duty.Read, "update {schema}.mt_events set data = '{}'")]
    [InlineData(Duty.Read, "select nextval('{schema}.mt_events_sequence')")]
    [InlineData(Duty.Append, "update {schema}.mt_events set data = '{}'")]
    [InlineData(Duty.Append, "delete from {schema}.mt_events")]
    [InlineData(Duty.Append, "update {schema}.mt_streams set is_archived = true")]
    [InlineData(Duty.Append, "select core from {schema}.customer_history")]
    [InlineData(Duty.Append, "update {schema}.revenue_cells set revenue = 0")]
    [InlineData(Duty.Append, "select hash from {schema}.api_keys")]
    [InlineData(Duty.Project, "insert into {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp) values (9, gen_random_uuid(), 's', 1, '{}', 'x', now())")]
    [InlineData(Duty.Project, "delete from {schema}.mt_events")]
    [InlineData(Duty.Project, "update {schema}.mt_streams set version = 9")]
    [InlineData(Duty.Project, "select key from {schema}.customer_keys")]
    [InlineData(Duty.Project, "drop table {schema}.tenants")]
    [InlineData(Duty.Administer, "update {schema}.mt_events set data = '{}'")]
    [InlineData(Duty.Administer, "update {schema}.api_keys set revoked_at = null")]
    [InlineData(Duty.Administer, "alter table {schema}.mt_events add x int")]
    public async Task What_is_not_its_duty_is_refused_by_the_database(Duty duty, string sql)
    {
        await RefuseAsync(Divided.For(duty), sql);
        await RefuseAsync(Divided.For(duty), "set role postgres");
        await using var who = Divided.Command("select current_user || ' ' || session_user", duty);
        (await who.ExecuteScalarAsync(Stop)).ShouldBe($"{duty.Role()} {user}");
    }

    [Fact]
    public async Task Whoever_signs_in_for_the_service_may_do_nothing_without_a_role()
    {
        await using var bare = NpgsqlDataSource.Create($"{AddressOf(user)};Pooling=false");
        await RefuseAsync(bare, "select from {schema}.tenants");
        await RefuseAsync(bare, "create table {schema}.x ()");
    }

    [Fact]
    public async Task A_question_reads_the_log_in_another_role_and_leaves_the_session_as_it_was()
    {
        await FillAsync();
        await using (var snapshot = await Snapshot.OpenAsync(Divided, "one", Stop))
        {
            (await snapshot.RewindAsync(1, Stop)).ShouldBeTrue();
            snapshot.Reflection.Position.ShouldBe(1);
            await Should.ThrowAsync<PostgresException>(async () =>
            {
                await foreach (var _ in snapshot.ExportAsync("select seq_id from {schema}.mt_events where $1 <> ''", Stop)) { }
            });
        }
        await using var who = Divided.Command("select current_user || coalesce(current_setting('retention.tenant', true), '')");
        (await who.ExecuteScalarAsync(Stop)).ShouldBe(Duty.Read.Role());
    }

    [Fact]
    public async Task Roles_cost_no_statement_more()
    {
        await FillAsync();
        foreach (var place in (Place[])[Divided, fresh.Place])
        {
            place.HasTenantRole.ShouldBeTrue();
            await AppendAsync(place, "warm");
            await AskAsync(place);
        }
        (await StatementsOfAsync(() => AppendAsync(Divided, "3"))).ShouldBe(await StatementsOfAsync(() => AppendAsync(fresh.Place, "4")));
        (await StatementsOfAsync(() => AskAsync(Divided))).ShouldBe(await StatementsOfAsync(() => AskAsync(fresh.Place)));

        async Task AppendAsync(Place place, string order) => await new Shop(place).SendAsync("one", [Bought(order, 3)]);
        async Task AskAsync(Place place) => await new Shop(place).LinesAsync("one", new Choice("UTC", DayOfWeek.Monday, 90, false), Trial.TheEnd, Domain.Definitions.Grain.Month, maintained: true);
    }

    [Fact]
    public async Task Whoever_keeps_other_writers_out_is_lent_the_right_for_one_statement()
    {
        var batch = await new Shop(Divided).SealAsync("one", [Bought("1", 1), Bought("2", 2)]);

        var appended = await new AppendTransaction(Divided, "one", batch).RunAsync(AppendMode.KeepValid, alone: true, Stop);

        appended.ShouldAllBe(verdict => verdict is Appended.Stored);
        await using var who = Divided.Command("select current_user", Duty.Append);
        (await who.ExecuteScalarAsync(Stop)).ShouldBe(Duty.Append.Role());
    }

    [Fact]
    public async Task Replays_and_rebuilds_are_made_asked_taken_back_and_removed()
    {
        await FillAsync();
        var progress = new Progress(Divided, TimeProvider.System);
        await using var replays = new Projections.Replays.Replays(Divided, progress, NullLogger<Projections.Replays.Replays>.Instance);
        var before = await RightsList.OfAsync(fresh.Place);
        var replay = (await replays.StartAsync("one", "mine", await progress.SharedAsync(Stop), new ReplayAsked(), Stop)).ShouldNotBeNull();
        await replays.EndOf(replay);
        replay = (await replays.FindAsync("one", "mine", Stop)).ShouldNotBeNull();
        replay.Status.ShouldBe(ReplayStatus.Ready, replay.Error);
        await ShouldHaveAWallAsync(replays.PlaceOf(replay));

        var rebuild = (await replays.RebuildAsync(null, Stop)).ShouldNotBeNull();
        await replays.EndOf(rebuild);
        rebuild = (await replays.FindRebuildAsync(null, Stop)).ShouldNotBeNull();
        rebuild.Status.ShouldBe(ReplayStatus.Switched, rebuild.Error);
        (await RightsList.OfAsync(fresh.Place)).ShouldBe(before);
        (await replays.RevertAsync(rebuild, Stop)).ShouldBeTrue();
        (await RightsList.OfAsync(fresh.Place)).ShouldBe(before);
        await replays.DeleteAsync(replay, Stop);
        (await fresh.Place.ScalarAsync<long>("select count(*) from pg_namespace where nspname like 'retention_replay_%'")).ShouldBe(0);
    }

    [Fact]
    public async Task The_next_owner_of_the_projections_ends_the_sessions_of_the_one_before()
    {
        await using var first = (await LeaseOf("first").TryTakeAsync(Stop)).ShouldNotBeNull();
        await using var open = await first.Place.DataSource.OpenConnectionAsync(Stop);
        await fresh.Place.RunAsync("update {schema}.projection_lease set until = '-infinity'");

        await using var second = (await LeaseOf("second").TryTakeAsync(Stop)).ShouldNotBeNull();

        await using var command = new NpgsqlCommand("select 1", open);
        (await Record.ExceptionAsync(() => command.ExecuteScalarAsync(Stop))).ShouldNotBeNull().ShouldBeAssignableTo<NpgsqlException>();
        await new Projector(second.Place, new EventLog.EventLog(second.Place), new SafePosition(second.Place), new Progress(Divided, TimeProvider.System), NullLogger<Projector>.Instance).AdvanceAsync(Stop);
        (await Divided.ScalarAsync<string>("select owner from {schema}.projection_lease")).ShouldBe("second");
    }

    [Fact]
    public async Task An_append_that_has_frozen_is_ended_by_whoever_keeps_the_projections()
    {
        await using var connection = await Divided.For(Duty.Append).OpenConnectionAsync(Stop);
        await using var rows = await connection.BeginBinaryImportAsync(Divided.Qualify("copy {schema}.mt_events (seq_id) from stdin (format binary)"), Stop);
        var stalled = new StalledAppends(new Place(Divided.For(Duty.Project)), new Leaping(), NullLogger.Instance) { Patience = TimeSpan.Zero };

        for (var looks = 0; looks < 2; looks++) await stalled.EndAsync(Stop);

        await Should.ThrowAsync<NpgsqlException>(async () => await rows.CompleteAsync(Stop));
    }

    [Fact]
    public async Task A_user_without_the_roles_is_told_which_are_missing()
    {
        var stranger = $"{user}_x";
        await fresh.Place.RunAsync($"""
            create role {stranger} login; create role {stranger}_owner login; grant create on database "{DatabaseOf(fresh.Place)}" to {stranger}_owner
            """);
        await using var theirs = Sessions.Divided(AddressOf(stranger), AddressOf($"{stranger}_owner"), (_, address) => NpgsqlDataSource.Create(address));

        var refused = await Should.ThrowAsync<UnfitServerException>(() => Migrations.ApplyAsync(new Place(theirs, $"{stranger}_s"), Stop));

        refused.Message.ShouldContain($"{stranger} lacks the roles retention_log, retention_append, retention_project, retention_admin, retention_read");
    }

    private static async Task ShouldHaveAWallAsync(Place replay)
    {
        await using (var snapshot = await Snapshot.OpenAsync(replay, "one", Stop))
        {
            snapshot.Reflection.Position.ShouldBe(2);
            (await snapshot.CustomerAsync("ann", Stop)).ShouldNotBeNull();
            (await snapshot.RewindAsync(1, Stop)).ShouldBeTrue();
            snapshot.Reflection.Position.ShouldBe(1);
        }
        await using var other = await Snapshot.OpenAsync(replay, "two", Stop);
        await foreach (var row in other.ExportAsync("select tenant_id from {schema}.customer_history where $1 <> ''", Stop)) row.GetString(0).ShouldBe("two");
    }

    /// <summary>How often the server is waited for: each statement or batch has a span.</summary>
    private static async Task<int> StatementsOfAsync(Func<Task> work)
    {
        using var source = new ActivitySource("RightsTests");
        var (count, trace) = (0, default(ActivityTraceId));
        using var listener = new ActivityListener
        {
            ShouldListenTo = from => from.Name is "Npgsql" or "RightsTests",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = span => _ = span.TraceId == trace ? Interlocked.Increment(ref count) : 0,
        };
        ActivitySource.AddActivityListener(listener);
        using (var root = source.StartActivity("work"))
        {
            trace = root.ShouldNotBeNull().TraceId;
            await work();
        }
        count.ShouldBeGreaterThan(1);
        return count;
    }

    private Lease LeaseOf(string process) => new(Divided, sessions!.StringFor(Duty.Project, ""), NullLogger<Lease>.Instance) { Process = process };

    private async Task FillAsync()
    {
        await new Shop(Divided).AppendAsync("one", [Bought("1", 1), Bought("2", 2)]);
        await new Shop(new Place(Divided.For(Duty.Project))).ReflectAsync();
    }

    private static async Task RefuseAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql.Replace("{schema}", "retention", StringComparison.Ordinal));
        (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Stop))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, sql);
    }

    private string AddressOf(string name) => new NpgsqlConnectionStringBuilder(fresh.Place.DataSource.ConnectionString) { Username = name }.ConnectionString;

    private static string DatabaseOf(Place place) => new NpgsqlConnectionStringBuilder(place.DataSource.ConnectionString).Database!;

    private static Happening Bought(string order, int day) => new("ann", Trial.Start.AddDays(day).AddHours(9), "late shop", order, What.Bought, order, 10);
}
