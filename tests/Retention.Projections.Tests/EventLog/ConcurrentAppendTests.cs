using Npgsql;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

public sealed class ConcurrentAppendTests(FreshPlace fresh) : IClassFixture<FreshPlace>
{
    private readonly string tenant = $"t{Guid.NewGuid():n}";
    private readonly Place place = fresh.Place;
    private readonly Log log = new(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Eight_writers_of_one_stream_land_all_their_events_in_a_gapless_row()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            for (var number = 0; number < 50; number++)
                await AppendAsync(Event("hot", $"{writer}-{number}"));
        }));

        var versions = (await log.ReadStreamAsync(tenant, "customer-hot", 1, Stop)).Select(stored => stored.Version);
        versions.ShouldBe(Enumerable.Range(1, 400).Select(version => (long)version));
        (await StreamVersionAsync("hot")).ShouldBe(400);
    }

    [Fact]
    public async Task Batches_over_the_same_streams_in_opposite_orders_never_lock_up()
    {
        var customers = Enumerable.Range(0, 60).Select(number => $"{number:x}-{number}").ToArray();
        await AppendAsync([.. customers.Where((_, index) => index % 2 == 0).Select(customer => Event(customer, $"old {customer}"))]);

        // One attempt each: the repetition of AppendAsync would hide a deadlock.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            for (var round = 0; round < 25; round++)
            {
                var order = writer % 2 == 0 ? customers : customers.Reverse();
                var batch = order.Select(customer => Event($"{customer}-{round / 5}", $"{writer}-{round}-{customer}")).ToArray();
                await new AppendTransaction(place, tenant, batch).RunAsync(AppendMode.KeepValid, alone: false, Stop);
            }
        }));

        (await CountAsync()).ShouldBe(30 + (4 * 25 * 60));
        (await UnevenStreamsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task The_same_batch_sent_by_eight_writers_at_once_is_stored_once()
    {
        var batch = Enumerable.Range(0, 40).Select(number => Event($"c{number % 5}", $"e{number}")).ToArray();

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AppendAsync(batch)));

        verdicts.Sum(of => of.Count(verdict => verdict is Appended.Stored)).ShouldBe(40);
        verdicts.Sum(of => of.Count(verdict => verdict is Appended.Duplicate)).ShouldBe(7 * 40);
        (await CountAsync()).ShouldBe(40);
    }

    [Fact]
    public async Task An_id_that_another_writer_commits_meanwhile_for_another_stream_is_a_conflict()
    {
        await using var winner = await OpenWinnerAsync("A");
        var append = AppendAsync(Event("mine", "A"), Event("mine", "B"));
        await WaitUntilBlockedAsync();
        await winner.CommitAsync();

        var verdicts = await append;

        verdicts[0].ShouldBeOfType<Appended.Conflict>();
        verdicts[1].ShouldBeOfType<Appended.Stored>().Version.ShouldBe(1);
        (await UnevenStreamsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_deadlock_over_ids_is_resolved_by_a_second_run()
    {
        await using var winner = await OpenWinnerAsync("A");
        var append = AppendAsync(Event("mine", "B"), Event("mine", "A"), Event("mine", "C"));
        await WaitUntilBlockedAsync();
        await winner.InsertAsync("B");
        await winner.CommitAsync();

        var verdicts = await append;

        verdicts[0].ShouldBeOfType<Appended.Conflict>();
        verdicts[1].ShouldBeOfType<Appended.Conflict>();
        verdicts[2].ShouldBeOfType<Appended.Stored>().Version.ShouldBe(1);
        (await UnevenStreamsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Writers_that_disagree_about_the_streams_of_many_ids_store_every_id_once()
    {
        var ids = Enumerable.Range(0, 30).Select(number => $"shared-{number}").ToArray();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async writer =>
        {
            var order = writer % 2 == 0 ? ids : ids.Reverse();
            foreach (var chunk in order.Chunk(3))
            {
                var pending = true;
                while (pending)
                {
                    try
                    {
                        await AppendAsync([.. chunk.Select(id => Event($"w{writer}", id))]);
                        pending = false;
                    }
                    catch (PostgresException collision)
                        when (collision.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
                    {
                        // Three writers collided twice; the caller repeats with the same ids.
                    }
                }
            }
        }));

        (await CountAsync()).ShouldBe(30);
        (await UnevenStreamsAsync()).ShouldBe(0);
    }

    private NewEvent Event(string customer, string id) => Given.Event(tenant, customer, id);

    private Task<IReadOnlyList<Appended>> AppendAsync(params NewEvent[] events) =>
        log.AppendAsync(tenant, events, AppendMode.KeepValid, Stop);

    private Task<long> CountAsync() => place.ScalarAsync<long>($$"""select count(*) from {schema}.mt_events where tenant_id = '{{tenant}}'""");

    private Task<long> StreamVersionAsync(string customer) => place.ScalarAsync<long>(
        $$"""select version from {schema}.mt_streams where tenant_id = '{{tenant}}' and id = 'customer-{{customer}}'""");

    /// <summary>Streams without events, with a version that is not that of their last event, or with a hole.</summary>
    private Task<long> UnevenStreamsAsync() => place.ScalarAsync<long>($$"""
        select count(*) from {schema}.mt_streams s
        left join (select tenant_id, stream_id, max(version) as last, count(*) as events from {schema}.mt_events group by 1, 2) e
          on e.tenant_id = s.tenant_id and e.stream_id = s.id
        where s.tenant_id = '{{tenant}}' and (e.last is null or e.last <> s.version or e.events <> s.version)
        """);

    private async Task<Winner> OpenWinnerAsync(string id)
    {
        var winner = new Winner(place, tenant, await place.DataSource.OpenConnectionAsync(Stop));
        await winner.BeginAsync(id);
        return winner;
    }

    private async Task WaitUntilBlockedAsync()
    {
        const string waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        while (await place.ScalarAsync<long>(waiting) == 0) await Task.Yield();
    }

    /// <summary>Another client of the tables, in a transaction that it holds open, and which never gives way in a deadlock.</summary>
    private sealed class Winner(Place place, string tenant, NpgsqlConnection connection) : IAsyncDisposable
    {
        private int version;

        public async Task BeginAsync(string id)
        {
            await RunAsync("begin");
            await RunAsync("set local deadlock_timeout = '1h'");
            await RunAsync($$"""insert into {schema}.mt_streams (tenant_id, id, version) values ('{{tenant}}', 'customer-theirs', 0)""");
            await InsertAsync(id);
        }

        public async Task InsertAsync(string id)
        {
            version++;
            await RunAsync($$"""
                insert into {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type)
                values (nextval('{schema}.mt_events_sequence'), '{{EventId.Of(tenant, "test", id)}}', 'customer-theirs', {{version}}, '{}',
                        'purchase_refunded', now(), '{{tenant}}', 'X, Y')
                """);
        }

        public async Task CommitAsync()
        {
            await RunAsync($$"""update {schema}.mt_streams set version = {{version}} where tenant_id = '{{tenant}}' and id = 'customer-theirs'""");
            await RunAsync("commit");
        }

        public ValueTask DisposeAsync() => connection.DisposeAsync();

        private async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
            await command.ExecuteNonQueryAsync(Stop);
        }
    }
}
