namespace Retention.Domain.Metrics;

/// <summary>
/// Cohorts by k, in arrays: the sink of a fold. What lies beyond the last column is summed into one cell at lastColumn + 1, which suffix
/// sums need.
/// </summary>
public sealed class CohortGrid(int lastColumn) : ICells<CohortCell, CohortCounts>, IMergeable<CohortGrid>
{
    private CohortCounts[]?[] cohorts = [];
    private int first;

    public void Add(CohortCell key, CohortCounts counts) => Row(key.Cohort)[Math.Min(key.K, lastColumn + 1)] += counts;

    public void Add(CohortGrid others)
    {
        foreach (var (key, counts) in others.ToDictionary()) Add(key, counts);
    }

    /// <summary>The cells that are not zero.</summary>
    public Dictionary<CohortCell, CohortCounts> ToDictionary()
    {
        var cells = new Dictionary<CohortCell, CohortCounts>();
        for (var cohort = 0; cohort < cohorts.Length; cohort++)
        {
            if (cohorts[cohort] is not { } row) continue;
            for (var k = 0; k < row.Length; k++)
            {
                if (row[k] != default) cells.Add(new(first + cohort, k), row[k]);
            }
        }
        return cells;
    }

    private CohortCounts[] Row(int cohort)
    {
        if (cohorts.Length == 0) (first, cohorts) = (cohort, new CohortCounts[64][]);
        if (cohort < first) Grow(before: Math.Max(first - cohort, cohorts.Length), after: 0);
        else if (cohort - first >= cohorts.Length) Grow(before: 0, after: Math.Max(cohort - first - cohorts.Length + 1, cohorts.Length));
        return cohorts[cohort - first] ??= new CohortCounts[lastColumn + 2];
    }

    private void Grow(int before, int after)
    {
        var grown = new CohortCounts[]?[before + cohorts.Length + after];
        cohorts.CopyTo(grown, before);
        (cohorts, first) = (grown, first - before);
    }
}
