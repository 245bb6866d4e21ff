using System.Security.Cryptography;
using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Projections.PersonalData;

/// <summary>The customers' keys. Destroying a row makes that customer's free text unreadable wherever it is stored.</summary>
public sealed class CustomerKeys(Place place)
{
    /// <summary>The keys of all these customers; who has none gets one, which is durable before this returns. An erased customer has none for ever.</summary>
    public async Task<IReadOnlyDictionary<string, CustomerKey>> EnsureAsync(
        string tenant, IReadOnlyCollection<string> customers, CancellationToken ct)
    {
        var found = await FindAsync(tenant, customers, ct);
        var missing = customers.Where(customer => !found.ContainsKey(customer))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        if (missing.Length == 0) return found;
        await MakeAsync(tenant, missing, ct);
        return await FindAsync(tenant, customers, ct);
    }

    /// <summary>The keys that exist; an erased customer, or one without free text, has none.</summary>
    public async Task<IReadOnlyDictionary<string, CustomerKey>> FindAsync(
        string tenant, IReadOnlyCollection<string> customers, CancellationToken ct)
    {
        var keys = new Dictionary<string, CustomerKey>(StringComparer.Ordinal);
        if (customers.Count == 0) return keys;
        await using var command = place.Command(
            "select customer_id, key from {schema}.customer_keys where tenant_id = $1 and customer_id = any($2) and erased_at is null");
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Text, customers.ToArray());
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            keys.Add(reader.GetString(0), new CustomerKey(reader.GetFieldValue<byte[]>(1)));
        return keys;
    }

    /// <summary>In the customers' order, so that two writers of the same customers wait for each other instead of locking up.</summary>
    private async Task MakeAsync(string tenant, string[] customers, CancellationToken ct)
    {
        await using var command = place.Command("""
            insert into {schema}.customer_keys (tenant_id, customer_id, key, created_at)
            select $1, customer, key, clock_timestamp() from unnest($2, $3) with ordinality as made (customer, key, place) order by place
            on conflict (tenant_id, customer_id) do nothing
            """);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Text, customers);
        command.Parameters.AddWithValue(
            NpgsqlDbType.Array | NpgsqlDbType.Bytea, customers.Select(_ => RandomNumberGenerator.GetBytes(CustomerKey.Size)).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }
}
