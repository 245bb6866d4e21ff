using System.Collections.Concurrent;

namespace Retention.Domain.Definitions;

public enum Grain
{
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// <summary>
/// Cuts local time into half-open periods, numbered in order. The distance of two periods is the difference of their numbers.
/// </summary>
public abstract record Partition
{
    private Partition()
    {
    }

    /// <summary>Whether periods are made of whole days.</summary>
    public virtual bool OfDays => true;

    public abstract int IndexOf(DateOnly day);

    /// <summary>The first day of a period.</summary>
    public abstract DateOnly StartOf(int index);

    /// <summary>The day after the last day of a period.</summary>
    public DateOnly EndOf(int index) => StartOf(index + 1);

    /// <param name="day">The local day of the moment.</param>
    /// <param name="ticks">The moment, in UTC ticks.</param>
    public virtual int IndexOf(DateOnly day, long ticks) => IndexOf(day);

    /// <summary>The instant at which a period begins.</summary>
    public virtual DateTimeOffset InstantOf(int index, Calendar calendar) => calendar.StartOf(StartOf(index));

    /// <summary>Calendar periods of one grain, at least a day; weeks start on <paramref name="WeekStart"/>.</summary>
    public sealed record ByGrain(Grain Grain, DayOfWeek WeekStart) : Partition
    {
        // Days of more than a century, and the periods that they are in, looked up where a fold would compute the same few thousand again and
        // again.
        private static readonly int FirstLookedUp = new DateOnly(1970, 1, 1).DayNumber;
        private static readonly int LookedUp = new DateOnly(2100, 1, 1).DayNumber - FirstLookedUp;
        private static readonly ConcurrentDictionary<(Grain, DayOfWeek), (int[] Periods, DateOnly[] Starts)> Lookups = new();

        private readonly (int[] Periods, DateOnly[] Starts) lookup = Lookups.GetOrAdd((Grain, WeekStart), key => LookUp(key.Item1, key.Item2));

        public override int IndexOf(DateOnly day)
        {
            var place = day.DayNumber - FirstLookedUp;
            return unchecked((uint)place) < (uint)lookup.Periods.Length ? lookup.Periods[place] : IndexOf(day, Grain, WeekStart);
        }

        public override DateOnly StartOf(int index)
        {
            var place = index - lookup.Periods[0];
            return unchecked((uint)place) < (uint)lookup.Starts.Length ? lookup.Starts[place] : StartOf(index, Grain, WeekStart);
        }

        public bool Equals(ByGrain? other) => other is not null && (Grain, WeekStart) == (other.Grain, other.WeekStart);

        public override int GetHashCode() => HashCode.Combine(Grain, WeekStart);

        private static (int[] Periods, DateOnly[] Starts) LookUp(Grain grain, DayOfWeek weekStart)
        {
            var periods = Enumerable.Range(FirstLookedUp, LookedUp).Select(number => IndexOf(DateOnly.FromDayNumber(number), grain, weekStart)).ToArray();
            return (periods, [.. Enumerable.Range(periods[0], periods[^1] - periods[0] + 1).Select(index => StartOf(index, grain, weekStart))]);
        }

        private static int IndexOf(DateOnly day, Grain grain, DayOfWeek weekStart) => grain switch
        {
            Grain.Day => day.DayNumber,
            Grain.Week => (int)Math.Floor((day.DayNumber - Shift(weekStart)) / 7.0),
            Grain.Month => day.Year * 12 + day.Month - 1,
            Grain.Quarter => day.Year * 4 + (day.Month - 1) / 3,
            _ => day.Year,
        };

        private static DateOnly StartOf(int index, Grain grain, DayOfWeek weekStart) => grain switch
        {
            Grain.Day => DateOnly.FromDayNumber(index),
            Grain.Week => DateOnly.FromDayNumber(Math.Max(0, index * 7 + Shift(weekStart))),
            Grain.Month => new DateOnly(index / 12, index % 12 + 1, 1),
            Grain.Quarter => new DateOnly(index / 4, index % 4 * 3 + 1, 1),
            _ => new DateOnly(index, 1, 1),
        };

        private static int Shift(DayOfWeek weekStart) => ((int)weekStart + 6) % 7;
    }

    /// <summary>
    /// Hours of local clocks. Where clocks go back, the hour that they repeat is two periods; an hour that a change of clocks begins or
    /// ends within is a period of less than an hour.
    /// </summary>
    public sealed record ByHour(Calendar Calendar) : Partition
    {
        public override bool OfDays => false;

        /// <summary>The period in which a day begins.</summary>
        public override int IndexOf(DateOnly day) => Calendar.HourOf(Calendar.StartOf(day).UtcTicks);

        /// <summary>The day in which a period begins.</summary>
        public override DateOnly StartOf(int index) => Calendar.DayOf(Calendar.StartOfHour(index));

        public override int IndexOf(DateOnly day, long ticks) => Calendar.HourOf(ticks);

        public override DateTimeOffset InstantOf(int index, Calendar calendar) =>
            calendar.Local(new DateTimeOffset(Calendar.StartOfHour(index), TimeSpan.Zero));
    }

    /// <summary>
    /// One period [From, To), number 0, between others of as many days: number −1 is the one just before, which it is compared with.
    /// </summary>
    public sealed record Exactly(DateOnly From, DateOnly To) : Partition
    {
        private readonly int days = To.DayNumber - From.DayNumber;

        public override int IndexOf(DateOnly day) => (int)Math.Floor((double)(day.DayNumber - From.DayNumber) / days);

        public override DateOnly StartOf(int index) =>
            DateOnly.FromDayNumber((int)Math.Clamp(From.DayNumber + (long)index * days, 0, DateOnly.MaxValue.DayNumber));
    }
}
