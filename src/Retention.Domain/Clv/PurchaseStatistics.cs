namespace Retention.Domain.Clv;

/// <summary>
/// The sufficient statistics of the purchase models: how many customers have each pattern (x, t_x, T), and the distinct pairs (x, t_x)
/// and (x, T) in them. Every likelihood here is <c>f(x) · (D(x, t_x) + K(x, T))</c> for a customer, so that the costly D and K are
/// computed once for a pair. The order of the rows, and with it every sum, depends on the patterns alone.
/// </summary>
public sealed class PurchaseStatistics
{
    private readonly ulong[] keys;

    private PurchaseStatistics(ulong[] keys, long[] counts)
    {
        this.keys = keys;
        Counts = counts;
        var (last, end) = (new PairColumn(keys.Length), new PairColumn(keys.Length));
        var byFrequency = new SortedDictionary<int, long>();
        for (var start = 0; start < keys.Length;)
        {
            var x = Frequency(keys[start]);
            var stop = start;
            var customers = 0L;
            while (stop < keys.Length && Frequency(keys[stop]) == x) customers += counts[stop++];
            last.Add(x, keys.AsSpan(start..stop), AgeAtLastPurchase, start);
            end.Add(x, keys.AsSpan(start..stop), Age, start);
            byFrequency.Add(x, customers);
            start = stop;
        }
        (Last, End) = (last.Done(), end.Done());
        Frequencies = [.. byFrequency.Select(entry => (entry.Key, entry.Value))];
        Customers = counts.Sum();
    }

    public long Customers { get; }

    /// <summary>Distinct patterns.</summary>
    public int Rows => keys.Length;

    /// <summary>Customers by x, ascending.</summary>
    public IReadOnlyList<(int Frequency, long Customers)> Frequencies { get; }

    public IEnumerable<PurchasePattern> Patterns => keys.Select((key, row) => Pattern(key, Counts[row]));

    internal long[] Counts { get; }

    /// <summary>The pairs (x, t_x).</summary>
    internal PairColumn Last { get; }

    /// <summary>The pairs (x, T).</summary>
    internal PairColumn End { get; }

    /// <summary>Patterns in any order; equal ones are added up.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No customer can have one of them.</exception>
    public static PurchaseStatistics Of(IEnumerable<PurchasePattern> patterns)
    {
        var (keys, counts) = (new List<ulong>(), new List<long>());
        foreach (var pattern in patterns)
        {
            var (x, last, age, customers) = pattern.Valid();
            keys.Add((ulong)x << 48 | (ulong)last << 24 | (uint)age);
            counts.Add(customers);
        }
        var (sorted, sortedCounts) = (keys.ToArray(), counts.ToArray());
        Array.Sort(sorted, sortedCounts);
        return Merged(sorted, sortedCounts);
    }

    /// <summary>The statistics that the read model maintains, as seen at the end of a day.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A purchase lies after the end.</exception>
    public static PurchaseStatistics Of(IEnumerable<PurchaseSpan> spans, DateOnly observationEnd) =>
        Of(spans.Select(span => span.SeenOn(observationEnd)));

    /// <summary>About so many rows, evenly spread over all in their order; the whole where there are no more.</summary>
    internal PurchaseStatistics Sample(int rows)
    {
        if (Rows <= rows) return this;
        var stride = (Rows + rows - 1) / rows;
        var taken = Enumerable.Range(0, (Rows - stride / 2 + stride - 1) / stride).Select(index => stride / 2 + index * stride).ToArray();
        return new PurchaseStatistics([.. taken.Select(row => keys[row])], [.. taken.Select(row => Counts[row])]);
    }

    private static PurchaseStatistics Merged(ulong[] sorted, long[] counts)
    {
        var rows = 0;
        for (var index = 0; index < sorted.Length; index++)
        {
            if (rows > 0 && sorted[rows - 1] == sorted[index])
            {
                counts[rows - 1] += counts[index];
                continue;
            }
            (sorted[rows], counts[rows]) = (sorted[index], counts[index]);
            rows++;
        }
        return new PurchaseStatistics(sorted[..rows], counts[..rows]);
    }

    private static int Frequency(ulong key) => (int)(key >> 48);

    private static int AgeAtLastPurchase(ulong key) => (int)(key >> 24 & 0xFF_FFFF);

    private static int Age(ulong key) => (int)(key & 0xFF_FFFF);

    private static PurchasePattern Pattern(ulong key, long customers) => new(Frequency(key), AgeAtLastPurchase(key), Age(key), customers);
}

/// <summary>The distinct pairs of x and a number of days, ascending, and for each row the index of its pair.</summary>
internal sealed class PairColumn(int rows)
{
    private readonly List<int> x = [];
    private readonly List<int> days = [];
    private int[] seen = [];

    public int[] OfRow { get; } = new int[rows];

    public int[] X { get; private set; } = [];

    public int[] Days { get; private set; } = [];

    /// <summary>The rows of one x, from the row <paramref name="start"/> on.</summary>
    public void Add(int frequency, ReadOnlySpan<ulong> keys, Func<ulong, int> daysOf, int start)
    {
        var own = new int[keys.Length];
        for (var index = 0; index < own.Length; index++) own[index] = daysOf(keys[index]);
        var distinct = own.AsSpan().ToArray();
        Array.Sort(distinct);
        if (seen.Length <= distinct[^1]) seen = new int[distinct[^1] + 1];
        for (var index = 0; index < distinct.Length; index++)
        {
            if (index > 0 && distinct[index - 1] == distinct[index]) continue;
            seen[distinct[index]] = days.Count;
            x.Add(frequency);
            days.Add(distinct[index]);
        }
        for (var index = 0; index < own.Length; index++) OfRow[start + index] = seen[own[index]];
    }

    public PairColumn Done()
    {
        (X, Days) = ([.. x], [.. days]);
        return this;
    }
}
