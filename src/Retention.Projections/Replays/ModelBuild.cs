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
    private readonly CellStage stage = new(tables.Copy);
    private readonly BuildLedger ledger = new(tables.Copy);

    /// <summary>Makes the tables and fills them, or goes on with what a process that was killed has made of them by the same plan.</summary>
    /// <param name="seenUpTo">The last position of the log that the tables' schema shows.</param>
    /// <exception cref="IOException">No room for what is spilled.</exception>
    /// <exception cref="PostgresException">Among others disk_full.</exception>
    /// <exception cref="InvalidDataException">What a customer contributes cannot be counted.</exception>
    public async Task RunAsync(long seenUpTo, CancellationToken ct)
    {
        progress.Phase = "reading";
        var inputs = await BuildInputs.ReadAsync(live, ct);
        var stretches = await LogStretches.OfAsync(live, plan, ct);
        progress.Events = stretches.Events;
        var stand = await ledger.FindAsync(inputs.KeyOf(plan), ct) ?? await BeginAsync(inputs, stretches, seenUpTo, ct);
        if (stand.Whole) return;
        using var read = await new LogReading(live, plan, inputs, stand, progress).ReadAsync(stretches, ct);
        var knownUntil = new Dictionary<long, long>();
        var retracted = await RetractAsync(read.Tenants, inputs, knownUntil, ct);
        var tenants = read.Tenants.Select(notes => Folded(notes, knownUntil)).ToList();
        progress.Phase = "folding";
        await FoldAsync(read, new(Enumerable.Range(0, stand.Parts).Except(stand.Done)), tenants, knownUntil, ct);
        await FinishAsync(tenants, retracted, ct);
    }

    /// <summary>Reads and parses the log as a build does, and keeps nothing: what a build is measured by.</summary>
    public static Task ReadOnlyAsync(Place place, ReplayPlan plan, CancellationToken ct) => LogReading.PassAsync(place, plan, ct);

    private async Task<BuildStand> BeginAsync(BuildInputs inputs, LogStretches stretches, long seenUpTo, CancellationToken ct)
    {
        await tables.CreateAsync(plan.Tenant, seenUpTo, ct);
        await stage.CreateAsync(ct);
        return await ledger.BeginAsync(inputs.KeyOf(plan), plan.PartsFor(stretches.Events), ct);
    }

    /// <param name="knownUntil">Takes the position until which an event was known, by its own position.</param>
    private async Task<List<RetractionPlay>> RetractAsync(
        IReadOnlyList<TenantNotes> tenants, BuildInputs inputs, Dictionary<long, long> knownUntil, CancellationToken ct)
    {
        await using var connection = await live.DataSource.OpenConnectionAsync(ct);
        var plays = tenants.Select(tenant => new RetractionPlay(live, tenant, inputs)).ToList();
        foreach (var play in plays) await play.PlayAsync(connection, plan.UpTo, knownUntil, ct);
        return plays;
    }

    private FoldedTenant Folded(TenantNotes notes, Dictionary<long, long> knownUntil)
    {
        for (var i = 0; i < notes.Links.Count; i++)
            if (knownUntil.TryGetValue(notes.Links[i].KnownFrom, out var until)) notes.Links[i] = notes.Links[i] with { KnownUntil = until };
        var joined = notes.Links.SelectMany(link => (string[])[link.Customer, link.Into]).ToHashSet(StringComparer.Ordinal);
        return new FoldedTenant(notes, plan.SettingsOf(notes.Settings), joined);
    }

    private Task FoldAsync(
        ReadLog read, ConcurrentQueue<int> parts, IReadOnlyList<FoldedTenant> tenants, Dictionary<long, long> knownUntil, CancellationToken ct) =>
        Crew.WorkAsync(plan.Workers, stop =>
        {
            using var fold = new PartFold(plan, tenants, copy, stage);
            byte[] bytes = [];
            while (parts.TryDequeue(out var part))
            {
                stop.ThrowIfCancellationRequested();
                progress.AddFolded(fold.Fold(part, read.Take(part, ref bytes), knownUntil));
            }
            fold.Keep();
        }, ct);

    /// <summary>Makes a place of what was folded, in one transaction.</summary>
    private async Task FinishAsync(IReadOnlyList<FoldedTenant> tenants, IReadOnlyList<RetractionPlay> retracted, CancellationToken ct)
    {
        progress.Phase = "adding up";
        await using var connection = await live.DataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await stage.SumAsync(connection, ct);
        foreach (var play in retracted) await play.WriteAsync(connection, copy, ct);
        foreach (var tenant in tenants) await WriteLinksAsync(connection, tenant.Notes, ct);
        await ReflectAsync(connection, tenants, ct);
        progress.Phase = "indexing";
        await tables.FinishAsync(connection, ct);
        foreach (var tenant in tenants.Where(tenant => tenant.Joined.Count > 0)) await JoinAsync(connection, tenant, ct);
        await ledger.CloseAsync(connection, ct);
        await transaction.CommitAsync(ct);
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
        var latestFacts = await ledger.LatestFactsAsync(connection, ct);
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
                    new() { Value = tenant.Notes.Last.RecordedAt.ToUniversalTime() }, new() { Value = latestFacts.GetValueOrDefault(tenant.Notes.Tenant) },
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
