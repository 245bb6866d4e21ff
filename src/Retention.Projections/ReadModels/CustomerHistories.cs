using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Customers;
using Retention.Projections.EventLog;

namespace Retention.Projections.ReadModels;

/// <summary>Stores and reads customer histories, chunk by chunk.</summary>
internal static class CustomerHistories
{
    /// <summary>Fewer customers are read by one connection.</summary>
    private const int Few = 500;

    /// <summary>The histories of some customers with all their columns; a customer without one is absent.</summary>
    public static async Task<Dictionary<string, CustomerHistory>> OfAsync(
        NpgsqlConnection connection, Place place, (string Tenant, string[] Customers) of, CancellationToken ct)
    {
        var histories = new Dictionary<string, CustomerHistory>(of.Customers.Length, StringComparer.Ordinal);
        await foreach (var (customer, chunk) in ChunksAsync(connection, place, of, ct))
        {
            ref var history = ref CollectionsMarshal.GetValueRefOrAddDefault(histories, customer, out _);
            history = new((history?.Chunks ?? []).Add(chunk));
        }
        return histories;
    }

    /// <summary>
    /// As <see cref="OfAsync"/>, by as many connections as there are cores: for whoever holds <see cref="Running.ProgressLock"/> and has written
    /// nothing yet, so that all of them see the same.
    /// </summary>
    public static async Task<Dictionary<string, CustomerHistory>> OfManyAsync(Place place, (string Tenant, string[] Customers) of, CancellationToken ct)
    {
        var customers = of.Customers.Order(StringComparer.Ordinal).ToArray();
        var readers = customers.Length < Few ? 1 : Environment.ProcessorCount;
        var parts = await Task.WhenAll(customers.Chunk(Math.Max(1, (customers.Length + readers - 1) / readers)).Select(part => Task.Run(
            async () =>
            {
                await using var connection = await place.DataSource.OpenConnectionAsync(ct);
                return await OfAsync(connection, place, (of.Tenant, part), ct);
            }, ct)));
        if (parts is [var only]) return only;
        return new Dictionary<string, CustomerHistory>(parts.SelectMany(part => part), StringComparer.Ordinal);
    }

    private static async IAsyncEnumerable<(string Customer, Chunk Chunk)> ChunksAsync(
        NpgsqlConnection connection, Place place, (string Tenant, string[] Customers) of, [EnumeratorCancellation] CancellationToken ct)
    {
        const string sql = """
            select customer_id, chunk, core, names, details from {schema}.customer_history
            where tenant_id = $1 and customer_id = any($2) order by customer_id, chunk
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(of.Tenant);
        command.Parameters.AddWithValue(of.Customers);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var bytes = new ChunkBytes(reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<byte[]>(3), reader.GetFieldValue<byte[]>(4));
            yield return (reader.GetString(0), new Chunk(reader.GetInt64(1), bytes));
        }
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
            chunks.Add(new Chunk(number, new ChunkBytes(core, [], lines)));
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
        changed = [.. changed.OrderBy(item => item.Customer, StringComparer.Ordinal).ThenBy(item => item.Chunk.Number)];
        var bytes = changed.AsParallel().AsOrdered().Select(item => item.Chunk.Bytes).ToList();
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
