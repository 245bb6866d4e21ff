namespace Retention.Domain.Definitions;

public enum Grain
{
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// <summary>
/// Cuts local days into half-open periods, numbered in order. The distance of two periods is the difference of their numbers.
/// </summary>
public abstract record Partition
{
    private Partition()
    {
    }

    public abstract int IndexOf(DateOnly day);

    /// <summary>The first day of a period.</summary>
    public abstract DateOnly StartOf(int index);

    /// <summary>The day after the last day of a period.</summary>
    public DateOnly EndOf(int index) => StartOf(index + 1);

    /// <summary>Calendar periods of one grain; weeks start on <paramref name="WeekStart"/>.</summary>
    public sealed record ByGrain(Grain Grain, DayOfWeek WeekStart) : Partition
    {
        private int WeekShift => ((int)WeekStart + 6) % 7;

        public override int IndexOf(DateOnly day) => Grain switch
        {
            Grain.Day => day.DayNumber,
            Grain.Week => (int)Math.Floor((day.DayNumber - WeekShift) / 7.0),
            Grain.Month => day.Year * 12 + day.Month - 1,
            Grain.Quarter => day.Year * 4 + (day.Month - 1) / 3,
            _ => day.Year,
        };

        public override DateOnly StartOf(int index) => Grain switch
        {
            Grain.Day => DateOnly.FromDayNumber(index),
            Grain.Week => DateOnly.FromDayNumber(Math.Max(0, index * 7 + WeekShift)),
            Grain.Month => new DateOnly(index / 12, index % 12 + 1, 1),
            Grain.Quarter => new DateOnly(index / 4, index % 4 * 3 + 1, 1),
            _ => new DateOnly(index, 1, 1),
        };
    }

    /// <summary>One period [From, To), number 0; all days before it are number −1, all after it number 1.</summary>
    public sealed record Exactly(DateOnly From, DateOnly To) : Partition
    {
        public override int IndexOf(DateOnly day) => day < From ? -1 : day < To ? 0 : 1;

        public override DateOnly StartOf(int index) => index switch
        {
            < 0 => DateOnly.MinValue,
            0 => From,
            1 => To,
            _ => DateOnly.MaxValue,
        };
    }
}
