using Npgsql;
using Retention.Projections.EventLog;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

public sealed class SafePositionTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);

    private Place Place => fresh.Place;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task The_position_waits_for_an_open_transaction_and_names_it()
    {
        var log = new Log(Place);
        var safe = new SafePosition(Place);
        await AppendOneAsync(log, "before");
        await using var connection = await Place.DataSource.OpenConnectionAsync(Stop);
        await using var open = await connection.BeginTransactionAsync(Stop);
        await ExecuteAsync(connection, "set application_name = 'slow client'");
        await ExecuteAsync(connection, "select nextval('{schema}.mt_events_sequence')");
        await AppendOneAsync(log, "after");

        (await safe.AdvanceAsync(Stop)).ShouldBe(1);
        (await safe.AdvanceAsync(Stop)).ShouldBe(1);
        var holder = (await safe.HoldersAsync(Stop)).ShouldHaveSingleItem();
        holder.Application.ShouldBe("slow client");
        holder.Pid.ShouldBe(connection.ProcessID);
        holder.Age.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.Zero);

        await open.RollbackAsync(Stop);
        (await safe.AdvanceAsync(Stop)).ShouldBe(3);
        (await safe.HoldersAsync(Stop)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Writers_that_come_later_do_not_hold_it_back()
    {
        var log = new Log(Place);
        var safe = new SafePosition(Place);
        await using var first = await HoldAsync();
        await AppendOneAsync(log, "a");
        (await safe.AdvanceAsync(Stop)).ShouldBe(0);
        await using var second = await HoldAsync();
        await first.Transaction.RollbackAsync(Stop);

        (await safe.AdvanceAsync(Stop)).ShouldBe(2);
        await second.Transaction.RollbackAsync(Stop);
        (await safe.AdvanceAsync(Stop)).ShouldBe(3);
    }

    [Fact]
    public async Task A_fresh_log_is_at_zero_although_its_sequence_says_one()
    {
        var safe = new SafePosition(Place);
        (await safe.AdvanceAsync(Stop)).ShouldBe(0);
        (await new Log(Place).LastIssuedAsync(Stop)).ShouldBe(0);

        await AppendOneAsync(new Log(Place), "a");

        (await safe.AdvanceAsync(Stop)).ShouldBe(1);
    }

    [Fact]
    public async Task Rows_without_a_gap_extend_the_position_past_an_open_writer_above_them()
    {
        var log = new Log(Place);
        await using var bulk = await HoldAsync();
        await bulk.Transaction.RollbackAsync(Stop);
        var safe = new SafePosition(Place);
        (await safe.AdvanceAsync(Stop)).ShouldBe(1);

        for (var number = 0; number < 3; number++) await AppendOneAsync(log, $"{number}");
        await using var open = await HoldAsync();

        (await safe.AdvanceAsync(Stop)).ShouldBe(4);
    }

    [Fact]
    public async Task Marks_tell_what_was_known_when_and_are_recorded_only_when_they_move()
    {
        var safe = new SafePosition(Place);
        await safe.RecordMarkAsync(7, Stop);
        await MoveMarksAsync("+ interval '1 hour'");
        await safe.RecordMarkAsync(7, Stop);
        await safe.RecordMarkAsync(8, Stop);
        (await Place.LinesAsync("select mark::text from {schema}.log_marks")).ShouldBe(["7"]);

        await MoveMarksAsync("- interval '2 hours'");
        await safe.RecordMarkAsync(9, Stop);

        var now = await Place.ScalarAsync<DateTime>("select clock_timestamp()");
        (await safe.MarkAtAsync(now, Stop)).ShouldBe(9);
        (await safe.MarkAtAsync(now.AddMinutes(-30), Stop)).ShouldBe(7);
        (await safe.MarkAtAsync(now.AddHours(-2), Stop)).ShouldBe(0);
    }

    private Task MoveMarksAsync(string by) => Place.RunAsync($$"""update {schema}.log_marks set recorded_at = recorded_at {{by}}""");

    private static async Task AppendOneAsync(Log log, string id) =>
        await log.AppendAsync("t", [Given.Event("t", "a", id)], AppendMode.KeepValid, Stop);

    private async Task<Held> HoldAsync()
    {
        var connection = await Place.DataSource.OpenConnectionAsync(Stop);
        var transaction = await connection.BeginTransactionAsync(Stop);
        await ExecuteAsync(connection, "select nextval('{schema}.mt_events_sequence')");
        return new Held(connection, transaction);
    }

    private async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(Place.Qualify(sql), connection);
        await command.ExecuteNonQueryAsync(Stop);
    }

    private sealed record Held(NpgsqlConnection Connection, NpgsqlTransaction Transaction) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Connection.DisposeAsync();
    }
}
