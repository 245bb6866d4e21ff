using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using Retention.Projections.Security;

namespace Retention.Projections.EventLog;

/// <summary>
/// One attempt at an append, in one short READ COMMITTED transaction. The order of its statements is what makes it right: the stream rows
/// are locked in one order by every writer; what is read under the locks is read by later statements, whose snapshots are newer; and no
/// number is drawn before it is certain that it will be used. The statements are prepared once a connection: planned for any number of
/// streams, they probe the indexes, and a large batch is not planned anew each time.
/// </summary>
internal sealed class AppendTransaction(Place place, string tenant, IReadOnlyList<NewEvent> events)
{
    /// <summary>
    /// Set for each transaction, so that no process that freezes in it holds the safe position for long, and none acknowledges what is not on
    /// disk. While events are copied neither time ends it; the owner of the projections does.
    /// </summary>
    private const string Limits = """
        select set_config('synchronous_commit', 'on', true), set_config('statement_timeout', '60s', true),
               set_config('idle_in_transaction_session_timeout', '6s', true)
        """;

    /// <summary>Taken by every append, and first, so that who wants the table alone waits before any row is locked.</summary>
    private const string Join = "lock table {schema}.mt_events in row exclusive mode";

    /// <summary>Waits for whoever is writing events, and keeps everybody else from writing any until the commit.</summary>
    private const string JoinAlone = "lock table {schema}.mt_events in share row exclusive mode";

    /// <summary>Who keeps everybody else out must be allowed to delete, which no append is: the right is lent for that one statement.</summary>
    private const string Become = "select set_config('role', $1, true)";

    private const string MakeStreams = """
        insert into {schema}.mt_streams (tenant_id, id, version, timestamp, created)
        select $1, id, 0, clock_timestamp(), clock_timestamp() from unnest($2) with ordinality as wanted (id, place) order by place
        on conflict (tenant_id, id) do nothing
        returning id
        """;

    private const string LockStreams = """
        select s.id, s.version, coalesce(s.is_archived, false)
        from unnest($2) with ordinality as wanted (id, place) join {schema}.mt_streams s on s.tenant_id = $1 and s.id = wanted.id
        order by wanted.place for update of s
        """;

    private const string DrawNumbers =
        "select array_agg(nextval('{schema}.mt_events_sequence')), clock_timestamp() from generate_series(1, $1)";

    private const string CopyEvents = """
        copy {schema}.mt_events
            (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)
        from stdin (format binary)
        """;

    private const string CopyTracedEvents = """
        copy {schema}.mt_events
            (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers, is_archived, correlation_id, causation_id)
        from stdin (format binary)
        """;

    private const string SetVersions = """
        update {schema}.mt_streams s set version = new.version, timestamp = $4
        from unnest($2, $3) as new (id, version) where s.tenant_id = $1 and s.id = new.id
        """;

    private const string RemoveEmpty = "delete from {schema}.mt_streams where tenant_id = $1 and id = any($2) and version = 0";

    private readonly string[] streams =
        [.. events.Select(next => next.Stream).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <param name="alone">
    /// Keeps all other writers out. Clients of the tables that insert events before they lock the stream's row, as Marten does, could
    /// otherwise close a circle with this append again and again.
    /// </param>
    /// <exception cref="VersionConflictException">An event expects another version of its stream.</exception>
    /// <exception cref="PostgresException">
    /// Among others unique_violation or deadlock_detected, when another writer stored one of the ids for another stream meanwhile.
    /// </exception>
    public async Task<IReadOnlyList<Appended>> RunAsync(AppendMode mode, bool alone, CancellationToken ct)
    {
        await using var connection = await place.For(Duty.Append).OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, ct);
        var found = await LockAndFindAsync(connection, alone, ct);
        var retractions = await new RetractedIds(place, tenant).LockAsync(connection, events, found.Known, ct);
        var plan = new AppendPlan(tenant, events, mode, found.Versions, new FoundIds(found.Known, retractions));
        if (plan.Fresh.Count == 0)
        {
            await transaction.RollbackAsync(ct);
            return plan.Results([]);
        }
        var (positions, at) = await DrawAsync(connection, plan.Fresh.Count, ct);
        await CopyAsync(connection, plan, positions, at, ct);
        await FinishStreamsAsync(connection, plan, found.Made.Except(plan.Versions.Keys), at, ct);
        await transaction.CommitAsync(ct);
        return plan.Results(positions);
    }

