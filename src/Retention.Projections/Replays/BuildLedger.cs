using Npgsql;
using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Projections.Replays;

/// <summary>How far a build is.</summary>
/// <param name="Parts">Into how many parts the customers are cut.</param>
/// <param name="Done">Parts that need not be folded again.</param>
/// <param name="Whole">Whether nothing is left to do.</param>
internal sealed record BuildStand(int Parts, IReadOnlySet<int> Done, bool Whole);

/// <summary>
/// Notes what of a build is done, in the transaction that does it, so that a build goes on where its process was killed. The notes are
/// unlogged tables like those where its cells wait: when the server crashes, both are gone, and the build begins anew.
/// </summary>
internal sealed class BuildLedger(Place copy)
{
    /// <returns>Null where nothing is noted, or what is does not fit to these inputs.</returns>
    public async Task<BuildStand?> FindAsync(string inputs, CancellationToken ct)
    {
        await using (var there = copy.Command("select to_regclass('{schema}.build') is not null"))
            if (!(bool)(await there.ExecuteScalarAsync(ct))!) return null;
        await using var command = copy.Command("select parts, whole, array(select part from {schema}.build_parts) from {schema}.build where inputs = $1");
        command.Parameters.AddWithValue(inputs);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        return new BuildStand(reader.GetInt32(0), reader.GetFieldValue<int[]>(2).ToHashSet(), reader.GetBoolean(1));
    }

    public async Task<BuildStand> BeginAsync(string inputs, int parts, CancellationToken ct)
    {
        await using var connection = await copy.DataSource.OpenConnectionAsync(ct);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var sql in (string[])
            [
                "create unlogged table {schema}.build_parts (part integer primary key)",
                "create unlogged table {schema}.build_facts (tenant_id varchar not null, latest_fact bigint not null)",
                "create unlogged table {schema}.build (inputs varchar not null, parts integer not null, whole boolean not null)",
            ])
            batch.BatchCommands.Add(new NpgsqlBatchCommand(copy.Qualify(sql)));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(copy.Qualify("insert into {schema}.build (inputs, parts, whole) values ($1, $2, false)"))
        {
            Parameters = { new() { Value = inputs }, new() { Value = parts } },
        });
        await batch.ExecuteNonQueryAsync(ct);
        return new BuildStand(parts, new HashSet<int>(), false);
    }

    /// <summary>Notes parts in the transaction of a connection, with the latest occurredAt of each tenant in them, in UTC ticks.</summary>
    public void Note(NpgsqlConnection connection, IReadOnlyCollection<int> parts, IReadOnlyDictionary<string, long> latestFacts)
    {
        using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(copy.Qualify("insert into {schema}.build_parts select unnest($1)")) { Parameters = { new() { Value = parts.ToArray() } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(copy.Qualify("insert into {schema}.build_facts select unnest($1), unnest($2)"))
        {
            Parameters =
            {
                new() { Value = latestFacts.Keys.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar },
                new() { Value = latestFacts.Values.ToArray() },
            },
        });
        batch.ExecuteNonQuery();
    }

    /// <summary>The latest occurredAt of tenants in all parts, in UTC ticks.</summary>
    public async Task<Dictionary<string, long>> LatestFactsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(copy.Qualify("select tenant_id, max(latest_fact) from {schema}.build_facts group by tenant_id"), connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var latest = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct)) latest.Add(reader.GetString(0), reader.GetInt64(1));
        return latest;
    }

    /// <summary>Notes, in the transaction of a connection, that nothing is left to do.</summary>
    public async Task CloseAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(copy.Qualify("update {schema}.build set whole = true"), connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
