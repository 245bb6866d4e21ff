using Npgsql;
using NpgsqlTypes;
using Retention.Projections.EventLog;

namespace Retention.Projections.Tests;

/// <param name="Headers">JSON, or null for none.</param>
internal sealed record ForeignEvent(string Type, string Data, string? Headers = null, Guid? Id = null, string? DotNetType = "Some.Type, Elsewhere");

/// <summary>
/// A Marten process beside us, as far as the tables can tell: the statements of its quick append, in their order. It reads the stream's
/// version without a lock, writes the events, and sets the version that it counted itself.
/// </summary>
internal sealed class ForeignClient(Place place, string tenant)
{
    /// <exception cref="PostgresException">unique_violation, when another writer was faster, as in Marten itself.</exception>
    public async Task AppendAsync(string stream, params ForeignEvent[] events)
    {
        await using var connection = await place.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await AppendAsync(connection, stream, events);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
    }

    public async Task AppendAsync(NpgsqlConnection connection, string stream, params ForeignEvent[] events)
    {
        var version = await ScalarAsync(
            connection, "select version from {schema}.mt_streams where tenant_id = $1 and id = $2", tenant, stream) as long?;
        if (version is null)
            await ScalarAsync(
                connection, "insert into {schema}.mt_streams (tenant_id, id, type, version, timestamp) values ($1, $2, null, 0, now())", tenant, stream);
        foreach (var next in events)
        {
            version = (version ?? 0) + 1;
            await InsertAsync(connection, stream, version.Value, next);
        }
        await ScalarAsync(
            connection, "update {schema}.mt_streams set version = $3, timestamp = now() where tenant_id = $1 and id = $2", tenant, stream, version!);
    }

    /// <summary>What Marten leaves for a transaction of its own that failed after it had drawn numbers.</summary>
    public Task LeaveTombstoneAsync() => AppendAsync(
        "mt_tombstone", new ForeignEvent("tombstone", "{}", DotNetType: "Marten.Events.Operations.Tombstone, Marten"));

    private async Task InsertAsync(NpgsqlConnection connection, string stream, long version, ForeignEvent next)
    {
        const string sql = """
            insert into {schema}.mt_events
                (seq_id, id, stream_id, version, data, bdata, type, tenant_id, timestamp, mt_dotnet_type, is_archived, causation_id, correlation_id, headers)
            values (nextval('{schema}.mt_events_sequence'), $1, $2, $3, $4, null, $5, $6, now(), $7, false, null, null, $8)
            """;
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        command.Parameters.AddWithValue(next.Id ?? Guid.NewGuid());
        command.Parameters.AddWithValue(stream);
        command.Parameters.AddWithValue(version);
        command.Parameters.AddWithValue(NpgsqlDbType.Jsonb, next.Data);
        command.Parameters.AddWithValue(next.Type);
        command.Parameters.AddWithValue(tenant);
        command.Parameters.AddWithValue(NpgsqlDbType.Varchar, (object?)next.DotNetType ?? DBNull.Value);
        command.Parameters.AddWithValue(NpgsqlDbType.Jsonb, (object?)next.Headers ?? DBNull.Value);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(place.Qualify(sql), connection);
        foreach (var value in values) command.Parameters.AddWithValue(value);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
