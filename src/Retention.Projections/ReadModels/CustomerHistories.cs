using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Customers;
using Retention.Projections.EventLog;

namespace Retention.Projections.ReadModels;

/// <summary>Stores and reads customer histories, chunk by chunk.</summary>
internal static class CustomerHistories
{
    /// <summary>The histories of some customers with all their columns; a customer without one is absent.</summary>
    public static async Task<Dictionary<string, CustomerHistory>> OfAsync(
        NpgsqlConnection connection, Place place, (string Tenant, string[] Customers) of, CancellationToken ct)
    {
        const string sql = """
            select customer_id, chunk, core, names, details from {schema}.customer_history
            where tenant_id = $1 and customer_id = any($2) order by customer_id, chunk
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(of.Tenant);
        command.Parameters.AddWithValue(of.Customers);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<(string Customer, long Number, ChunkBytes Bytes)>();
        while (await reader.ReadAsync(ct))
            rows.Add((
                reader.GetString(0), reader.GetInt64(1),
                new ChunkBytes(reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<byte[]>(3), reader.GetFieldValue<byte[]>(4))));
        var chunks = rows.AsParallel().AsOrdered().Select(row => (row.Customer, Chunk: new Chunk(row.Number, ChunkFormat.Read(row.Bytes)))).ToList();
        return chunks.GroupBy(row => row.Customer, row => row.Chunk, StringComparer.Ordinal)
            .ToDictionary(own => own.Key, own => new CustomerHistory([.. own]), StringComparer.Ordinal);
    }

    public static async Task<CustomerHistory?> OneAsync(
        NpgsqlConnection connection, Place place, (string Tenant, string Customer) of, CancellationToken ct) =>
        (await OfAsync(connection, place, (of.Tenant, [of.Customer]), ct)).GetValueOrDefault(of.Customer);

    /// <summary>Every history of a tenant, without names, by binary COPY.</summary>
    /// <param name="details">Whether lines and codes are read, too.</param>
    public static async IAsyncEnumerable<(string Customer, CustomerHistory History)> AllAsync(
        NpgsqlConnection connection, Place place, string tenant, bool details, [EnumeratorCancellation] CancellationToken ct)
    {
        // COPY takes no parameters; tenant names are [a-z0-9-], and quoted all the same.
        var sql = $$"""
            copy (select customer_id, chunk, core, {{(details ? "details" : "''::bytea")}} from {schema}.customer_history
                  where tenant_id = '{{tenant.Replace("'", "''", StringComparison.Ordinal)}}' order by customer_id, chunk)
            to stdout (format binary)
            """;
        await using var copy = await connection.BeginBinaryExportAsync(place.Qualify(sql), ct);
        var customer = "";
        var chunks = ImmutableArray.CreateBuilder<Chunk>();
        while (await copy.StartRowAsync(ct) != -1)
        {
            var next = await copy.ReadAsync<string>(NpgsqlDbType.Varchar, ct);
            if (next != customer && chunks.Count > 0)
            {
                yield return (customer, new CustomerHistory(chunks.ToImmutable()));
                chunks.Clear();
            }
            customer = next;
            var number = await copy.ReadAsync<long>(NpgsqlDbType.Bigint, ct);
            var core = await copy.ReadAsync<byte[]>(NpgsqlDbType.Bytea, ct);
            var lines = await copy.ReadAsync<byte[]>(NpgsqlDbType.Bytea, ct);
            chunks.Add(new Chunk(number, ChunkFormat.Read(new ChunkBytes(core, [], lines))));
        }
        if (chunks.Count > 0) yield return (customer, new CustomerHistory(chunks.ToImmutable()));
    }

    /// <summary>Writes the chunks that changed, in one statement.</summary>
    public static NpgsqlBatchCommand Write(Place place, string tenant, IReadOnlyList<(string Customer, Chunk Chunk)> changed)
    {
        const string sql = """
            insert into {schema}.customer_history as history (tenant_id, customer_id, chunk, core, names, details)
            select $1, * from unnest($2, $3, $4, $5, $6)
            on conflict (tenant_id, customer_id, chunk) do update
            set core = excluded.core, names = excluded.names, details = excluded.details
            """;
        var bytes = changed.AsParallel().AsOrdered().Select(item => ChunkFormat.Write(item.Chunk.Entries)).ToList();
        var command = new NpgsqlBatchCommand(place.Qualify(sql));
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = changed.Select(item => item.Customer).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar });
        command.Parameters.Add(new() { Value = changed.Select(item => item.Chunk.Number).ToArray() });
        command.Parameters.Add(new() { Value = bytes.ConvertAll(item => item.Core).ToArray() });
        command.Parameters.Add(new() { Value = bytes.ConvertAll(item => item.Names).ToArray() });
        command.Parameters.Add(new() { Value = bytes.ConvertAll(item => item.Details).ToArray() });
        return command;
    }

    /// <summary>Deletes chunks whose numbers are no longer in use.</summary>
    public static NpgsqlBatchCommand Delete(Place place, string tenant, IReadOnlyList<(string Customer, long Number)> removed)
    {
        const string sql = """
            delete from {schema}.customer_history using unnest($2, $3) as gone (customer_id, chunk)
            where customer_history.tenant_id = $1 and customer_history.customer_id = gone.customer_id and customer_history.chunk = gone.chunk
            """;
        var command = new NpgsqlBatchCommand(place.Qualify(sql));
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = removed.Select(item => item.Customer).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar });
        command.Parameters.Add(new() { Value = removed.Select(item => item.Number).ToArray() });
        return command;
    }
}
