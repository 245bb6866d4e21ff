using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Replays;

/// <summary>
/// A second set of the tables that hold histories and read models, in a schema of its own, which reads the log of the live one. To every
/// statement it is a place like any other.
/// </summary>
/// <param name="live">The place whose log is read.</param>
/// <param name="copy">The place of the second set.</param>
public sealed class ModelTables(Place live, Place copy)
{
    /// <summary>What is made from the log and belongs together. Whoever reads any begins at the first.</summary>
    internal static readonly IReadOnlyList<string> Switched =
        ["reflections", "customer_history", "history_changes", "customer_links", "retractions", .. MaintainedCells.Tables];

    /// <summary>Tables that the second set has besides, for those who write it.</summary>
    private static readonly IReadOnlyList<string> Beside = ["projection_progress", "retracted_ids"];

    private static readonly IReadOnlyList<string> Seen = ["mt_events", "skipped_events", "log_marks", "tenants"];

    public Place Copy => copy;

    internal Place Live => live;

    /// <summary>Makes the tables, without indexes and empty; what was there under the name is gone.</summary>
    /// <param name="tenant">The one tenant whose log is seen; null for all.</param>
    /// <param name="upTo">The last position of the log that is seen.</param>
    public async Task CreateAsync(string? tenant, long upTo, CancellationToken ct)
    {
        await using var connection = await live.DataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await RunAsync(connection, $"drop schema if exists {copy.Schema} cascade; create schema {copy.Schema}", ct);
        foreach (var table in Switched.Concat(Beside))
            await RunAsync(connection, $"create table {copy.Schema}.{table} (like {live.Schema}.{table} including defaults including storage)", ct);
        foreach (var seen in Seen)
        {
            var own = tenant is null || seen == "log_marks" ? "true" : $"tenant_id = '{tenant.Replace("'", "''", StringComparison.Ordinal)}'";
            var position = seen == "mt_events" ? $"seq_id <= {upTo}" : "true";
            await RunAsync(connection, $"create view {copy.Schema}.{seen} with (security_invoker = true) as select * from {live.Schema}.{seen} where {own} and {position}", ct);
        }
        await transaction.CommitAsync(ct);
    }

