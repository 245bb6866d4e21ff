using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Running;

/// <summary>
/// Names a store, so that what was made of its positions is not taken for an answer of another. It changes when the tables find themselves
/// in another database, on another server, or on another timeline of its write-ahead log (a restore to an earlier time, the promotion of a
/// standby), and when it is missing, as after a restore of a backup, which leaves it out. A copy of the server's disk is not noticed.
/// </summary>
public static class StoreEpoch
{
    public static async Task<Guid> ReadAsync(Place place, CancellationToken ct)
    {
        await using var command = place.Command("select epoch from {schema}.store_epoch");
        if (await command.ExecuteScalarAsync(ct) is Guid epoch) return epoch;
        // Restored under a running service, which gives it its name as a start does.
        await Migrations.ApplyAsync(place, allowFsyncOff: true, ct);
        return (Guid)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Makes a new name where the old one is of another place. Within the lock of the migrations.</summary>
    internal static async Task KeepAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        var here = await HereAsync(connection, ct);
        await using var read = new NpgsqlCommand(place.Qualify("select coalesce(made_on, $1) from {schema}.store_epoch"), connection);
        read.Parameters.AddWithValue(here);
        if (await read.ExecuteScalarAsync(ct) is string made && (made == here || here == ""))
            await WriteAsync("update {schema}.store_epoch set made_on = $1 where made_on is null and $1 <> ''", here);
        else await WriteAsync("with gone as (delete from {schema}.store_epoch) insert into {schema}.store_epoch (epoch, made_on) values ($2, $1)", here, Guid.NewGuid());

        async Task WriteAsync(string sql, params object[] values)
        {
            await using var write = new NpgsqlCommand(place.Qualify(sql), connection);
            foreach (var value in values) write.Parameters.AddWithValue(value);
            await write.ExecuteNonQueryAsync(ct);
        }
    }

    /// <summary>Server, database and timeline; empty where the role may not know.</summary>
    private static async Task<string> HereAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        const string allowed = "select has_function_privilege('pg_control_system()', 'execute') and has_function_privilege('pg_walfile_name(pg_lsn)', 'execute')";
        const string here = """
            select format('%s-%s-%s', (select system_identifier from pg_control_system()),
                (select oid from pg_database where datname = current_database()), left(pg_walfile_name(pg_current_wal_lsn()), 8))
            """;
        await using var ask = new NpgsqlCommand(allowed, connection);
        if (await ask.ExecuteScalarAsync(ct) is not true) return "";
        await using var read = new NpgsqlCommand(here, connection);
        return (string)(await read.ExecuteScalarAsync(ct))!;
    }
}
