using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;

namespace Retention.Projections.Replays;

/// <summary>
/// Puts another set of histories and read models in place of the live one, in one transaction and at one position: whoever asks finds the
/// one or the other, and whoever has begun goes on with the one that was found.
/// </summary>
/// <param name="tenant">The one tenant whose rows are exchanged; null for whole tables.</param>
internal sealed class Switching(Place live, ModelTables tables, string? tenant)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(250);

    private readonly Progress liveProgress = new(live, TimeProvider.System);
    private readonly Progress copyProgress = new(tables.Copy, TimeProvider.System);

    // The second set follows the same log; where it is safe to read says the progress of the live one.
    private readonly Projector projector = new(
        tables.Copy, new EventLog.EventLog(tables.Copy), new SafePosition(tables.Copy), new Progress(tables.Copy, TimeProvider.System), NullLogger<Projector>.Instance);

    /// <summary>Brings the second set up to the live one, while that goes on.</summary>
    public async Task CatchUpAsync(CancellationToken ct)
    {
        while (await copyProgress.SharedAsync(ct) < await liveProgress.SharedAsync(ct)) await ReflectAsync(ct);
    }

    /// <summary>Catches up for good, while nobody writes, and exchanges the sets. Where readers take long, it lets others through and tries again.</summary>
    /// <param name="settle">Says, within the transaction, whether the exchange is still wanted.</param>
    /// <param name="compared">Gets what a sample of both sets says.</param>
    /// <returns>Whether it was.</returns>
    public async Task<bool> SwitchAsync(Func<NpgsqlConnection, Task<bool>> settle, Action<Comparison>? compared, CancellationToken ct)
    {
        while (true)
        {
            await CatchUpAsync(ct);
            try
            {
                return await TrySwitchAsync(settle, compared, ct);
            }
            catch (PostgresException busy) when (busy.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                await Task.Delay(BetweenTries, ct);
            }
        }
    }

    private async Task<bool> TrySwitchAsync(Func<NpgsqlConnection, Task<bool>> settle, Action<Comparison>? compared, CancellationToken ct)
    {
        await using var connection = await live.DataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ProgressLock.TakeAsync(connection, live, ct);
        await CatchUpAsync(ct);
        while (await ReflectAsync(ct))
        {
        }
        if (compared is not null) compared(await CompareAsync(connection, ct));
        if (!await settle(connection)) return false;
        if (tenant is null) await tables.SwitchAsync(connection, Patience, ct);
        else await tables.SwitchAsync(connection, tenant, ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    private async Task<bool> ReflectAsync(CancellationToken ct) => await projector.ReflectAsync(await liveProgress.SharedAsync(ct), ct);

    /// <summary>
    /// Compares the cells whose keys fall into a sample, of tenants whose cells are by the same definition on both sides. Cells at zero count
    /// as absent.
    /// </summary>
    private async Task<Comparison> CompareAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var (cells, differences, examples) = (0L, 0L, new List<string>());
        foreach (var table in MaintainedCells.Tables)
        {
            var sql = await StatementAsync(connection, table, ct);
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await using var reader = await command.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            cells += reader.GetInt64(0);
            differences += reader.GetInt64(1);
            if (!reader.IsDBNull(2)) examples.AddRange(reader.GetFieldValue<string[]>(2));
        }
        return new Comparison(cells, differences, [.. examples.Take(10)]);
    }

    private async Task<string> StatementAsync(NpgsqlConnection connection, string table, CancellationToken ct)
    {
        // Counts are the columns of 64 bits; everything else is the key.
        const string columns = """
            select string_agg(attname, ', ') filter (where atttypid <> 'bigint'::regtype), string_agg(attname || ' <> 0', ' or ') filter (where atttypid = 'bigint'::regtype)
            from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped
            """;
        await using var command = new NpgsqlCommand(columns, connection);
        command.Parameters.AddWithValue($"{live.Schema}.{table}");
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var (keys, counts) = (reader.GetString(0), reader.GetString(1));
        var of = (string schema) => $"""
            select cell::text as cell from {schema}.{table} cell
            where (hashtext(concat_ws('|', {keys})) & 15) = 0 and ({counts}) and tenant_id in (select tenant_id from tenants)
            """;
        return $"""
            with tenants as (
                select tenant_id from {live.Schema}.reflections l join {tables.Copy.Schema}.reflections c using (tenant_id)
                where l.maintained_by = c.maintained_by and not l.stale and not c.stale),
            live as materialized ({of(live.Schema)}), made as materialized ({of(tables.Copy.Schema)}),
            different as ((select 'live {table} ' || cell as cell from (select * from live except all select * from made) gone)
                union all (select 'made {table} ' || cell from (select * from made except all select * from live) come))
            select (select count(*) from made), (select count(*) from different), (select array_agg(cell) from (select cell from different limit 5) first_ones)
            """;
    }
}
