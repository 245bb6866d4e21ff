using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// The table <c>imports</c> of one schema. A running import holds a <see cref="Entry"/> and with it a lock on one connection, so that its
/// end is known at once, even where its process was killed.
/// </summary>
public sealed class ImportTable(NpgsqlDataSource database, string schema)
{
    /// <summary>The most imports of a list.</summary>
    public const int MostListed = 50;

    /// <summary>Enters a running import, or takes over one that was interrupted. Disposing of the entry says that nobody runs it any more.</summary>
    public async Task<Entry> EnterAsync(string tenant, Import import)
    {
        var entry = new Entry(await database.OpenConnectionAsync(), schema, tenant, LockOf(import.Id));
        try
        {
            await entry.EnterAsync(import);
            return entry;
        }
        catch
        {
            await entry.DisposeAsync();
            throw;
        }
    }

    /// <summary>The tenant's import, or null. One that should run but holds no lock reads as <c>interrupted</c>.</summary>
    public async Task<Import?> FindAsync(string tenant, Guid id, CancellationToken cancellation)
    {
        // The lock is asked before the row is read: a run writes its end before it lets go, so a free lock and an unfinished row
        // are a dead run.
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select pg_try_advisory_xact_lock_shared(hashtextextended($1, 0))")
        {
            Parameters = { new() { Value = LockOf(id) } },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"""
            select mapping, dry_run, status, started_at, finished_at, progress, report, error, stored
            from {schema}.imports where tenant_id = $1 and id = $2
            """)
        {
            Parameters = { new() { Value = tenant }, new() { Value = id } },
        });
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var free = reader.GetBoolean(0);
        await reader.NextResultAsync(cancellation);
        if (!await reader.ReadAsync(cancellation)) return null;
        var import = new Import(
            id, reader.GetString(0), reader.GetBoolean(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3),
            reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4), Read<ImportProgress>(reader, 5)!,
            Read<ImportReport>(reader, 6), Read<ImportError>(reader, 7))
        {
            Stored = reader.IsDBNull(8) ? null : new StoredPositions(reader.GetFieldValue<NpgsqlRange<long>[]>(8)),
        };
        return free && import.IsRunning ? import with { Status = "interrupted" } : import;
    }

    /// <summary>The tenant's latest imports, the last one first, without their reports.</summary>
    public async Task<IReadOnlyList<Import>> LatestAsync(string tenant, CancellationToken cancellation)
    {
        var ids = new List<Guid>();
        await using (var command = database.CreateCommand($"select id from {schema}.imports where tenant_id = $1 order by started_at desc, id desc limit {MostListed}"))
        {
            command.Parameters.AddWithValue(tenant);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation)) ids.Add(reader.GetGuid(0));
        }
        var imports = new List<Import>();
        foreach (var id in ids)
            if (await FindAsync(tenant, id, cancellation) is { } import) imports.Add(import with { Report = null });
        return imports;
    }

    private string LockOf(Guid id) => $"{schema}.imports {id}";

    private static T? Read<T>(NpgsqlDataReader reader, int column) where T : class =>
        reader.IsDBNull(column) ? null : JsonSerializer.Deserialize<T>(reader.GetString(column), ImportReport.Json);

    /// <summary>The row of a running import, and its lock.</summary>
    public sealed class Entry(NpgsqlConnection connection, string schema, string tenant, string lockName) : IAsyncDisposable
    {
        internal async Task EnterAsync(Import import)
        {
            await using var take = new NpgsqlCommand("select pg_advisory_lock(hashtextextended($1, 0))", connection)
            {
                Parameters = { new() { Value = lockName } },
            };
            await take.ExecuteNonQueryAsync();
            await using var insert = new NpgsqlCommand($"""
                insert into {schema}.imports (tenant_id, id, mapping, dry_run, status, started_at, progress)
                values ($1, $2, $3, $4, $5, $6, $7)
                on conflict (tenant_id, id) do nothing
                """, connection)
            {
                Parameters =
                {
                    new() { Value = tenant }, new() { Value = import.Id }, new() { Value = import.Mapping }, new() { Value = import.DryRun },
                    new() { Value = import.Status }, new() { Value = import.StartedAt }, Json(import.Progress),
                },
            };
            await insert.ExecuteNonQueryAsync();
        }

        /// <summary>Writes down how far the import has come, or its end.</summary>
        public async Task WriteAsync(Import import)
        {
            await using var update = new NpgsqlCommand($"""
                update {schema}.imports set status = $3, finished_at = $4, progress = $5, report = $6, error = $7, stored = coalesce($8, stored)
                where tenant_id = $1 and id = $2
                """, connection)
            {
                Parameters =
                {
                    new() { Value = tenant }, new() { Value = import.Id }, new() { Value = import.Status },
                    new() { Value = (object?)import.FinishedAt ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                    Json(import.Progress), Json(import.Report), Json(import.Error),
                    new() { Value = (object?)import.Stored?.ToRanges() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.BigIntMultirange },
                },
            };
            await update.ExecuteNonQueryAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await using (connection)
            {
                if (connection.State != System.Data.ConnectionState.Open) return;
                await using var release = new NpgsqlCommand("select pg_advisory_unlock_all()", connection);
                await release.ExecuteNonQueryAsync();
            }
        }

        private static NpgsqlParameter Json<T>(T? value) => new()
        {
            Value = value is null ? DBNull.Value : JsonSerializer.Serialize(value, ImportReport.Json),
            NpgsqlDbType = NpgsqlDbType.Jsonb,
        };
    }
}
