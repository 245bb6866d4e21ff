using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Running;

namespace Retention.Projections.Tests;

/// <summary>A writer that draws its numbers outside of the transaction that inserts breaks what the safe position relies on.</summary>
public sealed class LateRowTests(PostgresFixture postgres) : IAsyncLifetime
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
    public async Task A_row_below_the_mark_stops_the_projection_and_one_above_does_not()
    {
        var lateRows = new LateRows(place, new Leaping());
        await InsertAsync(1);
        await InsertAsync(3);
        await lateRows.CheckAsync(3, Stop);
        await InsertAsync(4);
        await lateRows.CheckAsync(4, Stop);

        await InsertAsync(2);

        var stopped = await Should.ThrowAsync<LateRowException>(() => lateRows.CheckAsync(4, Stop));
        stopped.Message.ShouldContain("between the positions 0 and 4");
    }

    private Task InsertAsync(long position) => place.RunAsync($$"""
        insert into {schema}.mt_streams (tenant_id, id, version) values ('t', 's-{{position}}', 1);
        insert into {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived)
        values ({{position}}, gen_random_uuid(), 's-{{position}}', 1, '{}', 'other', clock_timestamp(), 't', 'Other, Other', false)
        """);
}
