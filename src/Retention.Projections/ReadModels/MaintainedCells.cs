using Npgsql;
using Retention.Domain.Clv;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;

namespace Retention.Projections.ReadModels;

/// <summary>
/// The cells that are kept up to date, for the tenant's own definition: this is the list of what is maintained. Activity, revenue and
/// cohorts (by the first order, on the calendar) for each of <see cref="Grains"/>, lifetime value for <see cref="ClvGrains"/>, in total
/// and for each value of each of <see cref="Dimensions"/> (last orders of cohorts in total only: each further order moves its customer from
/// one cell to another); answers and requests by day, and the purchase spans that predictive models are
/// fitted to, in total. Cohorts keep columns up to
/// <see cref="LastColumn"/>. Every other question is a fold of histories.
/// </summary>
public sealed class MaintainedCells
{
    /// <summary>Rises when a contribution changes: cells of another version are made anew.</summary>
    private const string Version = "7";

    private readonly Definition definition;
    private readonly CustomerView view;
    private readonly Columns earlierFacts = new();
    private readonly Columns laterFacts = new();
    private readonly SliceNumbers slices;
    private readonly CustomerCells before;
    private readonly CustomerCells after;

    public MaintainedCells(Definition definition)
    {
        this.definition = definition;
        view = new CustomerView(definition);
        slices = new SliceNumbers();
        (before, after) = (new CustomerCells(definition, slices), new CustomerCells(definition, slices));
        (Activity, Revenue, Cohorts, Clv, Answers, Requests) = (new(slices), new(slices), new(slices), new(slices), new(slices), new(slices));
        PurchaseSpans = new(slices);
    }

    public static IReadOnlyList<Grain> Grains { get; } = [Grain.Day, Grain.Week, Grain.Month, Grain.Quarter, Grain.Year];

    public static IReadOnlyList<Grain> ClvGrains { get; } = [Grain.Month, Grain.Quarter, Grain.Year];

    public static IReadOnlyList<string> Dimensions { get; } = ["channel", "country", "campaign", "tier"];

    /// <summary>The tables that hold them, all with a column tenant_id.</summary>
    public static IReadOnlyList<string> Tables { get; } =
    [
        ActivityCells.Table.Name, RevenueCells.Table.Name, CohortCells.Table.Name, ClvCells.Table.Name, AnswerCells.Table.Name,
        RequestCells.Table.Name, PurchaseSpanCells.Table.Name,
    ];

    internal SlicedCells<DateOnly, DailyFlows> Activity { get; }
    internal SlicedCells<(Grain Grain, int Period), RevenueCounts> Revenue { get; }
    internal SlicedCells<(Grain Grain, CohortCell Cell), CohortCounts> Cohorts { get; }
    internal SlicedCells<(Grain Grain, int Cohort), ClvCounts> Clv { get; }
    internal SlicedCells<AnswerCell, AnswerCounts> Answers { get; }
    internal SlicedCells<RequestCell, RequestCounts> Requests { get; }
    internal SlicedCells<PurchaseSpanCell, PurchaseSpanCounts> PurchaseSpans { get; }

    /// <summary>The last column of cohorts that is kept.</summary>
    public static int LastColumn(Grain grain) => grain switch
    {
        Grain.Day => 31,
        Grain.Week => 53,
        Grain.Month => 60,
        _ => 40,
    };

    /// <summary>Names what the cells of a definition are made by, this program's contributions included.</summary>
    public static string KeyOf(Definition definition) => $"{Version}|{definition.Key}";

    /// <summary>The definition of a <see cref="KeyOf"/>.</summary>
    public static Definition DefinitionOf(string key) => Definition.FromKey(key[(key.IndexOf('|', StringComparison.Ordinal) + 1)..]);