    /// <summary>Gives the filled tables the settings, indexes and keys of the live ones, by the same names, in the transaction of a connection.</summary>
    public async Task FinishAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        const string options = """
            select format('alter table %I.%I set (%s)', $2, relname, array_to_string(reloptions, ', '))
            from pg_class where relnamespace = $1::regnamespace and relname = any($3) and reloptions is not null
            """;
        const string keys = """
            select format('alter table %I.%I add constraint %I %s', $2, c.relname, k.conname, pg_get_constraintdef(k.oid))
            from pg_constraint k join pg_class c on c.oid = k.conrelid
            where c.relnamespace = $1::regnamespace and c.relname = any($3) and k.contype in ('p', 'u', 'c')
            """;
        const string indexes = """
            select replace(pg_get_indexdef(i.indexrelid), format(' ON %I.%I ', $1, c.relname), format(' ON %I.%I ', $2, c.relname))
            from pg_index i join pg_class c on c.oid = i.indrelid
            where c.relnamespace = $1::regnamespace and c.relname = any($3) and not exists (select from pg_constraint where conindid = i.indexrelid)
            """;
        const string rights = """
            select format('grant %s on %I.%I to %s', a.privilege_type, $2, c.relname, case when a.grantee = 0 then 'public' else a.grantee::regrole::text end)
            from pg_class c, aclexplode(c.relacl) a where c.relnamespace = $1::regnamespace and c.relname = any($3) and a.grantee <> c.relowner
            """;
        const string usage = """
            select format('grant usage on schema %I to %s', $2, a.grantee::regrole)
            from pg_namespace n, aclexplode(n.nspacl) a
            where n.oid = $1::regnamespace and a.privilege_type = 'USAGE' and cardinality($3) > 0
              and a.grantee in (select oid from pg_roles where rolname in ('retention_read', 'retention_log'))
            """;
        const string views = """
            select format('grant select on %I.%I to %s', $2, v.relname, a.grantee::regrole)
            from pg_class v join pg_class c on c.relname = v.relname and c.relnamespace = $1::regnamespace, aclexplode(c.relacl) a
            where v.relnamespace = $2::regnamespace and v.relkind = 'v' and cardinality($3) > 0
              and a.privilege_type = 'SELECT' and a.grantee in (select oid from pg_roles where rolname = 'retention_log')
            """;
        const string policies = """
            select format('create policy %I on %I.%I as %s for %s to %s', polname, $2, c.relname, case when polpermissive then 'permissive' else 'restrictive' end,
                    case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
                    array_to_string(array(select case when r = 0 then 'public' else r::regrole::text end from unnest(polroles) r), ', '))
                || coalesce(' using (' || pg_get_expr(polqual, polrelid) || ')', '') || coalesce(' with check (' || pg_get_expr(polwithcheck, polrelid) || ')', '')
            from pg_policy join pg_class c on c.oid = polrelid where c.relnamespace = $1::regnamespace and c.relname = any($3)
            union all
            select format('alter table %I.%I enable row level security', $2, relname) || case when relforcerowsecurity
                then format('; alter table %I.%I force row level security', $2, relname) else '' end
            from pg_class where relnamespace = $1::regnamespace and relname = any($3) and relrowsecurity
            """;
        await RunAsync(connection, "set local maintenance_work_mem = '256MB'", ct);
        foreach (var sql in (string[])[options, keys, indexes, usage, rights, views, policies])
            foreach (var statement in await StatementsAsync(connection, sql, [copy.Schema, .. Switched, .. Beside], ct)) await RunAsync(connection, statement, ct);
        foreach (var table in Switched) await RunAsync(connection, $"analyze {copy.Schema}.{table}", ct);
    }

    /// <summary>
    /// Exchanges the two sets, in the transaction of a connection that keeps everybody else from writing them. Readers that have begun are
    /// waited for; those that come meanwhile wait for the end.
    /// </summary>
    /// <param name="patience">How long readers that have begun are waited for before those that come are let through.</param>
    /// <exception cref="PostgresException">lock_not_available: a reader takes longer.</exception>
    public async Task SwitchAsync(NpgsqlConnection connection, TimeSpan patience, CancellationToken ct)
    {
        var between = $"{copy.Schema}_x";
        await RunAsync(connection, $"set local lock_timeout = {(int)patience.TotalMilliseconds}; create schema {between}", ct);
        // Views name tables by what they are, not by how they are called: those of the live set are made to read the one that becomes live.
        const string viewNames = """
            select distinct format('%I.%I', n.nspname, v.relname) from pg_depend d
            join pg_rewrite w on w.oid = d.objid and d.classid = 'pg_rewrite'::regclass join pg_class v on v.oid = w.ev_class and v.relkind = 'v'
            join pg_namespace n on n.oid = v.relnamespace join pg_class c on c.oid = d.refobjid and d.refclassid = 'pg_class'::regclass
            where c.relnamespace = $1::regnamespace and c.relname = any($3) and $2 <> ''
            """;
        const string views = """
            select format('create or replace view %s %s as %s', name, (select 'with (' || array_to_string(reloptions, ', ') || ')' from pg_class where oid = name::regclass),
                pg_get_viewdef(name::regclass)) from unnest($3) name where $1 <> $2
            """;
        var names = await StatementsAsync(connection, viewNames, [copy.Schema, .. Switched], ct);
        foreach (var locked in Switched.Take(1).Select(NameOf).Concat(names).Concat(Switched.Skip(1).Select(NameOf)))
            await RunAsync(connection, $"lock table {locked} in access exclusive mode", ct);
        var definitions = await StatementsAsync(connection, views, [copy.Schema, .. names], ct);
        foreach (var table in Switched)
            await RunAsync(connection, $"""
                alter table {live.Schema}.{table} set schema {between};
                alter table {copy.Schema}.{table} set schema {live.Schema};
                alter table {between}.{table} set schema {copy.Schema}
                """, ct);
        foreach (var definition in definitions) await RunAsync(connection, definition, ct);
        // Positions of progress are exchanged too; the live row stays, since it is the lock of all who write.
        await RunAsync(connection, $"""
            create temporary table left_behind on commit drop as select * from {live.Schema}.projection_progress;
            update {live.Schema}.projection_progress mine set position = theirs.position, generation = mine.generation + 1
            from {copy.Schema}.projection_progress theirs where mine.tenant_id = '*' and theirs.tenant_id = '*';
            delete from {live.Schema}.projection_progress where tenant_id <> '*';
            insert into {live.Schema}.projection_progress select * from {copy.Schema}.projection_progress where tenant_id <> '*';
            delete from {copy.Schema}.projection_progress;
            insert into {copy.Schema}.projection_progress select * from left_behind;
            drop schema {between}
            """, ct);
    }

    /// <summary>Exchanges one tenant's rows, in the transaction of a connection that keeps everybody else from writing them.</summary>
    public async Task SwitchAsync(NpgsqlConnection connection, string tenant, CancellationToken ct)
    {
        var own = $"tenant_id = '{tenant.Replace("'", "''", StringComparison.Ordinal)}'";
        foreach (var table in Switched.Append("projection_progress"))
            await RunAsync(connection, $"""
                create temporary table left_behind on commit drop as select * from {live.Schema}.{table} where {own};
                delete from {live.Schema}.{table} where {own};
                insert into {live.Schema}.{table} select * from {copy.Schema}.{table} where {own};
                delete from {copy.Schema}.{table} where {own};
                insert into {copy.Schema}.{table} select * from left_behind;
                drop table left_behind
                """, ct);
        await RunAsync(connection, $"update {live.Schema}.projection_progress set generation = generation + 1 where tenant_id = '*'", ct);
    }

    /// <summary>Removes the second set; whoever still writes it may come first.</summary>
    public async Task DropAsync(CancellationToken ct)
    {
        await using var connection = await live.DataSource.OpenConnectionAsync(ct);
        while (true)
        {
            try
            {
                await RunAsync(connection, $"drop schema if exists {copy.Schema} cascade; drop schema if exists {copy.Schema}_x cascade", ct);
                return;
            }
            catch (PostgresException crossed) when (crossed.SqlState is PostgresErrorCodes.DeadlockDetected)
            {
            }
        }
    }

    /// <summary>
    /// Removes a tenant from every second set, in the transaction that deletes it: its own replays go, what waits beside a rebuild loses its
    /// rows, and a rebuild that is being made, which may hold some already, fails.
    /// </summary>
    internal static async Task ForgetAsync(NpgsqlConnection connection, Place live, string tenant, CancellationToken ct)
    {
        const string fail = """
            update {schema}.replays set status = 'failed', error = 'A tenant was deleted meanwhile; start again.', changed_at = clock_timestamp()
            where tenant_id = '*' and status = 'building' and asked->>'tenant' is null
            """;
        const string all = """
            with own as (delete from {schema}.replays where tenant_id = '*' and asked->>'tenant' = $1 returning number)
            select number, false from own
            union all
            select number, tenant_id = '*' from {schema}.replays
            where tenant_id = $1 or (tenant_id = '*' and status = 'switched' and asked->>'tenant' is null)
            """;
        await RunAsync(connection, live.Qualify(fail), ct);
        var (own, waiting) = (new List<long>(), new List<long>());
        await using (var command = new NpgsqlCommand(live.Qualify(all), connection))
        {
            command.Parameters.AddWithValue(tenant);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct)) (reader.GetBoolean(1) ? waiting : own).Add(reader.GetInt64(0));
        }
        foreach (var number in own) await RunAsync(connection, $"drop schema if exists {live.Schema}_replay_{number} cascade", ct);
        foreach (var table in waiting.SelectMany(number => Switched.Concat(Beside).Select(table => $"{live.Schema}_replay_{number}.{table}")))
        {
            await using var command = new NpgsqlCommand($"delete from {table} where tenant_id = $1", connection) { CommandTimeout = 0 };
            command.Parameters.AddWithValue(tenant);
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    private string NameOf(string table) => $"{live.Schema}.{table}";

    /// <summary>The statements that a query makes: of the live schema, the copy's and the names of relations.</summary>
    /// <param name="parameters">The copy's schema, and the names.</param>
    private async Task<List<string>> StatementsAsync(NpgsqlConnection connection, string sql, IReadOnlyList<string> parameters, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue(live.Schema);
        command.Parameters.AddWithValue(parameters[0]);
        command.Parameters.AddWithValue(parameters.Skip(1).ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        var statements = new List<string>();
        while (await reader.ReadAsync(ct)) statements.Add(reader.GetString(0));
        return statements;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }
}