    private async Task<(List<string> Made, Dictionary<string, long> Versions, Dictionary<Guid, Known> Known)> LockAndFindAsync(
        NpgsqlConnection connection, bool alone, CancellationToken ct)
    {
        var ids = events.Select(next => next.Id).Distinct().ToArray();
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Statement(Limits) } };
        var lent = alone && place.Sessions.AreDivided;
        if (lent) batch.BatchCommands.Add(Statement(Become, Text(Duty.Administer.Role())));
        batch.BatchCommands.Add(Statement(alone ? JoinAlone : Join));
        if (lent) batch.BatchCommands.Add(Statement(Become, Text(Duty.Append.Role())));
        batch.BatchCommands.Add(Statement(MakeStreams, Text(tenant), Texts(streams)));
        batch.BatchCommands.Add(Statement(LockStreams, Text(tenant), Texts(streams)));
        batch.BatchCommands.Add(Statement(Known.Find, new NpgsqlParameter<Guid[]> { TypedValue = ids }));
        await batch.PrepareAsync(ct);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        for (var other = lent ? 3 : 1; other > 0; other--) await reader.NextResultAsync(ct);
        var made = new List<string>();
        while (await reader.ReadAsync(ct)) made.Add(reader.GetString(0));

        await reader.NextResultAsync(ct);
        var versions = new Dictionary<string, long>(streams.Length, StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
            if (!reader.GetBoolean(2)) versions.Add(reader.GetString(0), reader.GetInt64(1));

        await reader.NextResultAsync(ct);
        return (made, versions, await Known.ReadAsync(reader, ct));
    }

    private async Task<(long[] Positions, DateTime At)> DrawAsync(NpgsqlConnection connection, int count, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(place.Qualify(DrawNumbers), connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        await command.PrepareAsync(ct);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetFieldValue<long[]>(0), reader.GetFieldValue<DateTime>(1));
    }

    private async Task CopyAsync(NpgsqlConnection connection, AppendPlan plan, long[] positions, DateTime at, CancellationToken ct)
    {
        var traced = plan.Fresh.Any(fresh => events[fresh.Index].Span is not null);
        await using var rows = await connection.BeginBinaryImportAsync(place.Qualify(traced ? CopyTracedEvents : CopyEvents), ct);
        foreach (var (number, fresh) in plan.Fresh.Index())
        {
            var next = events[fresh.Index];
            await rows.StartRowAsync(ct);
            await rows.WriteAsync(positions[number], NpgsqlDbType.Bigint, ct);
            await rows.WriteAsync(fresh.Id, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(next.Stream, NpgsqlDbType.Varchar, ct);
            await rows.WriteAsync(fresh.Version, NpgsqlDbType.Bigint, ct);
            await rows.WriteAsync(next.Data, NpgsqlDbType.Jsonb, ct);
            await rows.WriteAsync(next.Type, NpgsqlDbType.Varchar, ct);
            await rows.WriteAsync(at, NpgsqlDbType.TimestampTz, ct);
            await rows.WriteAsync(tenant, NpgsqlDbType.Varchar, ct);
            await rows.WriteAsync(next.DotNetType, NpgsqlDbType.Varchar, ct);
            await rows.WriteAsync(next.Headers.ToJson(), NpgsqlDbType.Jsonb, ct);
            await rows.WriteAsync(false, NpgsqlDbType.Boolean, ct);
            if (traced) await WriteSpanAsync(rows, next.Span, ct);
        }
        await rows.CompleteAsync(ct);
    }

    /// <summary>As Marten fills these columns by default: the trace, and the span in it in the form of W3C Trace Context.</summary>
    private static async Task WriteSpanAsync(NpgsqlBinaryImporter rows, Activity? span, CancellationToken ct)
    {
        if (span?.Id is { } id)
        {
            await rows.WriteAsync(span.TraceId.ToHexString(), NpgsqlDbType.Varchar, ct);
            await rows.WriteAsync(id, NpgsqlDbType.Varchar, ct);
            return;
        }
        await rows.WriteNullAsync(ct);
        await rows.WriteNullAsync(ct);
    }

    private async Task FinishStreamsAsync(
        NpgsqlConnection connection, AppendPlan plan, IEnumerable<string> empty, DateTime at, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Statement(
                    SetVersions, Text(tenant), Texts([.. plan.Versions.Keys]),
                    new NpgsqlParameter<long[]> { TypedValue = [.. plan.Versions.Values] },
                    new NpgsqlParameter<DateTime> { TypedValue = at }),
            },
        };
        if (plan.Retracted is { Count: > 0 } retracted) batch.BatchCommands.Add(new RetractedIds(place, tenant).Set(retracted));
        if (empty.ToArray() is { Length: > 0 } left) batch.BatchCommands.Add(Statement(RemoveEmpty, Text(tenant), Texts(left)));
        await batch.PrepareAsync(ct);
        await batch.ExecuteNonQueryAsync(ct);
    }

    private NpgsqlBatchCommand Statement(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var statement = new NpgsqlBatchCommand(place.Qualify(sql));
        foreach (var parameter in parameters) statement.Parameters.Add(parameter);
        return statement;
    }

    private static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Varchar };

    private static NpgsqlParameter<string[]> Texts(string[] values) =>
        new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar };
}
