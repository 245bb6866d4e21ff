using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>
/// Flows of one day, for every grain at once: the period of a flow follows from its day, and only who was active at the period's start
/// (<see cref="ActivityFlows.LapsedOld"/>, <see cref="ActivityFlows.Regained"/>) differs between grains. Nobody is regained within a day.
/// </summary>
public readonly record struct DailyFlows(
    long Acquired, long Reactivated, long Lapsed, long OldDay, long OldWeek, long OldMonth, long OldQuarter, long OldYear, long RegainedWeek,
    long RegainedMonth, long RegainedQuarter, long RegainedYear) : ICounts<DailyFlows>
{
    public static DailyFlows operator +(DailyFlows a, DailyFlows b) => new(
        a.Acquired + b.Acquired, a.Reactivated + b.Reactivated, a.Lapsed + b.Lapsed, a.OldDay + b.OldDay, a.OldWeek + b.OldWeek,
        a.OldMonth + b.OldMonth, a.OldQuarter + b.OldQuarter, a.OldYear + b.OldYear, a.RegainedWeek + b.RegainedWeek,
        a.RegainedMonth + b.RegainedMonth, a.RegainedQuarter + b.RegainedQuarter, a.RegainedYear + b.RegainedYear);

    public static DailyFlows operator -(DailyFlows a, DailyFlows b) => new(
        a.Acquired - b.Acquired, a.Reactivated - b.Reactivated, a.Lapsed - b.Lapsed, a.OldDay - b.OldDay, a.OldWeek - b.OldWeek,
        a.OldMonth - b.OldMonth, a.OldQuarter - b.OldQuarter, a.OldYear - b.OldYear, a.RegainedWeek - b.RegainedWeek,
        a.RegainedMonth - b.RegainedMonth, a.RegainedQuarter - b.RegainedQuarter, a.RegainedYear - b.RegainedYear);

    /// <summary>What a grain's flows are of a day's; what no grain shares is zero for the others.</summary>
    public static DailyFlows Of(ActivityFlows flows, Grain grain) => grain switch
    {
        Grain.Day => new() { Acquired = flows.Acquired, Reactivated = flows.Reactivated, Lapsed = flows.Lapsed, OldDay = flows.LapsedOld },
        Grain.Week => new() { OldWeek = flows.LapsedOld, RegainedWeek = flows.Regained },
        Grain.Month => new() { OldMonth = flows.LapsedOld, RegainedMonth = flows.Regained },
        Grain.Quarter => new() { OldQuarter = flows.LapsedOld, RegainedQuarter = flows.Regained },
        _ => new() { OldYear = flows.LapsedOld, RegainedYear = flows.Regained },
    };

    /// <summary>The day's flows as a grain counts them.</summary>
    public ActivityFlows By(Grain grain) => grain switch
    {
        Grain.Day => new(Acquired, Reactivated, Lapsed, OldDay, 0),
        Grain.Week => new(Acquired, Reactivated, Lapsed, OldWeek, RegainedWeek),
        Grain.Month => new(Acquired, Reactivated, Lapsed, OldMonth, RegainedMonth),
        Grain.Quarter => new(Acquired, Reactivated, Lapsed, OldQuarter, RegainedQuarter),
        _ => new(Acquired, Reactivated, Lapsed, OldYear, RegainedYear),
    };
}
