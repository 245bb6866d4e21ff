using System.Data;
using System.Text;
using Npgsql;
using Retention.Domain.Customers;
using Retention.Projections.EventLog;
using Retention.Projections.Security;

namespace Retention.Projections.ReadModels;

/// <summary>
/// Loads the histories of a tenant into columns by binary COPY: by several connections over parts of the table where there is much,
/// which all look at the same moment.
/// </summary>
internal sealed class HistoryLoad(Place place, string tenant)
{
    /// <summary>Customers in one part; a fold that keeps nothing holds as many for each core.</summary>
    private const int PartSize = 65_536;

    /// <summary>Fewer rows are read by one connection, along an index.</summary>
    private const int Few = 20_000;

    /// <summary>Reads everything and hands it on part by part, from several threads.</summary>
    /// <param name="snapshot">A transaction at the moment that is looked at.</param>
    public async Task ReadAsync(NpgsqlConnection snapshot, Action<Columns> take, CancellationToken ct)
    {
        var (many, blocks) = await SizeAsync(snapshot, ct);
        var longer = await LongerAsync(snapshot, ct);
        if (!many) await CopyAsync(snapshot, "", longer, take, ct);
        else
        {
            var shared = await ScalarAsync<string>(snapshot, "select pg_export_snapshot()", ct);
            var readers = Environment.ProcessorCount;
            await Task.WhenAll(Enumerable.Range(0, readers).Select(reader => Task.Run(
                () => CopyRangeAsync(shared, (blocks * reader / readers, reader + 1 == readers ? uint.MaxValue : blocks * (reader + 1) / readers), longer, take, ct), ct)));
        }
        foreach (var customers in longer.Chunk(PartSize / 64))
        {
            var histories = await CustomerHistories.OfAsync(snapshot, place, (tenant, customers), ct);
            take(Columns.OfCores(histories));
        }
    }

    /// <summary>Customers of more than one chunk, whose rows need not lie together.</summary>
    private async Task<HashSet<string>> LongerAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            place.Qualify("select distinct customer_id from {schema}.customer_history where tenant_id = $1 and chunk <> 0"), connection);
        command.Parameters.AddWithValue(tenant);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var longer = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct)) longer.Add(reader.GetString(0));
        return longer;
    }

    /// <summary>Whether there is much, and how many blocks the table has.</summary>
    private async Task<(bool Many, long Blocks)> SizeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        const string sql = """
            select (select count(*) from (select 1 from {schema}.customer_history where tenant_id = $1 limit $2) as first_rows),
                   pg_relation_size('{schema}.customer_history') / current_setting('block_size')::bigint
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(Few + 1);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0) > Few, reader.GetInt64(1));
    }

    private async Task CopyRangeAsync(string shared, (long From, long To) blocks, HashSet<string> longer, Action<Columns> take, CancellationToken ct)
    {
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        await using (var command = new NpgsqlCommand($"set transaction snapshot '{shared}'", connection)) await command.ExecuteNonQueryAsync(ct);
        await TenantRole.EnterAsync(connection, place, tenant, ct);
        await CopyAsync(connection, $"and ctid >= '({blocks.From},0)' and ctid < '({blocks.To},0)'", longer, take, ct);
    }

    private async Task CopyAsync(NpgsqlConnection connection, string range, HashSet<string> longer, Action<Columns> take, CancellationToken ct)
    {
        // COPY takes no parameters; tenant names are [a-z0-9-], and quoted all the same.
        var sql = $$"""
            copy (select customer_id, core from {schema}.customer_history
                  where tenant_id = '{{tenant.Replace("'", "''", StringComparison.Ordinal)}}' and chunk = 0 {{range}})
            to stdout (format binary)
            """;
        await using var copy = await BinaryCopy.OpenAsync(connection, place.Qualify(sql), ct);
        var columns = new Columns();
        while (await copy.MoreAsync(ct))
        {
            columns = AddRows(copy, columns, longer, take);
        }
        if (columns.Count > 0) take(columns.Trim());
    }

    /// <returns>What is not handed on yet.</returns>
    private static Columns AddRows(BinaryCopy copy, Columns columns, HashSet<string> longer, Action<Columns> take)
    {
        var fields = new ArraySegment<byte>[2];
        while (copy.TryRow(fields))
        {
            var customer = Encoding.UTF8.GetString(fields[0]);
            if (longer.Count > 0 && longer.Contains(customer)) continue;
            columns.Add(customer, fields[1]);
            if (columns.Count < PartSize) continue;
            take(columns.Trim());
            columns = new Columns();
        }
        return columns;
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }
}
