using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Projections.Tests;

/// <summary>An append whose process freezes while it copies events would hold the figures of everybody for as long as it stays frozen.</summary>
public sealed class StalledAppendTests(PostgresFixture postgres) : IAsyncLifetime
{
    private NpgsqlDataSource database = null!;
    private Place place = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.NewDatabaseAsync(Stop);
        place = new Place(database);
        await Migrations.ApplyAsync(place, Stop);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task An_append_that_sends_nothing_is_ended_and_one_that_goes_on_is_not()
    {
        await using var frozen = await Copying.StartAsync(place, from: 1);
        await using var alive = await Copying.StartAsync(place, from: 1_000);
        var stalled = new StalledAppends(place, new Leaping(), NullLogger.Instance) { Patience = TimeSpan.Zero };
        await frozen.SendAsync();
        for (var looks = 0; looks < 3; looks++)
        {
            await alive.SendAsync();
            await stalled.EndAsync(Stop);
        }

        await alive.CompleteAsync();
        await Should.ThrowAsync<Exception>(frozen.CompleteAsync);
        (await new Shop(place).Log.ReadAsync(new LogRange(0, long.MaxValue, 1), Stop)).Events.ShouldHaveSingleItem().Position.ShouldBeGreaterThanOrEqualTo(1_000);
    }

    [Fact]
    public async Task An_append_that_has_just_begun_is_left_alone()
    {
        await using var young = await Copying.StartAsync(place, from: 1);
        var stalled = new StalledAppends(place, new Leaping(), NullLogger.Instance) { Patience = TimeSpan.FromMinutes(5) };
        await young.SendAsync();
        for (var looks = 0; looks < 3; looks++) await stalled.EndAsync(Stop);

        await young.CompleteAsync();
    }

    /// <summary>An append that is copying events, each of a stream of its own.</summary>
    private sealed class Copying(NpgsqlConnection connection, NpgsqlTransaction transaction, NpgsqlBinaryImporter rows, Place place, long from) : IAsyncDisposable
    {
        private readonly string filling = $$"""{"text":"{{new string('x', 100_000)}}"}""";
        private long sent;

        public static async Task<Copying> StartAsync(Place place, long from)
        {
            await place.RunAsync(string.Create(CultureInfo.InvariantCulture, $"insert into {{schema}}.mt_streams (tenant_id, id, version) values ('t', 's-{from}', 0)"));
            var connection = await place.DataSource.OpenConnectionAsync(Stop);
            var transaction = await connection.BeginTransactionAsync(Stop);
            var rows = await connection.BeginBinaryImportAsync(place.Qualify("""
                copy {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived)
                from stdin (format binary)
                """), Stop);
            return new Copying(connection, transaction, rows, place, from);
        }

        /// <summary>Sends an event of more than any buffer holds, and waits until the server has read it and waits for more.</summary>
        public async Task SendAsync()
        {
            await rows.StartRowAsync(Stop);
            await rows.WriteAsync(from + sent, NpgsqlDbType.Bigint, Stop);
            await rows.WriteAsync(Guid.NewGuid(), NpgsqlDbType.Uuid, Stop);
            await rows.WriteAsync($"s-{from}", NpgsqlDbType.Varchar, Stop);
            await rows.WriteAsync(sent + 1, NpgsqlDbType.Bigint, Stop);
            await rows.WriteAsync(filling, NpgsqlDbType.Jsonb, Stop);
            await rows.WriteAsync("other", NpgsqlDbType.Varchar, Stop);
            await rows.WriteAsync(DateTime.UnixEpoch, NpgsqlDbType.TimestampTz, Stop);
            await rows.WriteAsync("t", NpgsqlDbType.Varchar, Stop);
            await rows.WriteAsync("Other, Other", NpgsqlDbType.Varchar, Stop);
            await rows.WriteAsync(false, NpgsqlDbType.Boolean, Stop);
            sent++;
            while (!await WaitsAsync()) await Task.Delay(10, Stop);
        }

        public async Task CompleteAsync()
        {
            await rows.CompleteAsync(Stop);
            await rows.CloseAsync(Stop);
            await transaction.CommitAsync(Stop);
        }

        public async ValueTask DisposeAsync()
        {
            await rows.DisposeAsync();
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }

        private async Task<bool> WaitsAsync()
        {
            await using var command = place.Command("""
                select coalesce(bool_or(wait_event = 'ClientRead' and bytes_processed > $2), false)
                from pg_stat_progress_copy c join pg_stat_activity a on a.pid = c.pid where c.pid = $1
                """);
            command.Parameters.AddWithValue(connection.ProcessID);
            command.Parameters.AddWithValue(sent * 95_000);
            return (bool)(await command.ExecuteScalarAsync(Stop))!;
        }
    }
}
