using System.Text;
using Npgsql;
using Retention.Api.Commands;
using Retention.Api.Tests.Commands;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>An import into a service that dies in its midst, against the same import into one that lives.</summary>
public sealed class KilledImportTests(ServiceFixture service) : IDisposable
{
    private const string Tenant = "cut";

    // One customer more, whose only order is the last event: a lock on that stream keeps any import from reaching its end.
    private static readonly byte[] Invoices = Encoding.UTF8.GetBytes(
        DataFile.GeneratedInvoices(seed: 5, count: 4_000) + "900000,1,\"A, B\",1,2012-01-02 10:00:00,1.00,19999.0,France\n");

    private static readonly string[] Questions =
        ["cohorts?grain=month", "cohorts?grain=week&measure=revenue", "metrics/revenue?grain=day", "metrics/retention?grain=week"];

    private readonly TrialFolder folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("the service", 1)]
    [InlineData("the service and its database", 3_000)]
    public async Task An_import_that_was_killed_and_is_sent_again_leaves_all_as_if_it_had_not_been(string killed, int stored)
    {
        using var up = folder.Up();
        var whole = service.NewTenant("whole");
        var report = await whole.ImportAsync("online-retail", Invoices);
        await using var undisturbed = NpgsqlDataSource.Create(service.ConnectionString);
        await up.UntilAsync("Retention is ready at", Ct);
        await using var database = NpgsqlDataSource.Create(
            $"Host={folder.Data}/postgres/run;Username=retention;Database=retention;Pooling=false");

        await using (await HoldAsync(database, await LastStreamAsync(undisturbed, whole.Name)))
        {
            using var http = Http();
            var importing = new TestTenant(http, Tenant).PostAsync("/v1/imports?mapping=online-retail", Invoices, "text/csv");
            while (await EventsAsync(database) < stored || !await IsProjectionHeldAsync(database)) importing.IsCompleted.ShouldBeFalse();
            await up.SignalAsync("KILL", Ct);
            if (killed != "the service") folder.KillServers();
            await up.EndAsync(Ct);
            await Should.ThrowAsync<HttpRequestException>(importing);
        }

        using var again = folder.Up();
        await again.UntilAsync("Retention is ready at", Ct);
        var before = await EventsAsync(database);
        before.ShouldBeInRange(stored, report.Count("accepted") - 1);
        using var client = Http();
        var cut = new TestTenant(client, Tenant);
        var id = await ScalarAsync<Guid>(database, "select id from retention.imports where tenant_id = $1", Tenant);
        (await cut.GetAsync($"/v1/imports/{id}")).Root.Word("status").ShouldBe("interrupted");

        var second = await cut.ImportAsync("online-retail", Invoices);

        (second.Count("duplicates"), second.Count("accepted")).ShouldBe((before, report.Count("accepted") - before));
        (await LogAsync(database, Tenant)).ShouldBe(await LogAsync(undisturbed, whole.Name));
        (await BrokenStreamsAsync(database)).ShouldBe(0);
        foreach (var question in Questions)
        {
            var path = $"/v1/{question}&asOf=2012-02-01&format=csv";
            (await cut.AskAsync(path)).Text.ShouldBe((await whole.AskAsync(path)).Text, path);
        }
        await again.SignalAsync("TERM", Ct);
        (await again.EndAsync(Ct)).ShouldBe(0);
    }

    private HttpClient Http()
    {
        var http = RunningInstance.OpenHttp();
        http.BaseAddress = new Uri(folder.Url);
        return http;
    }

    /// <summary>
    /// Makes a stream and takes the histories in a transaction that stays open: an append to the one waits, and so does a projection in the
    /// midst of its batch.
    /// </summary>
    private static async Task<NpgsqlConnection> HoldAsync(NpgsqlDataSource database, string stream)
    {
        var connection = await database.OpenConnectionAsync(Ct);
        await using var hold = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("begin"),
                new("insert into retention.mt_streams (tenant_id, id, version) values ($1, $2, 0)")
                {
                    Parameters = { new() { Value = Tenant }, new() { Value = stream } },
                },
                new("lock table retention.customer_history in exclusive mode"),
            },
        };
        await hold.ExecuteNonQueryAsync(Ct);
        return connection;
    }

    private static Task<string> LastStreamAsync(NpgsqlDataSource database, string tenant) =>
        ScalarAsync<string>(
            database, "select stream_id from retention.mt_events where tenant_id = $1 order by seq_id desc limit 1", tenant);

    /// <summary>Events of customers that are committed.</summary>
    private static Task<long> EventsAsync(NpgsqlDataSource database) =>
        ScalarAsync<long>(database, "select count(*) from retention.mt_events where tenant_id = $1 and stream_id <> 'settings'", Tenant);

    private static async Task<bool> IsProjectionHeldAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(
            "select exists (select from pg_locks where relation = 'retention.customer_history'::regclass and not granted)");
        return (bool)(await command.ExecuteScalarAsync(Ct))!;
    }

    /// <summary>How many events and ids the log holds, and a digest of what customers' events say, in the log's order.</summary>
    private static async Task<string> LogAsync(NpgsqlDataSource database, string tenant)
    {
        const string sql = """
            select concat_ws(' ', count(*), count(distinct headers ->> 'id'), count(*) filter (where stream_id = 'settings'),
                md5(string_agg(
                    concat_ws(' ', stream_id, version, type, headers ->> 'id', headers ->> 'occurredAt', data), ' ' order by seq_id)
                    filter (where stream_id <> 'settings')))
            from retention.mt_events where tenant_id = $1
            """;
        return await ScalarAsync<string>(database, sql, tenant);
    }

    /// <summary>Streams whose versions are not 1, 2, … up to the stream's own.</summary>
    private static Task<long> BrokenStreamsAsync(NpgsqlDataSource database) => ScalarAsync<long>(database, """
        select count(*) from (
            select from retention.mt_streams s left join retention.mt_events e on e.tenant_id = s.tenant_id and e.stream_id = s.id
            where s.tenant_id = $1
            group by s.id, s.version
            having count(e.version) <> s.version or min(e.version) is distinct from 1 or max(e.version) <> s.version
        ) as broken
        """, Tenant);

    private static async Task<T> ScalarAsync<T>(NpgsqlDataSource database, string sql, string tenant)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(tenant);
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    }
}
