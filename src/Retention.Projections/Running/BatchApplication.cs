using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Running;

/// <summary>
/// Applies batches: adds new entries to the histories of their customers and <c>contribution(after) − contribution(before)</c> to the
/// cells, in one transaction with the progress.
/// </summary>
internal sealed class BatchApplication(Place place)
{
    /// <param name="from">
    /// The progress that the batch was read from. When it has moved, or a tenant was paused, joined again or deleted since, nothing is
    /// applied and the batch is read anew.
    /// </param>
    /// <param name="to">The progress after the batch.</param>
    public async Task ApplyAsync(ProgressRow from, long to, IReadOnlyList<TenantEvents> tenants, CancellationToken ct)
    {
        var (started, events) = (Stopwatch.GetTimestamp(), tenants.Sum(tenant => tenant.Arrivals.Count));
        using var span = tenants.Count > 0 ? Instruments.Spans.StartActivity("project batch", ActivityKind.Consumer) : null;
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        if (span is { IsAllDataRequested: true }) await new BatchLinks(place).AddAsync(span.SetTag(Instruments.Count, events), connection, (from, to), ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await DoNotFlushAsync(connection, ct);
        if (!await AdvanceAsync(connection, from, to, ct)) return;
        foreach (var tenant in tenants) await ApplyOrNameAsync(connection, tenant, ct);
        await transaction.CommitAsync(ct);
        if (tenants.Count == 0) return;
        Instruments.Batch.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        Instruments.Reflected.Add(events);
    }

    /// <summary>Makes the cells of tenants anew whose settings have changed their definition; until then, questions are folds.</summary>
    /// <returns>Whether there was such a tenant.</returns>
    public async Task<bool> RebuildStaleAsync(CancellationToken ct)
    {
        var stale = new List<string>();
        await using (var command = place.Command("select tenant_id from {schema}.reflections where stale order by tenant_id"))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct)) stale.Add(reader.GetString(0));
        }
        foreach (var tenant in stale) await RebuildAsync(tenant, ct);
        return stale.Count > 0;
    }

    private async Task RebuildAsync(string tenant, CancellationToken ct)
    {
        await using var connection = await place.DataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ProgressLock.TakeAsync(connection, place, ct);
        var reflection = await ReflectionAsync(connection, tenant, ct);
        var definition = reflection.Settings.ToDefinition();
        var cells = new MaintainedCells(definition);
        var joined = await JoinedCustomers.JoinedAsync(connection, place, (tenant, long.MaxValue), null, ct);
        var members = joined.SelectMany(customer => customer.Members).ToHashSet(StringComparer.Ordinal);
        foreach (var customer in joined) cells.Add(customer.History);
        await foreach (var (customer, history) in CustomerHistories.AllAsync(connection, place, tenant, details: false, ct))
            if (!members.Contains(customer)) cells.Add(history);

        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        foreach (var table in MaintainedCells.Tables)
            batch.BatchCommands.Add(new(place.Qualify($"delete from {"{schema}"}.{table} where tenant_id = $1")) { Parameters = { new() { Value = tenant } } });
        foreach (var command in cells.Write(place, tenant)) batch.BatchCommands.Add(command);
        batch.BatchCommands.Add(new(place.Qualify("update {schema}.reflections set maintained_by = $2, stale = false where tenant_id = $1"))
        {
            Parameters = { new() { Value = tenant }, new() { Value = MaintainedCells.KeyOf(definition) } },
        });
        await batch.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <exception cref="UnreadableEventException">What the tenant's events lead to cannot be represented; its first one is named.</exception>
    private async Task ApplyOrNameAsync(NpgsqlConnection connection, TenantEvents events, CancellationToken ct)
    {
        try
        {
            await ApplyAsync(connection, events, ct);
        }
        catch (Exception e) when (CauseOf(e) is OverflowException or ArgumentException or InvalidOperationException or PostgresException { IsTransient: false, SqlState: ['2', ..] })
        {
            throw new UnreadableEventException(events.First, $"it cannot be applied: {CauseOf(e).Message}", e);
        }
    }

    /// <summary>What went wrong in the first part of work that was shared among cores.</summary>
    private static Exception CauseOf(Exception e) => e is AggregateException { InnerExceptions: [var first, ..] } ? CauseOf(first) : e;

    private async Task ApplyAsync(NpgsqlConnection connection, TenantEvents events, CancellationToken ct)
    {
        var reflection = await ReflectionAsync(connection, events.Tenant, ct);
        var batch = await RecordBatch.LoadAsync(connection, place, events, ct);
        var difference = await batch.DifferenceAsync(connection, MaintainedCells.DefinitionOf(reflection.MaintainedBy), ct);
        await using var statements = new NpgsqlBatch(connection);
        foreach (var command in batch.Write()) statements.BatchCommands.Add(command);
        statements.BatchCommands.Add(HistoryChanges.Write(place, (events.Tenant, reflection.Position, events.Last.Position), batch.Changed));
        foreach (var command in difference.Write(place, events.Tenant)) statements.BatchCommands.Add(command);
        statements.BatchCommands.Add(Reflect(events, reflection));
        await statements.ExecuteNonQueryAsync(ct);
    }

    private NpgsqlBatchCommand Reflect(TenantEvents events, Reflection reflection)
    {
        const string sql = """
            insert into {schema}.reflections as r (tenant_id, position, recorded_at, latest_fact, settings, maintained_by, stale)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (tenant_id) do update
            set position = excluded.position, recorded_at = excluded.recorded_at, latest_fact = excluded.latest_fact,
                settings = excluded.settings, stale = excluded.stale
            """;
        var settings = events.Settings ?? reflection.Settings;
        var latest = events.Arrivals.Select(arrival => arrival.Entry).Where(entry => entry.Fact is not (Fact.Merge or Fact.Unmerge or Fact.Retraction))
            .Select(entry => entry.OccurredAt).Append(reflection.LatestFact).Max();
        return new NpgsqlBatchCommand(place.Qualify(sql))
        {
            Parameters =
            {
                new() { Value = events.Tenant }, new() { Value = events.Last.Position }, new() { Value = events.Last.RecordedAt.ToUniversalTime() },
                new() { Value = latest }, new() { Value = JsonSerializer.Serialize(settings, Settings.Json), NpgsqlDbType = NpgsqlDbType.Jsonb },
                new() { Value = reflection.MaintainedBy }, new() { Value = MaintainedCells.KeyOf(settings.ToDefinition()) != reflection.MaintainedBy },
            },
        };
    }

    /// <summary>
    /// A crash may take back the last commits, cells and progress together: the log, which is flushed, makes them again.
    /// </summary>
    private static async Task DoNotFlushAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("set local synchronous_commit = off", connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private Task<Reflection> ReflectionAsync(NpgsqlConnection connection, string tenant, CancellationToken ct) =>
        Reflection.ReadAsync(connection, place, tenant, ct);

    private async Task<bool> AdvanceAsync(NpgsqlConnection connection, ProgressRow from, long to, CancellationToken ct)
    {
        await ProgressLock.TakeAsync(connection, place, ct);
        await using var command = new NpgsqlCommand(
            place.Qualify("update {schema}.projection_progress set position = $4 where tenant_id = $1 and position = $2 and generation = $3"), connection);
        command.Parameters.AddWithValue(from.Tenant);
        command.Parameters.AddWithValue(from.Position);
        command.Parameters.AddWithValue(from.Generation);
        command.Parameters.AddWithValue(to);
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }
}

/// <summary>
/// Serialises everything that writes histories and read models of a place: batches, rebuilds, the deletion of a tenant.
/// </summary>
internal static class ProgressLock
{
    /// <exception cref="LeaseLostException">The place is written on behalf of an owner who was followed by another.</exception>
    public static async Task TakeAsync(NpgsqlConnection connection, Place place, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            place.Qualify("select epoch from {schema}.projection_progress where tenant_id = '*' for update"), connection);
        var epoch = (long)(await command.ExecuteScalarAsync(ct))!;
        if (place.Epoch is { } mine && mine != epoch) throw new LeaseLostException(mine, epoch);
    }
}
