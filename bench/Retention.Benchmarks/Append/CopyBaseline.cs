using System.Text.Json;
using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Benchmarks.Append;

/// <summary>What the append is compared with: one binary COPY of the same rows, without any check of ours.</summary>
internal static class CopyBaseline
{
    /// <summary>A copy of <c>mt_events</c> by that name, without indexes and foreign key.</summary>
    public const string Bare = "bench_bare";

    /// <summary>The same with the three unique indexes.</summary>
    public const string Indexed = "bench_indexed";

    public const string WithForeignKey = "mt_events";

    public static async Task PrepareAsync(Place place, CancellationToken ct)
    {
        await using var command = place.Command("""
            drop table if exists {schema}.bench_bare, {schema}.bench_indexed;
            create table {schema}.bench_bare (like {schema}.mt_events including defaults);
            create table {schema}.bench_indexed (like {schema}.mt_events including defaults including indexes);
            """);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The stream rows that the foreign key asks for; not part of what is measured.</summary>
    public static async Task MakeStreamsAsync(Place place, IEnumerable<NewEvent> events, CancellationToken ct)
    {
        await using var command = place.Command("""
            insert into {schema}.mt_streams (tenant_id, id, version)
            select $1, id, count(*) from unnest($2) as id group by id
            """);
        command.Parameters.AddWithValue(Samples.Tenant);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Varchar, events.Select(next => next.Stream).ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }

    public static async Task CopyAsync(Place place, string table, IReadOnlyList<NewEvent> events, CancellationToken ct)
    {
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        await using var rows = await connection.BeginBinaryImportAsync(place.Qualify($$"""
            copy {schema}.{{table}}
                (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)
            from stdin (format binary)
            """), ct);
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        var at = TimeProvider.System.GetUtcNow().UtcDateTime;
        foreach (var (index, next) in events.Index())
        {
            var version = versions[next.Stream] = versions.GetValueOrDefault(next.Stream) + 1;
            await rows.StartRowAsync(ct);
            await rows.WriteAsync(index + 1L, NpgsqlDbType.Bigint, ct);
            await rows.WriteAsync(next.Id, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(next.Stream, NpgsqlDbType.Varchar, ct);
            await rows.WriteAsync(version, NpgsqlDbType.Bigint, ct);
            await rows.WriteAsync(next.Data, NpgsqlDbType.Jsonb, ct);
            await rows.WriteAsync(next.Type, NpgsqlDbType.Varchar, ct);
            await rows.WriteAsync(at, NpgsqlDbType.TimestampTz, ct);
            await rows.WriteAsync(Samples.Tenant, NpgsqlDbType.Varchar, ct);
            await rows.WriteAsync(next.DotNetType, NpgsqlDbType.Varchar, ct);
            await rows.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(next.Headers, JsonSerializerOptions.Web), NpgsqlDbType.Jsonb, ct);
            await rows.WriteAsync(false, NpgsqlDbType.Boolean, ct);
        }
        await rows.CompleteAsync(ct);
    }
}
