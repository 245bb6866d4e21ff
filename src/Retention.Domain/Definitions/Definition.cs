using System.Globalization;

namespace Retention.Domain.Definitions;

public enum RefundAttribution
{
    /// <summary>A refund reduces its order's day.</summary>
    Order,

    /// <summary>The charge stays on the order's day and each refund is booked on its own.</summary>
    Refund,
}

/// <summary>The choices that a figure depends on, besides the events: what a day is, who is active, where a refund is booked.</summary>
/// <param name="ActivityDays">W: a purchase day d makes its customer active on the days d … d + W − 1.</param>
public sealed record Definition(Calendar Calendar, DayOfWeek WeekStart, int ActivityDays, RefundAttribution Refunds)
{
    public const int DefaultActivityDays = 90;

    public const int MaxActivityDays = 3_660;

    public static Definition Default { get; } = new(Calendar.Utc, DayOfWeek.Monday, DefaultActivityDays, RefundAttribution.Order);

    /// <summary>Periods of a grain of at least a day.</summary>
    public Partition.ByGrain ByDays(Grain grain) => new(grain, WeekStart);

    public Partition By(Grain grain) => grain == Grain.Hour ? new Partition.ByHour(Calendar) : ByDays(grain);

    /// <summary>The same choices give the same key; it names the definition that maintained cells were made by.</summary>
    public string Key => $"{Calendar.Zone}|{WeekStart}|{ActivityDays}|{Refunds}";

    /// <summary>The definition of a <see cref="Key"/>.</summary>
    public static Definition FromKey(string key)
    {
        var parts = key.Split('|');
        return new Definition(
            Calendar.In(parts[0]) ?? throw new InvalidDataException($"The tz database has no zone {parts[0]}."), Enum.Parse<DayOfWeek>(parts[1]),
            int.Parse(parts[2], CultureInfo.InvariantCulture), Enum.Parse<RefundAttribution>(parts[3]));
    }
}
