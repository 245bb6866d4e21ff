using System.Diagnostics;
using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Projections.EventLog;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Replays;

/// <summary>
/// Folds the customers of parts, one part after the other: writes their histories and adds up what they contribute. One worker's. Parts are
/// kept together: their histories, what they add to the cells and the note that they are done are one transaction, which ends once the
/// cells are many or it has taken long.
/// </summary>
internal sealed class PartFold(ReplayPlan plan, IReadOnlyList<FoldedTenant> tenants, Place copy, CellStage stage) : IDisposable
{
    /// <summary>Each tenant's cells have room of their own besides what they count.</summary>
    private const int MostTenants = 256;

    /// <summary>The room of so many is kept.</summary>
    private const int FewTenants = 8;

    private readonly NpgsqlConnection connection = copy.DataSource.OpenConnection();
    private readonly BuildLedger ledger = new(copy);
    private readonly Dictionary<int, MaintainedCells> cells = [];
    private readonly Dictionary<string, long> latestFacts = new(StringComparer.Ordinal);
    private readonly List<int> parts = [];
    private readonly Stopwatch sinceKept = new();
    private NpgsqlTransaction? transaction;

    public void Dispose() => connection.Dispose();

    /// <param name="knownUntil">The position until which an event was known, by its own; absent for those that still are.</param>
    /// <returns>How many events the part has.</returns>
    public int Fold(int part, EntryReader entries, IReadOnlyDictionary<long, long> knownUntil)
    {
        if (transaction is null) sinceKept.Restart();
        transaction ??= connection.BeginTransaction();
        var customers = new Dictionary<(int Tenant, string Customer), Own>();
        var count = 0;
        for (; !entries.AtEnd; count++)
        {
            var place = entries.Next();
            ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(customers, (place.Tenant, place.Customer), out var known);
            if (!known) own = new Own(place.OccurredAt, new List<int>(8));
            else if (place.OccurredAt < own.First) own = own with { First = place.OccurredAt };
            own.Places.Add(place.At);
        }
        Write(customers, entries, knownUntil);
        parts.Add(part);
        if (cells.Values.Sum(some => some.Size) > plan.MostCells || cells.Count > MostTenants || sinceKept.Elapsed > plan.KeepEvery) Keep();
        return count;
    }

    /// <summary>Commits what was folded since the last time, so that it need not be folded again.</summary>
    public void Keep()
    {
        if (transaction is null) return;
        foreach (var (number, some) in cells) stage.Write(connection, tenants[number].Notes.Tenant, some);
        ledger.Note(connection, parts, latestFacts);
        transaction.Commit();
        transaction.Dispose();
        transaction = null;
        if (cells.Count > FewTenants) cells.Clear();
        foreach (var some in cells.Values) some.Clear();
        latestFacts.Clear();
        parts.Clear();
    }

    /// <summary>Where the entries of a customer lie.</summary>
    /// <param name="First">The earliest occurredAt.</param>
    private readonly record struct Own(long First, List<int> Places);

    private void Write(Dictionary<(int Tenant, string Customer), Own> customers, EntryReader reader, IReadOnlyDictionary<long, long> knownUntil)
    {
        using var rows = connection.BeginBinaryImport(
            copy.Qualify("copy {schema}.customer_history (tenant_id, customer_id, chunk, core, names, details) from stdin (format binary)"));
        var entries = new List<Entry>();
        // Customers of one time count in the same cells, which are then still in the processor's cache.
        foreach (var ((number, customer), own) in customers.OrderBy(own => own.Key.Tenant).ThenBy(own => own.Value.First))
        {
            var tenant = tenants[number];
            Read(own, reader, entries, tenant, knownUntil);
            if (entries.Count == 0) continue;
            var history = HistoryOf(entries);
            foreach (var chunk in history.Chunks) Write(rows, (tenant.Notes.Tenant, customer, chunk.Number), chunk.Bytes);
            See(entries, tenant.Notes.Tenant);
            if (tenant.Joined.Contains(customer)) continue;
            if (!cells.TryGetValue(number, out var sum)) cells[number] = sum = new MaintainedCells(tenant.Definition);
            Count(sum, history, (tenant.Notes.Tenant, customer));
        }
        rows.Complete();
    }

    /// <summary>Reads a customer's entries, in order.</summary>
    private static void Read(Own own, EntryReader reader, List<Entry> entries, FoldedTenant tenant, IReadOnlyDictionary<long, long> knownUntil)
    {
        entries.Clear();
        foreach (var place in own.Places)
        {
            var entry = reader.ReadAt(place);
            if (!tenant.Notes.Counts(entry.KnownFrom)) continue;
            entries.Add(knownUntil.Count > 0 && knownUntil.TryGetValue(entry.KnownFrom, out var until) ? entry with { KnownUntil = until } : entry);
        }
        entries.Sort(InOrder);
    }

    private void See(List<Entry> entries, string tenant)
    {
        if (entries.FindLast(entry => entry.Fact is not (Fact.Merge or Fact.Unmerge or Fact.Retraction)) is not { } last) return;
        ref var latest = ref CollectionsMarshal.GetValueRefOrAddDefault(latestFacts, tenant, out _);
        latest = Math.Max(latest, last.OccurredAt);
    }

    private static void Count(MaintainedCells cells, CustomerHistory history, (string Tenant, string Customer) of)
    {
        try
        {
            cells.Add(history);
        }
        catch (Exception e) when (e is OverflowException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException($"What customer {of.Customer} of tenant {of.Tenant} contributes cannot be counted: {e.Message}", e);
        }
    }

    /// <param name="entries">In order.</param>
    private static CustomerHistory HistoryOf(List<Entry> entries)
    {
        if (entries.Count <= Chunk.Capacity) return new CustomerHistory([new Chunk(Chunk.First, [.. entries])]);
        return new CustomerHistory([.. entries.Chunk(Chunk.Capacity).Select((some, index) => new Chunk(Chunk.First + (index * Chunk.Gap), [.. some]))]);
    }

    /// <summary>Events of one id, one sent after the other was retracted, stand in the order of the log.</summary>
    private static readonly Comparison<Entry> InOrder = (a, b) =>
        Entry.InOrder.Compare(a, b) is var order and not 0 ? order : a.KnownFrom.CompareTo(b.KnownFrom);

    private static void Write(NpgsqlBinaryImporter rows, (string Tenant, string Customer, long Chunk) key, ChunkBytes bytes)
    {
        rows.StartRow();
        rows.Write(key.Tenant, NpgsqlDbType.Varchar);
        rows.Write(key.Customer, NpgsqlDbType.Varchar);
        rows.Write(key.Chunk, NpgsqlDbType.Bigint);
        rows.Write(bytes.Core, NpgsqlDbType.Bytea);
        rows.Write(bytes.Names, NpgsqlDbType.Bytea);
        rows.Write(bytes.Details, NpgsqlDbType.Bytea);
    }
}

/// <summary>A tenant whose customers are folded.</summary>
/// <param name="Settings">The settings that count.</param>
/// <param name="Joined">Customers whose merges were ever known: they are counted joined, not each by itself.</param>
internal sealed record FoldedTenant(TenantNotes Notes, Settings Settings, IReadOnlySet<string> Joined)
{
    public Definition Definition { get; } = Settings.ToDefinition();
}
