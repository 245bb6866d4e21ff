using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;
using Retention.Projections.Security;

namespace Retention.Projections.PersonalData;

/// <summary>What was erased of a customer.</summary>
/// <param name="Ids">How many ids the customer was known under.</param>
/// <param name="Events">How many events were removed from the log; 0 where the customer was erased before.</param>
public sealed record ErasedCustomer(int Ids, long Events, DateTimeOffset ErasedAt);

/// <summary>A rebuild holds, or makes, histories beside the live ones, in which the customer would stay.</summary>
public sealed class RebuildInTheWayException() : Exception("A rebuild is being made, or waits to be confirmed or reverted.");

/// <summary>
/// Erases customers: their events, histories and links, what they contribute to the cells, and their keys, in one transaction. The streams
/// stay as archived ones without events, to which nothing is appended any more, so that a sender's repeat brings nothing back.
/// </summary>
public sealed class Erasure(Place place)
{
    private const string Archive = "update {schema}.mt_streams set is_archived = true where tenant_id = $1 and id = any($2)";

    private const string Remove = "delete from {schema}.mt_events where tenant_id = $1 and stream_id = any($2)";

    private const string Forget = """
        insert into {schema}.customer_keys as known (tenant_id, customer_id, key, created_at, erased_at)
        select $1, customer, '', clock_timestamp(), clock_timestamp() from unnest($2::text[]) as gone (customer)
        on conflict (tenant_id, customer_id) do update set key = '', erased_at = coalesce(known.erased_at, excluded.erased_at)
        """;

    /// <summary>Erases a customer under all ids that it is known under now.</summary>
    /// <returns>Null where nothing was ever sent for it.</returns>
    /// <exception cref="RebuildInTheWayException">Nothing was erased.</exception>
    public async Task<ErasedCustomer?> EraseAsync(string tenant, string customer, CancellationToken ct)
    {
        await using var connection = await place.For(Duty.Administer).OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ProgressLock.TakeAsync(connection, place, ct);
        await RefuseRebuildAsync(connection, tenant, ct);
        var links = await CustomerLinks.AroundAsync(connection, place, (tenant, [customer]), ct);
        string[] members = [.. Identities.Of(links).Of(customer).Members];
        // Whoever appends to these streams has committed before, or finds them archived.
        if (await RunAsync(connection, Archive, tenant, StreamsOf(members), ct) == 0) return null;
        var events = await RunAsync(connection, Remove, tenant, StreamsOf(members), ct);
        if (await JoinedCustomers.OneAsync(connection, place, (tenant, customer, long.MaxValue), ct) is { } joined)
        {
            var reflection = await Reflection.ReadAsync(connection, place, tenant, ct);
            await TakeFromCellsAsync(connection, tenant, (joined.History, reflection.MaintainedBy), ct);
            await new KeptRetractions(connection, place).KeepAsync(tenant, joined, reflection.Position, ct);
        }
        foreach (var table in (string[])["customer_history", "customer_links"])
            await RunAsync(connection, $"delete from {"{schema}"}.{table} where tenant_id = $1 and customer_id = any($2)", tenant, members, ct);
        // What was read ahead, or is held in memory somewhere, is no longer the record.
        await RunAsync(connection, "update {schema}.projection_progress set generation = generation + 1 where tenant_id in ($1, '*')", tenant, null, ct);
        await RunAsync(connection, "update {schema}.reflections set histories = gen_random_uuid() where tenant_id = $1", tenant, null, ct);
        await RunAsync(connection, Forget, tenant, members, ct);
        var erasedAt = await ErasedAtAsync(connection, tenant, customer, ct);
        await transaction.CommitAsync(ct);
        place.Copies.Forget(tenant);
        return new ErasedCustomer(members.Length, events, erasedAt);
    }

    /// <summary>Takes away what the customer contributed, and every cell that is left without anybody, whose key may be the customer's own.</summary>
    private async Task TakeFromCellsAsync(NpgsqlConnection connection, string tenant, (CustomerHistory History, string MaintainedBy) of, CancellationToken ct)
    {
        var cells = new MaintainedCells(MaintainedCells.DefinitionOf(of.MaintainedBy));
        cells.Replace(of.History, null);
        await using var statements = new NpgsqlBatch(connection);
        foreach (var command in cells.Write(place, tenant).Concat(MaintainedCells.DropZeros(place, tenant))) statements.BatchCommands.Add(command);
        await statements.ExecuteNonQueryAsync(ct);
    }

    private async Task RefuseRebuildAsync(NpgsqlConnection connection, string tenant, CancellationToken ct)
    {
        const string sql = """
            select exists (select from {schema}.replays where tenant_id = '*' and status in ('building', 'switched') and coalesce(asked->>'tenant', $1) = $1)
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(tenant);
        if ((bool)(await command.ExecuteScalarAsync(ct))!) throw new RebuildInTheWayException();
    }

    private async Task<DateTimeOffset> ErasedAtAsync(NpgsqlConnection connection, string tenant, string customer, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(place.Qualify("select erased_at from {schema}.customer_keys where tenant_id = $1 and customer_id = $2"), connection);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(customer);
        return (DateTime)(await command.ExecuteScalarAsync(ct))!;
    }

    private async Task<int> RunAsync(NpgsqlConnection connection, string sql, string tenant, string[]? names, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(tenant);
        if (names is not null) command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Varchar, names);
        return await command.ExecuteNonQueryAsync(ct);
    }

    private static string[] StreamsOf(string[] members) => [.. members.Select(CustomerStream.Of)];
}
