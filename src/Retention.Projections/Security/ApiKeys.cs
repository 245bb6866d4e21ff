using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Projections.Security;

/// <summary>The keys of a place.</summary>
public sealed class ApiKeys(Place place)
{
    /// <summary>Makes a key, and the tenant where it is new. From the first one on, requests need one.</summary>
    /// <returns>The key's text, which is kept nowhere.</returns>
    public async Task<(ApiKey Key, string Text)> CreateAsync(string tenant, string name, IReadOnlyList<string> scopes, CancellationToken ct)
    {
        const string sql = """
            with made as (
                insert into {schema}.tenants (tenant_id, created_at) values ($1, clock_timestamp()) on conflict (tenant_id) do nothing
            ), locked as (
                insert into {schema}.locked (since) select clock_timestamp() where not exists (select from {schema}.locked)
            )
            insert into {schema}.api_keys (tenant_id, prefix, name, scopes, hash, created_at) values ($1, $2, $3, $4, $5, clock_timestamp())
            """;
        var (key, text) = ApiKey.Make(tenant, name, scopes);
        await using var command = place.Command(sql);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(key.Prefix);
        command.Parameters.AddWithValue(name);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Varchar, scopes.ToArray());
        command.Parameters.AddWithValue(key.Hash);
        await command.ExecuteNonQueryAsync(ct);
        return (key, text);
    }

    /// <summary>Every key that was made, by tenant and time.</summary>
    public async Task<IReadOnlyList<ApiKey>> AllAsync(CancellationToken ct)
    {
        await using var command = place.Command(
            "select tenant_id, prefix, name, scopes, hash, created_at, revoked_at from {schema}.api_keys order by tenant_id, created_at, prefix");
        await using var reader = await command.ExecuteReaderAsync(ct);
        var keys = new List<ApiKey>();
        while (await reader.ReadAsync(ct))
            keys.Add(new ApiKey(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<string[]>(3), reader.GetFieldValue<byte[]>(4),
                reader.GetFieldValue<DateTimeOffset>(5), await reader.IsDBNullAsync(6, ct) ? null : reader.GetFieldValue<DateTimeOffset>(6)));
        return keys;
    }

    /// <summary>Whether requests need a key: once one was made, for ever, whatever became of it, unless <see cref="UnlockAsync"/> says otherwise.</summary>
    public async Task<bool> AreNeededAsync(CancellationToken ct)
    {
        await using var command = place.Command("select exists (select from {schema}.locked)");
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Lets requests in without a key again, as if none had ever been made.</summary>
    /// <returns>False where there is a key that is good: nothing is changed.</returns>
    public async Task<bool> UnlockAsync(CancellationToken ct)
    {
        await using var command = place.Command("""
            with gone as (delete from {schema}.locked where not exists (select from {schema}.api_keys where revoked_at is null))
            select not exists (select from {schema}.api_keys where revoked_at is null)
            """);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Revokes a key for ever.</summary>
    /// <returns>The tenant whose key it was; null where there is none of this prefix that is good.</returns>
    public async Task<string?> RevokeAsync(string prefix, CancellationToken ct)
    {
        await using var command = place.Command(
            "update {schema}.api_keys set revoked_at = clock_timestamp() where prefix = $1 and revoked_at is null returning tenant_id");
        command.Parameters.AddWithValue(prefix);
        return (string?)await command.ExecuteScalarAsync(ct);
    }
}
