using System.Security.Cryptography;
using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Backups;

/// <summary>
/// Backups of a store as pg_dump makes them, of one snapshot: log, histories, read models, keys and settings, while everything goes on. The
/// epoch is left out, so that what is restored names itself anew.
/// </summary>
public static class Backup
{
    /// <summary>Makes a backup into a new folder, which appears when it is whole.</summary>
    /// <exception cref="BackupException">The folder exists, or a program is missing or failed.</exception>
    public static async Task<BackupManifest> MakeAsync(string connectionString, string folder, string schema = "retention", CancellationToken ct = default)
    {
        var target = Path.GetFullPath(folder);
        if (Path.Exists(target)) throw new BackupException($"{target} exists; a backup is made into a new folder.");
        var growing = $"{target}.new-{Guid.NewGuid():n}";
        Directory.CreateDirectory(growing);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(growing, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            var manifest = await DumpAsync(connectionString, growing, schema, ct);
            await manifest.WriteAsync(growing, ct);
            Directory.Move(growing, target);
            return manifest;
        }
        catch
        {
            Directory.Delete(growing, recursive: true);
            throw;
        }
    }

    /// <summary>What a folder was said to hold, once its dump was found to be what was written.</summary>
    /// <exception cref="BackupException">It holds no backup, or a damaged one.</exception>
    public static async Task<BackupManifest> CheckAsync(string folder, CancellationToken ct = default)
    {
        var manifest = await BackupManifest.ReadAsync(folder, ct);
        var dump = Path.Combine(folder, BackupManifest.DumpName);
        if (!File.Exists(dump)) throw new BackupException($"{folder} holds no whole backup: there is no {BackupManifest.DumpName} in it.");
        return await HashAsync(dump, ct) == manifest.Sha256 ? manifest : throw new BackupException($"{dump} is not what was written: its SHA-256 differs from that of the manifest.");
    }

    private static async Task<BackupManifest> DumpAsync(string connectionString, string folder, string schema, CancellationToken ct)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        await using var source = NpgsqlDataSource.Create(settings.ConnectionString);
        await using var connection = await source.OpenConnectionAsync(ct);
        var clients = await PostgresClients.FindAsync(connection.PostgreSqlVersion.Major, ct);
        // The dump and the figures of the manifest are of the same moment.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        var manifest = await DescribeAsync(connection, new Place(source, schema), ct);
        var dump = Path.Combine(folder, BackupManifest.DumpName);
        string[] words =
        [
            "--format=custom", $"--snapshot={await SnapshotAsync(connection, ct)}", "--no-owner", "--lock-wait-timeout=60s", $"--file={dump}",
            .. manifest.Schemas.Select(name => $"--schema={name}"), $"--exclude-table-data={schema}.store_epoch",
        ];
        await clients.RunAsync("pg_dump", settings, words, ct);
        return manifest with { Bytes = new FileInfo(dump).Length, Sha256 = await HashAsync(dump, ct) };
    }

    private static async Task<string> SnapshotAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select pg_export_snapshot()", connection);
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<BackupManifest> DescribeAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        var schemas = await SchemasAsync(connection, place.Schema, ct);
        const string sql = """
            select clock_timestamp(), current_setting('server_version'), (select max(version) from {schema}.schema_versions),
                (select epoch from {schema}.store_epoch), (select count(*) from {schema}.mt_events where type <> 'tombstone'),
                (select coalesce(max(seq_id), 0) from {schema}.mt_events), (select position from {schema}.projection_progress where tenant_id = '*'),
                (select count(*) from {schema}.tenants), array(
                    select distinct pg_get_userbyid(named.role) from (
                        select nspowner as owner, (aclexplode(nspacl)).grantee as role from pg_namespace where nspname = any($1)
                        union select relowner, (aclexplode(relacl)).grantee from pg_class where relnamespace in (select oid from pg_namespace where nspname = any($1))
                        union select proowner, (aclexplode(proacl)).grantee from pg_proc where pronamespace in (select oid from pg_namespace where nspname = any($1))
                        union select 0::oid, unnest(polroles) from pg_policy join pg_class c on c.oid = polrelid where c.relnamespace in (select oid from pg_namespace where nspname = any($1))) named
                    where named.role <> 0 and named.role <> named.owner order by 1)::text[]
            """;
        try
        {
            await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
            command.Parameters.AddWithValue(schemas);
            await using var reader = await command.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            return new BackupManifest(
                reader.GetFieldValue<DateTimeOffset>(0), reader.GetString(1), place.Schema, schemas, reader.GetInt32(2), reader.GetGuid(3), reader.GetInt64(4), reader.GetInt64(5),
                reader.GetInt64(6), reader.GetInt64(7), reader.GetFieldValue<string[]>(8), 0, "");
        }
        catch (PostgresException absent) when (absent.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            throw new BackupException($"The database has no schema {place.Schema} of this service, or one of an older version: start the service on it once.", absent);
        }
    }

    /// <summary>The schema of the tables, and that of the views for BI tools beside it, which has one of two names.</summary>
    private static async Task<string[]> SchemasAsync(NpgsqlConnection connection, string schema, CancellationToken ct)
    {
        const string sql = """
            select coalesce((
                select nspname::text from unnest(case when $1 = 'retention' then array['bi', 'retention_bi'] else array[$1 || '_bi'] end) with ordinality as name (nspname, first)
                where to_regprocedure(format('%I.seen_tenants()', nspname)) is not null order by first limit 1), $1 || '_bi')
            """;
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue(schema);
        return [schema, (string)(await command.ExecuteScalarAsync(ct))!];
    }

    private static async Task<string> HashAsync(string file, CancellationToken ct)
    {
        await using var read = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(read, ct));
    }
}
