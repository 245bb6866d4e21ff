using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Replays;
using Retention.Projections.Running;

namespace Retention.Chaos;

/// <summary>What is in the database after a trial, against what it should be.</summary>
public sealed class Reckoning(NpgsqlDataSource database)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Place live = new(database);

    /// <summary>Compares log and ledger, and read models that batches have kept with such as are made anew from the log.</summary>
    public async Task AddAsync(Verdict verdict, Load load, CancellationToken ct)
    {
        await ReflectedAsync(ct);
        await AddLedgerAsync(verdict, load, ct);
        await AddCellsAsync(verdict, ct);
    }

    /// <summary>Waits until everything in the log is reflected.</summary>
    public async Task ReflectedAsync(CancellationToken ct) => await ReflectedAsync(await new EventLog(live).LastIssuedAsync(ct), ct);

    /// <summary>Waits until everything up to a position is reflected.</summary>
    /// <exception cref="TimeoutException">It takes longer than anything that still works.</exception>
    public async Task ReflectedAsync(long position, CancellationToken ct)
    {
        if (!await new Progress(live, TimeProvider.System).ReachedAsync(Progress.Everyone, position, Patience, ct))
            throw new TimeoutException($"Position {position} was not reflected within {Patience.TotalMinutes} min: nobody keeps the read models any more, or somebody holds them up.");
    }

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken ct)
    {
        await using var command = live.Command(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>How many orders a tenant has by its cells.</summary>
    public Task<long> OrdersAsync(string tenant, CancellationToken ct) =>
        ScalarAsync<long>($"select coalesce(sum(orders), 0)::bigint from {"{schema}"}.revenue_cells where tenant_id = '{tenant}' and grain = 'year' and dimension = ''", ct);

    /// <summary>How many of a load's events are acknowledged by its own account and not in the log.</summary>
    public async Task<int> LostAsync(Load load, CancellationToken ct)
    {
        await using var command = live.Command("select coalesce(array_agg(headers ->> 'id'), '{}') from {schema}.mt_events where tenant_id = $1");
        command.Parameters.AddWithValue(load.Tenant);
        return load.Acknowledged.Except((string[])(await command.ExecuteScalarAsync(ct))!, StringComparer.Ordinal).Count();
    }

    /// <summary>Writes to a cell as an owner would whose order is counted by the next owner as well.</summary>
    public async Task CountTwiceAsync(CancellationToken ct)
    {
        await using var command = live.Command("update {schema}.revenue_cells set orders = orders + 1 where ctid in (select ctid from {schema}.revenue_cells where orders > 0 limit 1)");
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task AddLedgerAsync(Verdict verdict, Load load, CancellationToken ct)
    {
        const string sql = """
            select coalesce(array_agg(headers ->> 'id'), '{}'), coalesce(array_agg(data ->> 'orderId'), '{}'), (select count(*) from (
                select from {schema}.mt_streams s left join {schema}.mt_events e on e.tenant_id = s.tenant_id and e.stream_id = s.id
                where s.tenant_id = $1 group by s.id, s.version
                having count(e.version) <> s.version or min(e.version) is distinct from 1 or max(e.version) <> s.version) broken)
            from {schema}.mt_events where tenant_id = $1 and type = 'purchase_made' and headers is not null
            """;
        await using var command = live.Command(sql);
        command.Parameters.AddWithValue(load.Tenant);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var (ids, orders) = (reader.GetFieldValue<string[]>(0), reader.GetFieldValue<string[]>(1));
        var acknowledged = load.Acknowledged;
        verdict.AtLeast("events acknowledged", acknowledged.Count, 1)
            .Zero("acknowledged and lost", acknowledged.Except(ids, StringComparer.Ordinal).Count())
            .Zero("doubled", orders.Length - orders.Distinct(StringComparer.Ordinal).Count())
            .Zero("stored and never acknowledged", ids.Except(acknowledged, StringComparer.Ordinal).Count())
            .Zero("streams with versions that are not 1, 2, …", reader.GetInt64(2));
    }

    /// <summary>Cells at zero count as absent.</summary>
    private async Task AddCellsAsync(Verdict verdict, CancellationToken ct)
    {
        var copy = new Place(database, "retention_reckoned");
        await new ModelBuild(live, new ModelTables(live, copy), new ReplayPlan(null, long.MaxValue), new ReplayProgress()).RunAsync(long.MaxValue, ct);
        const string names = """
            select c.relname::text, string_agg(attname, ', ' order by attnum),
                coalesce(string_agg(attname || ' <> 0', ' or ') filter (where atttypid = 'bigint'::regtype and c.relname like '%\_cells'), 'true')
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and attname <> 'histories'
            where c.relnamespace = 'retention_reckoned'::regnamespace and c.relkind = 'r'
              and (c.relname like '%\_cells' or c.relname in ('reflections', 'customer_links', 'retractions')) group by c.relname order by 1
            """;
        var tables = new List<(string Name, string Columns, string Counts)>();
        await using (var command = database.CreateCommand(names))
        await using (var reader = await command.ExecuteReaderAsync(ct))
            while (await reader.ReadAsync(ct)) tables.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        var (cells, different) = (0L, 0L);
        foreach (var (name, columns, counts) in tables)
        {
            var of = (string schema) => $"select {columns} from {schema}.{name} where {counts}";
            cells += await ScalarAsync<long>($"select count(*) from ({of(copy.Schema)}) made", ct);
            different += await ScalarAsync<long>($"""
                select (select count(*) from ({of(live.Schema)} except all {of(copy.Schema)}) gone) + (select count(*) from ({of(copy.Schema)} except all {of(live.Schema)}) come)
                """, ct);
        }
        verdict.AtLeast("cells made anew from the log", cells, 1).Zero("cells that differ from those that batches have kept", different);
        await using var drop = database.CreateCommand("drop schema retention_reckoned cascade");
        await drop.ExecuteNonQueryAsync(ct);
    }
}
