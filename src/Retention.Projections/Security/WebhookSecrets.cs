using Npgsql;
using Retention.Projections.EventLog;

namespace Retention.Projections.Security;

/// <summary>The secrets that senders of webhooks sign with, by tenant and sender.</summary>
public sealed class WebhookSecrets(Place place, TimeProvider time)
{
    /// <summary>How long a secret that was replaced is still good.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromHours(24);

    /// <summary>Puts a secret in force, in place of the one before; the tenant is made where it is new.</summary>
    public async Task SetAsync(string tenant, string sender, byte[] secret, CancellationToken ct)
    {
        await using var batch = place.For(Duty.Administer).CreateBatch();
        batch.BatchCommands.Add(Statement("insert into {schema}.tenants (tenant_id, created_at) values ($1, $2) on conflict (tenant_id) do nothing", tenant, Now));
        batch.BatchCommands.Add(Statement("delete from {schema}.webhook_secrets where tenant_id = $1 and sender = $2 and (replaced_at < $3 or secret = $4)", tenant, sender, Now - Grace, secret));
        batch.BatchCommands.Add(Statement("update {schema}.webhook_secrets set replaced_at = $3 where tenant_id = $1 and sender = $2 and replaced_at is null", tenant, sender, Now));
        batch.BatchCommands.Add(Statement("insert into {schema}.webhook_secrets (tenant_id, sender, secret, set_at) values ($1, $2, $3, $4)", tenant, sender, secret, Now));
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The secrets that a signature may be made with now; none where none was set.</summary>
    public async Task<IReadOnlyList<byte[]>> GoodAsync(string tenant, string sender, CancellationToken ct)
    {
        await using var command = place.Command(
            "select secret from {schema}.webhook_secrets where tenant_id = $1 and sender = $2 and (replaced_at is null or replaced_at >= $3)");
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(sender);
        command.Parameters.AddWithValue(Now - Grace);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var secrets = new List<byte[]>();
        while (await reader.ReadAsync(ct)) secrets.Add(reader.GetFieldValue<byte[]>(0));
        return secrets;
    }

    /// <summary>The senders that have a secret in force, and since when.</summary>
    public async Task<IReadOnlyList<(string Sender, DateTimeOffset SetAt)>> AllAsync(string tenant, CancellationToken ct)
    {
        await using var command = place.Command("select sender, set_at from {schema}.webhook_secrets where tenant_id = $1 and replaced_at is null order by sender");
        command.Parameters.AddWithValue(tenant);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var all = new List<(string, DateTimeOffset)>();
        while (await reader.ReadAsync(ct)) all.Add((reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1)));
        return all;
    }

    /// <summary>Forgets a sender's secrets, those in grace too.</summary>
    /// <returns>Whether there were any.</returns>
    public async Task<bool> RemoveAsync(string tenant, string sender, CancellationToken ct)
    {
        await using var command = place.Command("delete from {schema}.webhook_secrets where tenant_id = $1 and sender = $2", Duty.Administer);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(sender);
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }

    private DateTimeOffset Now => time.GetUtcNow();

    private NpgsqlBatchCommand Statement(string sql, params object[] values)
    {
        var statement = new NpgsqlBatchCommand(place.Qualify(sql));
        foreach (var value in values) statement.Parameters.AddWithValue(value);
        return statement;
    }
}
