using Npgsql;
using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Projections.ReadModels;

/// <summary>Which customers' histories the latest batches of a tenant have changed, for whoever holds histories in memory.</summary>
internal static class HistoryChanges
{
    /// <summary>Notes the customers of a batch.</summary>
    /// <param name="batch">The tenant, and its position before and after the batch.</param>
    public static NpgsqlBatchCommand Write(Place place, (string Tenant, long After, long Position) batch, string[] customers)
    {
        // Notes of long ago are of no use: whoever is that far behind reads everything anew.
        const string sql = """
            with old as (delete from {schema}.history_changes where tenant_id = $1 and position <= $3 - 1000000)
            insert into {schema}.history_changes (tenant_id, position, after, customers) values ($1, $2, $3, $4)
            """;
        return new NpgsqlBatchCommand(place.Qualify(sql))
        {
            Parameters =
            {
                new() { Value = batch.Tenant }, new() { Value = batch.Position }, new() { Value = batch.After },
                new() { Value = customers, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar },
            },
        };
    }

    /// <summary>Customers whose histories have changed after a position; null where the notes do not reach back that far.</summary>
    public static async Task<HashSet<string>?> SinceAsync(Snapshot snapshot, long position, CancellationToken ct)
    {
        const string sql = "select after, customers from {schema}.history_changes where tenant_id = $1 and position > $2 order by position";
        var changed = new HashSet<string>(StringComparer.Ordinal);
        var reached = position;
        await foreach (var row in snapshot.RowsAsync(sql, [position], ct))
        {
            if (row.GetInt64(0) > reached) return null;
            changed.UnionWith(row.GetFieldValue<string[]>(1));
            reached = long.MaxValue;
        }
        return reached == long.MaxValue || snapshot.Latest.Position == position ? changed : null;
    }
}
