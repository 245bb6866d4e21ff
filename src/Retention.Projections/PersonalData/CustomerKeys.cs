using System.Security.Cryptography;
using NpgsqlTypes;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.Security;

namespace Retention.Projections.PersonalData;

/// <summary>The customers' keys. Destroying a row makes that customer's free text and personal attributes unreadable wherever they are stored.</summary>
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

    /// <summary>
    /// Opens personal attributes by name and value, as histories hold them, into their texts: those of some customers, or of all of the tenant.
    /// A value whose key is destroyed opens to null, one of another client of the tables to itself.
    /// </summary>
    /// <param name="customers">Null for all.</param>
    public async Task<Func<string, string, string?>> OpenerAsync(string tenant, IReadOnlyCollection<string>? customers, CancellationToken ct)
    {
        await using var command = place.Command("""
            select customer_id, key from {schema}.customer_keys
            where tenant_id = $1 and ($2::varchar[] is null or customer_id = any($2)) and erased_at is null
            """);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.Add(new() { Value = (object?)customers?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar });
        var keys = new Dictionary<long, byte[]>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) keys[SealedAttribute.OwnerOf(reader.GetString(0))] = reader.GetFieldValue<byte[]>(1);
        return (name, value) => !SealedAttribute.Is(value) ? value
            : keys.GetValueOrDefault(SealedAttribute.OwnerIn(value)) is { } key ? Fields.ScalarText(SealedAttribute.Open(new CustomerKey(key), name, value))
            : null;
    }

    /// <summary>The keys that exist; an erased customer, or one of whom nothing personal was sent, has none.</summary>
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
            """, Duty.Append);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Text, customers);
        command.Parameters.AddWithValue(
            NpgsqlDbType.Array | NpgsqlDbType.Bytea, customers.Select(_ => RandomNumberGenerator.GetBytes(CustomerKey.Size)).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }
}