    /// <summary>Marks the cells that other contributions have made, so that they are made anew before anything is added to them.</summary>
    public static async Task MarkStaleAsync(Place place, CancellationToken ct)
    {
        await using var command = place.Command(
            "update {schema}.reflections set stale = true where not stale and maintained_by not like $1 || '|%'");
        command.Parameters.AddWithValue(Version);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Adds everything that one customer contributes.</summary>
    public void Add(CustomerHistory history) => Replace(null, history);

    /// <summary>Adds the difference that a change of one customer's history makes.</summary>
    /// <param name="earlier">Null for a customer that was not there, like <paramref name="later"/> for one that is no more.</param>
    public void Replace(CustomerHistory? earlier, CustomerHistory? later) => Replace(Only(earlierFacts, earlier), Only(laterFacts, later));

    /// <summary>Adds the cells of other customers.</summary>
    public void Add(MaintainedCells others)
    {
        Activity.Add(others.Activity);
        Revenue.Add(others.Revenue);
        Cohorts.Add(others.Cohorts);
        Clv.Add(others.Clv);
        Answers.Add(others.Answers);
        Requests.Add(others.Requests);
        PurchaseSpans.Add(others.PurchaseSpans);
    }

    /// <summary>The statements that add these cells to the stored ones; none for a model without a difference.</summary>
    public IEnumerable<NpgsqlBatchCommand> Write(Place place, string tenant)
    {
        if (Activity.Sums.Any()) yield return ActivityCells.Table.Add(place, tenant, definition, Activity);
        if (Revenue.Sums.Any()) yield return RevenueCells.Table.Add(place, tenant, definition, Revenue);
        if (Cohorts.Sums.Any()) yield return CohortCells.Table.Add(place, tenant, definition, Cohorts);
        if (Clv.Sums.Any()) yield return ClvCells.Table.Add(place, tenant, definition, Clv);
        if (Answers.Sums.Any()) yield return AnswerCells.Table.Add(place, tenant, definition, Answers);
        if (Requests.Sums.Any()) yield return RequestCells.Table.Add(place, tenant, definition, Requests);
        if (PurchaseSpans.Sums.Any()) yield return PurchaseSpanCells.Table.Add(place, tenant, definition, PurchaseSpans);
    }

    /// <summary>The statements that delete the stored cells of a tenant that have come to zero.</summary>
    public static IEnumerable<NpgsqlBatchCommand> DropZeros(Place place, string tenant) =>
    [
        ActivityCells.Table.DropZeros(place, tenant), RevenueCells.Table.DropZeros(place, tenant), CohortCells.Table.DropZeros(place, tenant),
        ClvCells.Table.DropZeros(place, tenant), AnswerCells.Table.DropZeros(place, tenant), RequestCells.Table.DropZeros(place, tenant),
        PurchaseSpanCells.Table.DropZeros(place, tenant),
    ];

    /// <summary>For how many cells there is room.</summary>
    public int Size => Activity.Size + Revenue.Size + Cohorts.Size + Clv.Size + Answers.Size + Requests.Size + PurchaseSpans.Size;

    /// <summary>Forgets all cells, and keeps the room for others.</summary>
    public void Clear()
    {
        Activity.Clear();
        Revenue.Clear();
        Cohorts.Clear();
        Clv.Clear();
        Answers.Clear();
        Requests.Clear();
        PurchaseSpans.Clear();
    }

    /// <summary>Writes these cells by COPY into tables like the stored ones.</summary>
    /// <param name="into">The name with its schema of the table for a stored one.</param>
    internal void Copy(NpgsqlConnection connection, Func<string, string> into, string tenant)
    {
        Copy(ActivityCells.Table, Activity);
        Copy(RevenueCells.Table, Revenue);
        Copy(CohortCells.Table, Cohorts);
        Copy(ClvCells.Table, Clv);
        Copy(AnswerCells.Table, Answers);
        Copy(RequestCells.Table, Requests);
        Copy(PurchaseSpanCells.Table, PurchaseSpans);

        void Copy<TKey, TCounts>(CellTable<TKey, TCounts> table, SlicedCells<TKey, TCounts> cells)
            where TKey : notnull
            where TCounts : struct, ICounts<TCounts>
        {
            if (cells.Size > 0) table.Copy(connection, (into(table.Name), tenant), definition, cells);
        }
    }

    /// <summary>The statements that add up what was written into tables like the stored ones into these, which are empty.</summary>
    /// <param name="from">The name with its schema of the table like a stored one.</param>
    internal static IEnumerable<string> SumInto(Func<string, string> from) =>
    [
        ActivityCells.Table.SumInto(from(ActivityCells.Table.Name)), RevenueCells.Table.SumInto(from(RevenueCells.Table.Name)),
        CohortCells.Table.SumInto(from(CohortCells.Table.Name)), ClvCells.Table.SumInto(from(ClvCells.Table.Name)),
        AnswerCells.Table.SumInto(from(AnswerCells.Table.Name)), RequestCells.Table.SumInto(from(RequestCells.Table.Name)),
        PurchaseSpanCells.Table.SumInto(from(PurchaseSpanCells.Table.Name)),
    ];

    private void Replace(Columns? earlier, Columns? later)
    {
        before.Set(earlier is null ? null : view.Look(earlier, 0));
        after.Set(later is null ? null : view.Look(later, 0));
        if (earlier is null || later is null)
        {
            if (earlier is not null) Count(before, before.Slices, add: false);
            if (later is not null) Count(after, after.Slices, add: true);
            return;
        }
        // A slice that counts the customer before and after takes the difference; of one that it leaves or enters all is taken.
        Span<int> left = stackalloc int[after.Slices.Length], entered = stackalloc int[left.Length], stayed = stackalloc int[left.Length];
        var (moved, same) = (0, 0);
        for (var i = 0; i < left.Length; i++)
        {
            if (before.Slices[i] == after.Slices[i]) stayed[same++] = after.Slices[i];
            else (left[moved], entered[moved++]) = (before.Slices[i], after.Slices[i]);
        }
        Count(before, left[..moved], add: false);
        Count(after, entered[..moved], add: true);
        after.Subtract(before);
        Count(after, stayed[..same], add: true);
    }

    private static Columns? Only(Columns facts, CustomerHistory? history)
    {
        if (history is null) return null;
        facts.Clear();
        facts.AddCore("", history);
        return facts;
    }

    private void Count(CustomerCells cells, ReadOnlySpan<int> counted, bool add)
    {
        ReadOnlySpan<int> total = counted.Contains(SliceNumbers.All) ? [SliceNumbers.All] : [];
        Count(Activity, cells.Activity, counted, add);
        Count(Revenue, cells.Revenue, counted, add);
        foreach (var (key, sum) in cells.Cohorts.Cells)
        {
            var counts = add ? sum : default(CohortCounts) - sum;
            Cohorts.Add(counted, key, counts with { Last = 0 });
            if (counts.Last != 0) Cohorts.Add(total, key, new CohortCounts { Last = counts.Last });
        }
        Count(Clv, cells.Clv, counted, add);
        Count(Answers, cells.Answers, total, add);
        Count(Requests, cells.Requests, total, add);
        Count(PurchaseSpans, cells.PurchaseSpans, total, add);
    }

    private static void Count<TKey, TCounts>(SlicedCells<TKey, TCounts> sums, Contribution<TKey, TCounts> cells, ReadOnlySpan<int> counted, bool add)
        where TKey : notnull
        where TCounts : struct, ICounts<TCounts>
    {
        if (add) sums.Add(counted, cells);
        else sums.Subtract(counted, cells);
    }
}
