namespace Retention.Domain.Metrics;

/// <summary>What the customers of one cohort add up to, by column.</summary>
/// <param name="columns">How many.</param>
public sealed class CohortSum(int columns)
{
    public long Size { get; set; }

    /// <summary>Customers who returned within the cohort's own period.</summary>
    public long Again { get; set; }

    /// <summary>
    /// By column: customers, orders, or revenue in ten-thousandths. Where a customer counts in every column up to one, or from one on, only
    /// that one is added to here.
    /// </summary>
    public long[] Values { get; } = new long[columns];

    internal void Add(CohortSum other)
    {
        Size += other.Size;
        Again += other.Again;
        for (var column = 0; column < Values.Length; column++) Values[column] += other.Values[column];
    }
}

/// <summary>The cohorts that are wanted, both ends included.</summary>
/// <param name="MostCells">How many cells they may make with their columns.</param>
public readonly record struct CohortRange(int First, int Last, int MostCells = int.MaxValue)
{
    public static CohortRange All { get; } = new(int.MinValue, int.MaxValue);
}

/// <summary>Sums by cohort, of the cohorts in a range. When they would make too many cells, no more of them are added.</summary>
public sealed class CohortSums(int columns, CohortRange range) : IMergeable<CohortSums>
{
    private readonly Dictionary<int, CohortSum> cohorts = [];

    public IReadOnlyDictionary<int, CohortSum> ByCohort => cohorts;

    /// <summary>Whether there were more cells than may be.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The sums of a cohort, to add to; null where it is out of the range, or beyond the most cells.</summary>
    public CohortSum? At(int cohort)
    {
        if (cohorts.TryGetValue(cohort, out var sum)) return sum;
        if (cohort < range.First || cohort > range.Last) return null;
        Overflowed |= (cohorts.Count + 1L) * columns > range.MostCells;
        return Overflowed ? null : cohorts[cohort] = new CohortSum(columns);
    }

    public void Add(CohortSums others)
    {
        Overflowed |= others.Overflowed;
        foreach (var (cohort, sum) in others.cohorts) At(cohort)?.Add(sum);
    }
}
