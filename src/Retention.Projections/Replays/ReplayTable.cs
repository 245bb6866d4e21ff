using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Projections.Replays;

/// <summary>The rows of replays.</summary>
internal sealed class ReplayTable(Place place)
{
    private const string Columns = "tenant_id, name, number, status, up_to, asked::text, progress::text, error, created_at, changed_at";

    public async Task<IReadOnlyList<Replay>> AllAsync(string? tenant, CancellationToken ct)
    {
        await using var command = place.Command($"select {Columns} from {"{schema}"}.replays where $1 is null or tenant_id = $1 order by tenant_id, name");
        command.Parameters.Add(new() { Value = (object?)tenant ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var replays = new List<Replay>();
        while (await reader.ReadAsync(ct))
            replays.Add(new Replay(
                reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3), reader.GetInt64(4),
                JsonSerializer.Deserialize<ReplayAsked>(reader.GetString(5), JsonSerializerOptions.Web)!,
                JsonSerializer.Deserialize<ReplayReport>(reader.GetString(6), JsonSerializerOptions.Web)!,
                reader.IsDBNull(7) ? null : reader.GetString(7), reader.GetFieldValue<DateTimeOffset>(8), reader.GetFieldValue<DateTimeOffset>(9)));
        return replays;
    }

    public async Task<Replay?> FindAsync(string tenant, string name, CancellationToken ct) => (await AllAsync(tenant, ct)).FirstOrDefault(replay => replay.Name == name);

    public async Task<bool> IsBuildingAsync(Replay replay, CancellationToken ct)
    {
        await using var command = place.Command("select exists (select from {schema}.replays where number = $1 and status = 'building')");
        command.Parameters.AddWithValue(replay.Number);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <param name="over">Statuses of one of the same name that gives way.</param>
    /// <returns>Whether it is new; false where one of the name is there.</returns>
    public async Task<bool> AddAsync((string Tenant, string Name) key, long upTo, ReplayAsked asked, string[] over, CancellationToken ct)
    {
        const string sql = """
            with gone as (delete from {schema}.replays where tenant_id = $1 and name = $2 and status = any($5))
            select 1;
            insert into {schema}.replays (tenant_id, name, status, up_to, asked, created_at, changed_at)
            values ($1, $2, 'building', $3, $4, clock_timestamp(), clock_timestamp())
            on conflict (tenant_id, name) do nothing
            """;
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in place.Qualify(sql).Split(";\n"))
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(statement)
            {
                Parameters =
                {
                    new() { Value = key.Tenant }, new() { Value = key.Name }, new() { Value = upTo },
                    new() { Value = JsonSerializer.Serialize(asked, JsonSerializerOptions.Web), NpgsqlDbType = NpgsqlDbType.Jsonb }, new() { Value = over },
                },
            });
        }
        await batch.ExecuteNonQueryAsync(ct);
        return batch.BatchCommands[^1].RecordsAffected == 1;
    }

    /// <summary>Moves a replay on, unless somebody else has moved it.</summary>
    /// <param name="connection">Of a transaction that this belongs to; null for one of its own.</param>
    /// <returns>Whether it was as expected.</returns>
    public async Task<bool> SetAsync(
        NpgsqlConnection? connection, Replay replay, (string From, string To) status, ReplayReport? report, string? error, CancellationToken ct)
    {
        const string sql = """
            update {schema}.replays set status = $3, progress = coalesce($4, progress), error = $5, changed_at = clock_timestamp()
            where number = $1 and status = $2
            """;
        await using var command = connection is null ? place.Command(sql) : new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(replay.Number);
        command.Parameters.AddWithValue(status.From);
        command.Parameters.AddWithValue(status.To);
        command.Parameters.Add(new()
        {
            Value = report is null ? DBNull.Value : JsonSerializer.Serialize(report, JsonSerializerOptions.Web),
            NpgsqlDbType = NpgsqlDbType.Jsonb,
        });
        command.Parameters.Add(new() { Value = (object?)error ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar });
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    public async Task<bool> DeleteAsync(Replay replay, CancellationToken ct)
    {
        await using var command = place.Command("delete from {schema}.replays where number = $1");
        command.Parameters.AddWithValue(replay.Number);
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }
}
