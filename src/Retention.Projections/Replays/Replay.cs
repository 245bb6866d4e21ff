using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Projections.Replays;

/// <summary>What a replay was asked for.</summary>
/// <param name="Until">The position or time as asked; null for everything known at the start.</param>
/// <param name="Settings">Settings that differ from the tenant's own, by name; null for none.</param>
public sealed record ReplayAsked(JsonElement? Until = null, JsonElement? Settings = null);

/// <summary>A set of read models made from the log beside the live ones, or the making of it.</summary>
/// <param name="Tenant">Whose it is; <see cref="Running.Progress.Everyone"/> for the rebuild.</param>
/// <param name="Number">Of this one alone, also among those that had the name before.</param>
/// <param name="Status">See <see cref="ReplayStatus"/>.</param>
/// <param name="UpTo">The last position that counts.</param>
/// <param name="Progress">How far the work is, and what it found.</param>
/// <param name="Error">Why it failed; null where it did not.</param>
public sealed record Replay(
    string Tenant, string Name, long Number, string Status, long UpTo, ReplayAsked Asked, ReplayReport Progress, string? Error,
    DateTimeOffset CreatedAt, DateTimeOffset ChangedAt);

/// <summary>How far a replay is, as it was last written down.</summary>
/// <param name="Events">Events to read, about.</param>
/// <param name="Read">Events read.</param>
/// <param name="Folded">Events whose customers are folded.</param>
/// <param name="EventsPerSecond">Read since the start.</param>
/// <param name="SecondsLeft">About how long reading and folding still take; null where nothing tells.</param>
public sealed record ReplayReport(string Phase, long Events, long Read, long Folded, double EventsPerSecond, double? SecondsLeft)
{
    /// <summary>Cells of the sample that were compared with the live ones before the switch; null before that.</summary>
    public Comparison? Compared { get; init; }
}

/// <summary>A sample of the cells made anew beside the live ones of the same position.</summary>
/// <param name="Cells">Compared.</param>
/// <param name="Differences">Cells that are not equal, or only on one side.</param>
/// <param name="Examples">Some of them.</param>
public sealed record Comparison(long Cells, long Differences, IReadOnlyList<string> Examples);

/// <summary>What has become of a replay.</summary>
public static class ReplayStatus
{
    /// <summary>It is being made, or was when its process ended: the next one that starts makes it again.</summary>
    public const string Building = "building";

    /// <summary>It can be asked.</summary>
    public const string Ready = "ready";

    /// <summary>It could not be made; its tables are gone.</summary>
    public const string Failed = "failed";

    public const string Cancelled = "cancelled";

    /// <summary>Of the rebuild: it is live, and what was live before waits for a word.</summary>
    public const string Switched = "switched";

    /// <summary>Of the rebuild: it is live, and what was live before is gone.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>Of the rebuild: what was live before is live again.</summary>
    public const string Reverted = "reverted";
}

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
