using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.Replays;

namespace Retention.Projections.Security;

/// <summary>The rights of the service's roles in a schema, as <c>rights.sql</c> says them.</summary>
internal static class Rights
{
    private static readonly string Sql = Read().Replace("{models}", $"{{{string.Join(',', ModelTables.Switched)}}}", StringComparison.Ordinal);

    /// <summary>Brings rights and policies up to date, in the transaction of a connection of the owner, and learns what there is.</summary>
    /// <param name="user">Who signs in for requests; null where that is the owner.</param>
    /// <exception cref="UnfitServerException">This user lacks a role that the owner may not give.</exception>
    public static async Task ApplyAsync(NpgsqlConnection connection, Place place, string? user, CancellationToken ct)
    {
        var sql = place.Qualify(Sql).Replace("{service}", (user ?? "").Replace("'", "''", StringComparison.Ordinal), StringComparison.Ordinal);
        await using (var command = new NpgsqlCommand(sql, connection)) await command.ExecuteNonQueryAsync(ct);
        var missing = await MissingAsync(connection, user, ct);
        place.HasTenantRole = !missing.Contains(TenantRole.Name);
        if (user is null) return;
        if (missing.Count > 0)
            throw new UnfitServerException($"The database user {user} lacks the roles {string.Join(", ", missing)}, which the owner of the schema may not give. docs/security.md has what an administrator runs.");
        if (!await IsHandedOverAsync(connection, place, ct))
            throw new UnfitServerException($"The owner of the schema lacks the role {Duty.Project.Role()}, or this role may not create in the database. docs/security.md has what an administrator runs.");
    }

    private static async Task<IReadOnlyList<string>> MissingAsync(NpgsqlConnection connection, string? user, CancellationToken ct)
    {
        const string sql = """
            select array(select name from unnest($1) name where not coalesce((
                select pg_has_role(coalesce($2, current_user), oid, case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)
                from pg_roles where rolname = name), false))
            """;
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue(Duties.Roles.Append(TenantRole.Name).ToArray());
        command.Parameters.Add(new() { Value = (object?)user ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Name });
        return (string[])(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<bool> IsHandedOverAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        const string sql = """
            select has_database_privilege($1, current_database(), 'create')
                and not exists (select from pg_class where relnamespace = '{schema}'::regnamespace and relname = any($2) and relowner <> $1::regrole)
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(Duty.Project.Role());
        command.Parameters.AddWithValue(ModelTables.Switched.ToArray());
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    private static string Read()
    {
        using var reader = new StreamReader(typeof(Rights).Assembly.GetManifestResourceStream("Retention.Projections.Security.rights.sql")!);
        return reader.ReadToEnd();
    }
}
