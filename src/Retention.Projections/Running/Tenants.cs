using System.Collections.Concurrent;
using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Replays;
using Retention.Projections.Security;

namespace Retention.Projections.Running;

/// <summary>The tenants of a place.</summary>
public sealed class Tenants(Place place, TenantSettings settings)
{
    // Rows that name a tenant, in an order that respects their references.
    private static readonly IReadOnlyList<string> Tables =
    [
        .. MaintainedCells.Tables, "customer_history", "history_changes", "customer_links", "retractions", "reflections", "imports", "skipped_events", "replays", "bi_readers", "api_keys", "webhook_secrets", "customer_keys", "kept_retractions",
        "retracted_ids", "mt_events", "mt_streams", "tenants",
    ];

    private readonly ConcurrentDictionary<string, bool> known = new(StringComparer.Ordinal);

    /// <returns>Whether the tenant is new.</returns>
    public async Task<bool> CreateAsync(string tenant, CancellationToken ct)
    {
        if (known.ContainsKey(tenant)) return false;
        await using var command = place.Command(
            "insert into {schema}.tenants (tenant_id, created_at) values ($1, clock_timestamp()) on conflict (tenant_id) do nothing", Duty.Append);
        command.Parameters.AddWithValue(tenant);
        var created = await command.ExecuteNonQueryAsync(ct) == 1;
        known[tenant] = true;
        return created;
    }

    public async Task<IReadOnlyList<(string Name, DateTimeOffset CreatedAt)>> AllAsync(CancellationToken ct)
    {
        await using var command = place.Command("select tenant_id, created_at from {schema}.tenants order by tenant_id");
        await using var reader = await command.ExecuteReaderAsync(ct);
        var tenants = new List<(string, DateTimeOffset)>();
        while (await reader.ReadAsync(ct)) tenants.Add((reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1)));
        return tenants;
    }

    /// <summary>Deletes a tenant with its events, histories, read models and keys, in one transaction.</summary>
    /// <returns>Whether there was such a tenant.</returns>
    public async Task<bool> DeleteAsync(string tenant, CancellationToken ct)
    {
        if (tenant == Progress.Everyone) throw new ArgumentException("No tenant has this name.", nameof(tenant));
        await using var connection = await place.For(Duty.Administer).OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ProgressLock.TakeAsync(connection, place, ct);
        await using (var moved = new NpgsqlCommand(place.Qualify("update {schema}.projection_progress set generation = generation + 1 where tenant_id = '*'"), connection))
            await moved.ExecuteNonQueryAsync(ct);
        await ModelTables.ForgetAsync(connection, place, tenant, ct);
        var rows = 0;
        foreach (var table in Tables.Append("projection_progress"))
        {
            await using var command = new NpgsqlCommand(place.Qualify($"delete from {"{schema}"}.{table} where tenant_id = $1"), connection);
            command.Parameters.AddWithValue(tenant);
            command.CommandTimeout = 0;
            rows += await command.ExecuteNonQueryAsync(ct);
        }
        await transaction.CommitAsync(ct);
        known.TryRemove(tenant, out _);
        settings.Forget(tenant);
        place.Copies.Forget(tenant);
        return rows > 0;
    }
}
