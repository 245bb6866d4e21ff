using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;
using Retention.Projections.Running;

namespace Retention.Projections.Replays;

/// <summary>
/// Makes histories and read models from the log into tables of their own: one reading that sorts the entries of customers into parts, then
/// one fold for each customer. The result is what batches would have come to.
/// </summary>
/// <param name="live">The place whose log is read.</param>
public sealed class ModelBuild(Place live, ModelTables tables, ReplayPlan plan, ReplayProgress progress)
{
    private readonly Place copy = tables.Copy;

    /// <summary>Makes the tables and fills them.</summary>
    /// <exception cref="IOException">No room for what is spilled.</exception>
    /// <exception cref="PostgresException">Among others disk_full.</exception>
    /// <exception cref="InvalidDataException">What a customer contributes cannot be counted.</exception>
    public async Task RunAsync(long seenUpTo, CancellationToken ct)
    {
        progress.Phase = "reading";
        await tables.CreateAsync(plan.Tenant, seenUpTo, ct);
        using var read = await new LogReading(live, plan, progress).ReadAsync(await StopsAsync(ct), ct);

        await using var connection = await live.DataSource.OpenConnectionAsync(ct);
        var knownUntil = await RetractAsync(connection, read.Tenants, ct);
        var tenants = read.Tenants.Select(notes => Folded(notes, knownUntil)).ToList();
        progress.Phase = "folding";
        await FoldAsync(connection, read, tenants, knownUntil, ct);
        foreach (var tenant in tenants) await WriteLinksAsync(connection, tenant.Notes, ct);
        progress.Phase = "indexing";
        await ReflectAsync(connection, tenants, ct);
        await tables.FinishAsync(ct);
        foreach (var tenant in tenants.Where(tenant => tenant.Joined.Count > 0)) await JoinAsync(connection, tenant, ct);
    }

    /// <summary>Reads and parses the log as a build does, and keeps nothing: what a build is measured by.</summary>
    public static Task ReadOnlyAsync(Place place, ReplayPlan plan, CancellationToken ct) => new LogReading(place, plan, new ReplayProgress()).PassAsync(ct);

    /// <summary>The events at which tenants are paused: some can be read, and cannot be applied.</summary>
    private async Task<Dictionary<string, Stop>> StopsAsync(CancellationToken ct)
    {
        var rows = await new Progress(live, TimeProvider.System).RowsAsync(ct);
        return rows.Where(row => row.PausedAt is not null)
            .ToDictionary(row => row.Tenant, row => new Stop(row.PausedAt!.Value, row.PausedEvent!.Value, row.PausedReason!), StringComparer.Ordinal);
    }

    private async Task<Dictionary<long, long>> RetractAsync(NpgsqlConnection connection, IReadOnlyList<TenantNotes> tenants, CancellationToken ct)
    {
        var knownUntil = new Dictionary<long, long>();
        var skipped = await SkippedEvents.AllAsync(connection, live, ct);
        foreach (var tenant in tenants.Where(tenant => tenant.Retractions.Count > 0))
        {
            var play = new RetractionPlay(live, tenant, skipped);
            await play.PlayAsync(connection, plan.UpTo, knownUntil, ct);
            await using var rows = await connection.BeginBinaryImportAsync(
                copy.Qualify("copy {schema}.retractions (tenant_id, event_id, retractions, waiting) from stdin (format binary)"), ct);
            foreach (var (id, times, waiting) in play.Counts) await rows.WriteRowAsync(ct, tenant.Tenant, id, times, waiting);
            await rows.CompleteAsync(ct);
        }
        return knownUntil;
    }

    private FoldedTenant Folded(TenantNotes notes, Dictionary<long, long> knownUntil)
    {
        for (var i = 0; i < notes.Links.Count; i++)
            if (knownUntil.TryGetValue(notes.Links[i].KnownFrom, out var until)) notes.Links[i] = notes.Links[i] with { KnownUntil = until };
        var joined = notes.Links.SelectMany(link => (string[])[link.Customer, link.Into]).ToHashSet(StringComparer.Ordinal);
        return new FoldedTenant(notes, plan.SettingsOf(notes.Settings), joined);
    }

