using System.Globalization;

namespace Retention.Domain.Metrics;

/// <summary>A column of a cohort table: the periods <paramref name="First"/> … <paramref name="Last"/> after the cohort's.</summary>
/// <param name="Bracket">The bracket as it was given; null for a column of one period.</param>
public readonly record struct CohortColumn(int First, int Last, string? Bracket = null)
{
    public override string ToString() => Bracket ?? First.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The columns 0 … n, or column 0 and one for each bracket; in ascending order, without overlaps.</summary>
public sealed class CohortColumns
{
    /// <summary>The highest period that a column may end with.</summary>
    public const int MostPeriods = 5_000;

    private const string BracketRule = "must be ascending brackets of periods from 1 on that do not overlap, such as 1-3,4-7";

    private readonly CohortColumn[] columns;

    // By period, up to the last one of the last column.
    private readonly int[] of;
    private readonly int[] startedBy;
    private readonly int[] endingFrom;

    private CohortColumns(CohortColumn[] columns)
    {
        this.columns = columns;
        (of, startedBy, endingFrom) = (new int[LastPeriod + 1], new int[LastPeriod + 1], new int[LastPeriod + 1]);
        for (int k = 0, column = 0; k <= LastPeriod; k++)
        {
            if (column + 1 < columns.Length && columns[column + 1].First <= k) column++;
            startedBy[k] = column;
            of[k] = k <= columns[column].Last ? column : -1;
            endingFrom[k] = k <= columns[column].Last ? column : column + 1;
        }
    }

    public IReadOnlyList<CohortColumn> All => columns;

    public int Count => columns.Length;

    public int LastPeriod => columns[^1].Last;

    public bool AreBrackets => columns[^1].Bracket is not null;

    /// <summary>Columns of one period each, 0 … <paramref name="last"/>.</summary>
    public static CohortColumns Through(int last) => new([.. Enumerable.Range(0, last + 1).Select(k => new CohortColumn(k, k))]);

    /// <summary>Reads brackets such as <c>1-3,4-7,12</c>.</summary>
    /// <returns>The columns, or what is wrong with the text.</returns>
    public static (CohortColumns? Columns, string? Fault) Parse(string brackets)
    {
        var columns = new List<CohortColumn> { new(0, 0) };
        foreach (var bracket in brackets.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = bracket.Split('-');
            if (ends.Length > 2 || Period(ends[0]) is not { } first || Period(ends[^1]) is not { } last) return (null, BracketRule);
            if (first <= columns[^1].Last || last < first) return (null, BracketRule);
            if (last > MostPeriods) return (null, $"may not reach beyond period {MostPeriods}");
            columns.Add(new CohortColumn(first, last, bracket));
        }
        return (new CohortColumns([.. columns]), null);
    }

    /// <summary>The column that a period is part of; −1 for none.</summary>
    public int Of(int k) => k < of.Length ? of[k] : -1;

    /// <summary>The last column that begins with period k or before.</summary>
    public int StartedBy(int k) => k < startedBy.Length ? startedBy[k] : columns.Length - 1;

    /// <summary>The first column that ends with period k or after; −1 for none.</summary>
    public int EndingFrom(int k) => k < endingFrom.Length ? endingFrom[k] : -1;

    private static int? Period(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var period) ? period : null;
}
