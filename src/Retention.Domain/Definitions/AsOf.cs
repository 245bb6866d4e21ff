namespace Retention.Domain.Definitions;

public enum PeriodStatus
{
    Complete,
    InProgress,
    NotObservable,
}

/// <summary>The evaluation moment: facts that occurred at or after <paramref name="Moment"/> are ignored.</summary>
/// <param name="Day">The local day that the moment falls in; lapses count on the days before it.</param>
/// <param name="AtStart">Whether the moment is the first instant of that day.</param>
public readonly record struct AsOf(DateTimeOffset Moment, DateOnly Day, bool AtStart)
{
    public static AsOf In(Calendar calendar, DateTimeOffset moment)
    {
        var day = calendar.DayOf(moment.UtcTicks);
        return new AsOf(calendar.Local(moment), day, calendar.StartOf(day).UtcTicks == moment.UtcTicks);
    }

    /// <summary>The status of a period [from, to): complete when it has ended, not observable when it has not begun.</summary>
    public PeriodStatus Of(DateOnly from, DateOnly to) =>
        to <= Day ? PeriodStatus.Complete
        : from > Day || (from == Day && AtStart) ? PeriodStatus.NotObservable
        : PeriodStatus.InProgress;

    public PeriodStatus Of(Partition partition, int index)
    {
        if (partition is Partition.ByHour { Calendar: var calendar })
            return Of(calendar.StartOfHour(index), calendar.StartOfHour(index + 1));
        return Of(partition.StartOf(index), partition.EndOf(index));
    }

    /// <summary>The status of [from, to), in UTC ticks.</summary>
    public PeriodStatus Of(long from, long to) =>
        to <= Moment.UtcTicks ? PeriodStatus.Complete
        : from >= Moment.UtcTicks ? PeriodStatus.NotObservable
        : PeriodStatus.InProgress;
}