    private async Task FoldAsync(
        NpgsqlConnection connection, ReadLog read, IReadOnlyList<FoldedTenant> tenants, Dictionary<long, long> knownUntil, CancellationToken ct)
    {
        var stage = new CellStage(copy);
        await stage.CreateAsync(connection, ct);
        var parts = new ConcurrentQueue<int>(Enumerable.Range(0, read.Parts));
        var folds = await Task.WhenAll(Enumerable.Range(0, plan.Workers).Select(_ => Task.Factory.StartNew(
            () => Work(read, parts, new PartFold(plan, tenants, copy, stage), knownUntil, ct), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        progress.Phase = "adding up";
        WriteCells(connection, tenants, stage, folds);
        await stage.SumAsync(connection, ct);
    }

    private PartFold Work(ReadLog read, ConcurrentQueue<int> parts, PartFold fold, Dictionary<long, long> knownUntil, CancellationToken ct)
    {
        using (fold)
        {
            while (parts.TryDequeue(out var part))
            {
                ct.ThrowIfCancellationRequested();
                progress.AddFolded(fold.Fold(read.Take(part), knownUntil));
            }
        }
        return fold;
    }

    /// <summary>What all workers hold is put together in memory, unless some of it has been written before.</summary>
    private void WriteCells(NpgsqlConnection connection, IReadOnlyList<FoldedTenant> tenants, CellStage stage, IReadOnlyList<PartFold> folds)
    {
        foreach (var own in folds.SelectMany(fold => fold.Cells).GroupBy(cells => cells.Key, cells => cells.Value))
        {
            var tenant = tenants[own.Key].Notes.Tenant;
            if (stage.Used)
            {
                foreach (var cells in own) stage.Write(connection, tenant, cells);
                continue;
            }
            var sum = own.First();
            foreach (var cells in own.Skip(1)) sum.Add(cells);
            sum.Copy(connection, table => $"{copy.Schema}.{table}", tenant);
        }
    }

    private async Task WriteLinksAsync(NpgsqlConnection connection, TenantNotes tenant, CancellationToken ct)
    {
        if (tenant.Links.Count == 0) return;
        await using var rows = await connection.BeginBinaryImportAsync(copy.Qualify("""
            copy {schema}.customer_links (tenant_id, customer_id, into_id, merged, position, known_until, occurred_at, source, event_id) from stdin (format binary)
            """), ct);
        foreach (var link in tenant.Links)
            await rows.WriteRowAsync(
                ct, tenant.Tenant, link.Customer, link.Into, link.Merged, link.KnownFrom, link.KnownUntil, link.OccurredAt, link.Source, link.Id);
        await rows.CompleteAsync(ct);
    }

    /// <summary>Says what is reflected, and how far: a tenant that stops has a row of progress of its own.</summary>
    private async Task ReflectAsync(NpgsqlConnection connection, IReadOnlyList<FoldedTenant> tenants, CancellationToken ct)
    {
        const string reflect = """
            insert into {schema}.reflections (tenant_id, position, recorded_at, latest_fact, settings, maintained_by, stale) values ($1, $2, $3, $4, $5, $6, false)
            """;
        const string advance = """
            insert into {schema}.projection_progress (tenant_id, position, paused_at, paused_event, paused_reason) values ($1, $2, $3, $4, $5)
            """;
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        batch.BatchCommands.Add(Advance(Progress.Everyone, plan.UpTo, null));
        foreach (var tenant in tenants)
        {
            if (tenant.Notes.StoppedAt is { } stop && stop.Position <= plan.UpTo) batch.BatchCommands.Add(Advance(tenant.Notes.Tenant, stop.Position - 1, stop));
            if (tenant.Notes.Last.Position == 0) continue;
            batch.BatchCommands.Add(new NpgsqlBatchCommand(copy.Qualify(reflect))
            {
                Parameters =
                {
                    new() { Value = tenant.Notes.Tenant }, new() { Value = tenant.Notes.Last.Position },
                    new() { Value = tenant.Notes.Last.RecordedAt.ToUniversalTime() }, new() { Value = tenant.LatestFact },
                    new() { Value = JsonSerializer.Serialize(tenant.Settings, Settings.Json), NpgsqlDbType = NpgsqlDbType.Jsonb },
                    new() { Value = MaintainedCells.KeyOf(tenant.Definition) },
                },
            });
        }
        await batch.ExecuteNonQueryAsync(ct);

        NpgsqlBatchCommand Advance(string tenant, long position, Stop? stop) => new(copy.Qualify(advance))
        {
            Parameters =
            {
                new() { Value = tenant }, new() { Value = position },
                new() { Value = (object?)stop?.Position ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint },
                new() { Value = (object?)stop?.Event ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                new() { Value = (object?)stop?.Reason ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Varchar },
            },
        };
    }

    /// <summary>Adds what customers contribute who were ever said to be somebody else, or not to be.</summary>
    private async Task JoinAsync(NpgsqlConnection connection, FoldedTenant tenant, CancellationToken ct)
    {
        const int atOnce = 500;
        foreach (var identities in Identities.Of(tenant.Notes.Links).All.Chunk(atOnce))
        {
            var cells = new MaintainedCells(tenant.Definition);
            var histories = await CustomerHistories.OfAsync(
                connection, copy, (tenant.Notes.Tenant, [.. identities.SelectMany(identity => identity.Members)]), ct);
            foreach (var own in identities.Select(identity => identity.Members.Select(histories.GetValueOrDefault).OfType<CustomerHistory>().ToList()))
            {
                if (own.Count > 0) cells.Add(own is [var one] ? one : CustomerHistory.Joined(own));
            }
            await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
            foreach (var command in cells.Write(copy, tenant.Notes.Tenant)) batch.BatchCommands.Add(command);
            if (batch.BatchCommands.Count > 0) await batch.ExecuteNonQueryAsync(ct);
        }
    }
}
