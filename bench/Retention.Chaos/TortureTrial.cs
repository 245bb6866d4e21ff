using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Chaos;

/// <summary>
/// Twelve clients of the tables draw positions, dawdle, insert, dawdle, and give up every fifth time, while three readers follow: the
/// service's own, and two that are known to skip events. Without protection the verdict is of the second.
/// </summary>
public static class TortureTrial
{
    private const int Writers = 12;

    public static async Task<Verdict> RunAsync(Store store, TrialOptions options, CancellationToken ct)
    {
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(await store.NewDatabaseAsync(ct)) { MaxPoolSize = 40 });
        var place = new Place(database);
        await Migrations.ApplyAsync(place, ct);
        var (log, safe) = (new EventLog(place), new SafePosition(place));
        var (followed, newest, filtered) = (new List<long>(), new List<long>(), new List<long>());
        using var enough = new CancellationTokenSource(options.Duration);
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync(place, (writer, options.Seed), enough.Token)));

        await Task.WhenAll(
            UntilAsync(writing, async () =>
            {
                var range = new LogRange(followed.LastOrDefault(), await safe.AdvanceAsync(ct), 50);
                followed.AddRange((await log.ReadAsync(range, ct)).Events.Select(stored => stored.Position));
            }),
            UntilAsync(writing, () => ReadAsync(place, newest, "", ct)),
            UntilAsync(writing, () => ReadAsync(place, filtered, "and xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint", ct)));
        while (await safe.AdvanceAsync(ct) < await log.LastIssuedAsync(ct)) await Task.Yield();
        followed.AddRange((await log.ReadAsync(new LogRange(followed.LastOrDefault(), safe.Current, int.MaxValue), ct)).Events.Select(stored => stored.Position));
        await ReadAsync(place, newest, "", ct);
        await ReadAsync(place, filtered, "", ct);

        var committed = await PositionsAsync(place, "", ct);
        var (one, two) = (committed.Except(newest).Count(), committed.Except(filtered).Count());
        var verdict = new Verdict().AtLeast("events committed", committed.Count, 1)
            .Zero(options.Control ? "skipped by the reader of seq_id > last" : "skipped by the service's reader", options.Control ? one : committed.Except(followed).Count())
            .Zero("read twice by the service's reader", followed.Count - followed.Distinct().Count());
        return options.Control ? verdict
            : verdict.AtLeast("skipped by a reader of seq_id > last, which must fail", one, 1).AtLeast("skipped by a reader with an xmin filter, which must fail", two, 1);
    }

    private static async Task WriteAsync(Place place, (int Writer, int Seed) who, CancellationToken enough)
    {
        var random = new Random(who.Seed + who.Writer);
        var stream = $"writer-{who.Writer}";
        await using var connection = await place.DataSource.OpenConnectionAsync(CancellationToken.None);
        await ExecuteAsync(place, connection, $"insert into {"{schema}"}.mt_streams (tenant_id, id, version) values ('t', '{stream}', 0)");
        for (var number = 1; !enough.IsCancellationRequested; number++)
        {
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            await using var draw = new NpgsqlCommand(place.Qualify("select nextval('{schema}.mt_events_sequence')"), connection);
            var position = (long)(await draw.ExecuteScalarAsync(CancellationToken.None))!;
            await Task.Delay(random.Next(20), CancellationToken.None);
            await ExecuteAsync(place, connection, $$"""
                insert into {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type)
                values ({{position}}, gen_random_uuid(), '{{stream}}', {{number}}, '{}', 'purchase_refunded', now(), 't', 'X, Y')
                """);
            await Task.Delay(random.Next(20), CancellationToken.None);
            await (random.Next(5) == 0 ? transaction.RollbackAsync(CancellationToken.None) : transaction.CommitAsync(CancellationToken.None));
        }
    }

    private static async Task UntilAsync(Task writing, Func<Task> read)
    {
        while (!writing.IsCompleted) await read();
        await writing;
    }

    private static async Task ReadAsync(Place place, List<long> seen, string filter, CancellationToken ct) =>
        seen.AddRange(await PositionsAsync(place, $"and seq_id > {seen.LastOrDefault()} {filter}", ct));

    private static async Task<List<long>> PositionsAsync(Place place, string filter, CancellationToken ct)
    {
        await using var command = place.Command($"select seq_id from {"{schema}"}.mt_events where type <> 'tombstone' {filter} order by seq_id");
        await using var reader = await command.ExecuteReaderAsync(ct);
        var positions = new List<long>();
        while (await reader.ReadAsync(ct)) positions.Add(reader.GetInt64(0));
        return positions;
    }

    private static async Task ExecuteAsync(Place place, NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
