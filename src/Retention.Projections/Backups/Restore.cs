using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Backups;

/// <summary>What a restore has brought back.</summary>
/// <param name="Epoch">The new name of the store.</param>
/// <param name="RightsLeftOut">Roles whose rights could not be brought back, since they are missing and the role may not make them.</param>
public sealed record Restored(BackupManifest From, Guid Epoch, IReadOnlyList<string> RightsLeftOut);

/// <summary>Brings a backup back into a database that holds nothing of this service yet, whole or not at all.</summary>
public static class Restore
{
    /// <exception cref="BackupException">The backup is damaged or of a newer program, the database holds the schema already, or a program is missing or failed.</exception>
    public static async Task<Restored> RunAsync(string connectionString, string folder, CancellationToken ct = default)
    {
        var manifest = await Backup.CheckAsync(folder, ct);
        if (manifest.SchemaVersion > Migrations.Newest)
            throw new BackupException($"The backup is of schema version {manifest.SchemaVersion}; this program knows versions up to {Migrations.Newest}. Restore it with the newer program.");
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        await using var source = NpgsqlDataSource.Create(settings.ConnectionString);
        await using var connection = await source.OpenConnectionAsync(ct);
        await RefuseFullAsync(connection, manifest, ct);
        var missing = await MakeRolesAsync(connection, manifest, ct);
        var clients = await PostgresClients.FindAsync(connection.PostgreSqlVersion.Major, ct);
        var dump = Path.Combine(folder, BackupManifest.DumpName);
        string[] words = ["--single-transaction", "--exit-on-error", "--no-owner", $"--dbname={settings.Database}"];
        if (missing.Count == 0) await clients.RunAsync("pg_restore", settings, [.. words, dump], ct);
        else await RestoreWithoutRightsAsync(clients, settings, [.. words, "--no-privileges"], dump, ct);

        var place = new Place(source, manifest.Schema);
        // Brings the schema to this program's version, and names the store anew.
        await Migrations.ApplyAsync(place, allowFsyncOff: true, ct);
        await FinishAsync(connection, place, manifest, ct);
        await using var epoch = place.Command("select epoch from {schema}.store_epoch");
        return new Restored(manifest, (Guid)(await epoch.ExecuteScalarAsync(ct))!, missing);
    }

    /// <summary>Policies name their roles: they are left out with the rights, and made anew for the roles that there are.</summary>
    private static async Task RestoreWithoutRightsAsync(PostgresClients clients, NpgsqlConnectionStringBuilder settings, IReadOnlyList<string> words, string dump, CancellationToken ct)
    {
        var list = Path.GetTempFileName();
        try
        {
            await clients.RunAsync("pg_restore", settings, ["--list", $"--file={list}", dump], ct);
            var kept = (await File.ReadAllLinesAsync(list, ct)).Where(line => !line.Contains(" POLICY ", StringComparison.Ordinal));
            await File.WriteAllLinesAsync(list, kept, ct);
            await clients.RunAsync("pg_restore", settings, [.. words, $"--use-list={list}", dump], ct);
        }
        finally
        {
            File.Delete(list);
        }
    }

    private static async Task RefuseFullAsync(NpgsqlConnection connection, BackupManifest manifest, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select nspname::text from pg_namespace where nspname = any($1) order by array_position($1, nspname::text)", connection);
        command.Parameters.AddWithValue(manifest.Schemas.ToArray());
        if (await command.ExecuteScalarAsync(ct) is string there)
            throw new BackupException($"The database holds a schema {there} already; a backup is restored into a database without one.");
    }

    /// <summary>Makes roles that rights are given to, without a login.</summary>
    /// <returns>Those that are missing and cannot be made.</returns>
    private static async Task<IReadOnlyList<string>> MakeRolesAsync(NpgsqlConnection connection, BackupManifest manifest, CancellationToken ct)
    {
        const string absent = "select format('create role %I nologin', name), name from unnest($1) name where not exists (select from pg_roles where rolname = name)";
        var wanted = new List<(string Sql, string Name)>();
        await using (var command = new NpgsqlCommand(absent, connection) { Parameters = { new() { Value = manifest.Roles.ToArray() } } })
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct)) wanted.Add((reader.GetString(0), reader.GetString(1)));
        }
        var missing = new List<string>();
        foreach (var (sql, name) in wanted)
        {
            try
            {
                await using var make = new NpgsqlCommand(sql, connection);
                await make.ExecuteNonQueryAsync(ct);
            }
            catch (PostgresException denied) when (denied.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                missing.Add(name);
            }
        }
        return missing;
    }

    /// <summary>Looks whether what was dumped is there, and keeps the numbers of events from being handed out again.</summary>
    private static async Task FinishAsync(NpgsqlConnection connection, Place place, BackupManifest manifest, CancellationToken ct)
    {
        const string sql = """
            select setval('{schema}.mt_events_sequence', greatest(max(seq_id), case when s.is_called then s.last_value else 0 end, 1), max(seq_id) is not null or s.is_called),
                count(*) filter (where type <> 'tombstone'), coalesce(max(seq_id), 0)
            from {schema}.mt_events_sequence s left join {schema}.mt_events e on true group by s.is_called, s.last_value
            """;
        await using (var command = new NpgsqlCommand(place.Qualify(sql), connection) { CommandTimeout = 0 })
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            var (events, last) = (reader.GetInt64(1), reader.GetInt64(2));
            if ((events, last) != (manifest.Events, manifest.LastPosition))
                throw new BackupException($"The restored log has {events} events up to position {last}; the manifest says {manifest.Events} up to {manifest.LastPosition}.");
        }
        await using var analyze = new NpgsqlCommand("analyze", connection) { CommandTimeout = 0 };
        await analyze.ExecuteNonQueryAsync(ct);
    }
}
