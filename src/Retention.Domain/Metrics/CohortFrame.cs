using System.Diagnostics;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>A question about cohorts laid over time: which period after the cohort's a moment falls into, and what is over.</summary>
public sealed record CohortFrame(CohortQuestion Asked, Definition Definition, Partition Partition, AsOf AsOf)
{
    /// <summary>The unit of rolling periods in ticks: 1 h, 24 h, 7 d, 30 d, 91 d or 365 d by grain.</summary>
    public long Unit { get; } = Partition switch
    {
        Partition.ByHour => TimeSpan.TicksPerHour,
        Partition.ByGrain { Grain: var grain } => TimeSpan.TicksPerDay * grain switch
        {
            Grain.Day => 1,
            Grain.Week => 7,
            Grain.Month => 30,
            Grain.Quarter => 91,
            _ => 365,
        },
        _ => throw new UnreachableException("Cohorts have periods that repeat."),
    };

    public CohortRange Cohorts { get; init; } = CohortRange.All;

    public bool Rolls => Asked.Alignment == CohortAlignment.Rolling;

    /// <summary>Sums that nothing has been added to yet.</summary>
    public CohortSums NoSums() => new(Asked.Columns.Count, Cohorts);

    /// <summary>How many periods after an entry into a cohort something happened; negative for before.</summary>
    internal int PeriodsBetween(Moment entry, Moment later) =>
        !Rolls ? later.Period - entry.Period : later.Ticks < entry.Ticks ? -1 : (int)((later.Ticks - entry.Ticks) / Unit);

    /// <summary>
    /// The status of period k of a customer, and the day that it ends at: the first one after it, or the one in which a rolling period ends.
    /// </summary>
    internal (PeriodStatus Status, DateOnly Day) EndOf(Moment entry, int k)
    {
        if (!Rolls) return (AsOf.Of(Partition, entry.Period + k), Partition.EndOf(entry.Period + k));
        var end = entry.Ticks + (k + 1) * Unit;
        return (AsOf.Of(end - Unit, end), Definition.Calendar.DayOf(end));
    }

    /// <summary>
    /// A cell is complete when its last period is over for all of the cohort, and not observable when its first has not begun for anybody.
    /// </summary>
    public PeriodStatus StatusOf(int cohort, CohortColumn column)
    {
        if (Rolls) return AsOf.Of(StartOf(cohort) + column.First * Unit, StartOf(cohort + 1) + (column.Last + 1) * Unit);
        var status = AsOf.Of(Partition, cohort + column.First);
        if (column.First == column.Last || status == PeriodStatus.NotObservable) return status;
        return AsOf.Of(Partition, cohort + column.Last) == PeriodStatus.Complete ? PeriodStatus.Complete : PeriodStatus.InProgress;
    }

    private long StartOf(int period) => Partition.InstantOf(period, Definition.Calendar).UtcTicks;
}
