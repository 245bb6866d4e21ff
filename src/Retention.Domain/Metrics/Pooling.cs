using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>A run of rows, both ends included; none where <paramref name="Last"/> lies before <paramref name="First"/>.</summary>
public readonly record struct RowRange(int First, int Last)
{
    public bool IsEmpty => Last < First;
}

/// <summary>
/// Which rows pool what happened at a moment: the row of its period; or, with a trailing window of W days, every row whose last W days hold
/// it: at grain day the row of day x pools the days x − W + 1 … x, at other grains a row pools the W days that end with its period.
/// </summary>
/// <param name="Window">W; null for none. A window is of whole days, so that there is none with hours.</param>
public sealed record Pooling(Partition Partition, int? Window)
{
    /// <param name="day">The local day of the moment.</param>
    /// <param name="ticks">The moment, in UTC ticks.</param>
    public RowRange Of(DateOnly day, long ticks)
    {
        if (Window is { } days) return Trailing(day, days);
        var row = Partition.IndexOf(day, ticks);
        return new(row, row);
    }

    /// <summary>
    /// The rows that are compared with what happened at a moment: the row after its own; with a window those whose window begins where one
    /// that holds it ends.
    /// </summary>
    public RowRange After(DateOnly day, long ticks)
    {
        if (Window is { } days) return Trailing(day.AddDays(days), days);
        var row = Partition.IndexOf(day, ticks);
        return new(row + 1, row + 1);
    }

    // A row holds the day if it ends after it and at most W days after it.
    private RowRange Trailing(DateOnly day, int days) => new(Partition.IndexOf(day), Partition.IndexOf(day.AddDays(days)) - 1);
}
