using NodaTime;

namespace Retention.Api.Demo;

/// <summary>
/// Shop time: it runs fast in busy hours and slowly in quiet ones, so that a steady Poisson process in shop time has the seasons,
/// weekdays and evenings of a real shop. Its unit is the average day.
/// </summary>
internal sealed class ShopClock
{
    private static readonly double[] Months = [0.84, 0.88, 0.94, 0.97, 1.00, 0.95, 0.84, 0.91, 0.98, 1.04, 1.22, 1.55];
    private static readonly double[] Weekdays = [1.06, 1.01, 0.98, 0.99, 0.94, 0.86, 1.16];

    private static readonly double[] Hours =
        [0.4, 0.2, 0.1, 0.1, 0.1, 0.2, 0.5, 0.9, 1.2, 1.3, 1.3, 1.4, 1.5, 1.3, 1.2, 1.2, 1.3, 1.5, 1.7, 1.9, 2.0, 1.8, 1.3, 0.8];

    // Shop time at the start of each hour, and at the close.
    private readonly double[] elapsed;
    private readonly Instant open;
    private readonly DateTimeZone zone;

    public ShopClock(DateOnly firstDay, DateOnly lastDay, DateTimeZone zone)
    {
        this.zone = zone;
        open = zone.AtStartOfDay(LocalDate.FromDateOnly(firstDay)).ToInstant();
        Close = zone.AtStartOfDay(LocalDate.FromDateOnly(lastDay).PlusDays(1)).ToInstant();
        elapsed = new double[(int)Math.Ceiling((Close - open).TotalHours) + 1];
        for (var hour = 1; hour < elapsed.Length; hour++)
        {
            var local = (open + Duration.FromHours(hour - 1)).InZone(zone);
            var busy = Months[local.Month - 1] * Weekdays[(int)local.DayOfWeek - 1] * Hours[local.Hour];
            elapsed[hour] = elapsed[hour - 1] + busy;
        }
        var scale = (elapsed.Length - 1) / 24.0 / elapsed[^1];
        for (var hour = 1; hour < elapsed.Length; hour++) elapsed[hour] *= scale;
    }

    /// <summary>The end of the last day; nothing happens at or after it.</summary>
    public Instant Close { get; }

    /// <summary>Shop time at <see cref="Close"/>.</summary>
    public double End => elapsed[^1];

    /// <summary>The moment, to the second, at which shop time reaches <paramref name="shopTime"/>, 0 … <see cref="End"/>.</summary>
    public Instant At(double shopTime)
    {
        var hour = Array.BinarySearch(elapsed, shopTime);
        if (hour < 0) hour = ~hour - 1;
        hour = Math.Min(hour, elapsed.Length - 2);
        var share = (shopTime - elapsed[hour]) / (elapsed[hour + 1] - elapsed[hour]);
        return open + Duration.FromSeconds((long)((hour + share) * 3600));
    }

    /// <summary>Shop time at a moment while the shop is open.</summary>
    public double Of(Instant at)
    {
        var hours = (at - open).TotalHours;
        var hour = (int)hours;
        return elapsed[hour] + (hours - hour) * (elapsed[hour + 1] - elapsed[hour]);
    }

    /// <summary>The local month, 1 … 12.</summary>
    public int Month(Instant at) => at.InZone(zone).Month;

    /// <summary>How much of the three years is over, 0 … 1.</summary>
    public double Progress(Instant at) => (at - open) / (Close - open);

    public bool IsOpen(Instant at) => at >= open && at < Close;
}
