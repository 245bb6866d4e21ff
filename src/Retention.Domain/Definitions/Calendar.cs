using System.Collections.Frozen;
using NodaTime;

namespace Retention.Domain.Definitions;

/// <summary>
/// Reads instants as local days of one tz database zone. A day is a calendar day there; DST days have 23 or 25 hours, and a day whose
/// midnight does not exist starts at its first instant.
/// </summary>
public sealed class Calendar
{
    // The provider also makes zones of fixed offsets ("UTC+03"), which no other reader of the tz database knows.
    private static readonly FrozenSet<string> Names = DateTimeZoneProviders.Tzdb.Ids.ToFrozenSet(StringComparer.Ordinal);

    private readonly DateTimeZone zone;

    private Calendar(DateTimeZone zone) => this.zone = zone;

    public string Zone => zone.Id;

    public static Calendar Utc { get; } = new(DateTimeZone.Utc);

    /// <summary>The calendar of a tz database zone, links such as <c>US/Pacific</c> included; null for a name that it lacks.</summary>
    public static Calendar? In(string zoneName) =>
        zoneName == "UTC" ? Utc : Names.Contains(zoneName) ? new Calendar(DateTimeZoneProviders.Tzdb[zoneName]) : null;

    /// <param name="ticks">UTC, in 100 ns since 0001-01-01, as <see cref="DateTimeOffset.UtcTicks"/>.</param>
    public DateOnly DayOf(long ticks)
    {
        var instant = Instant.FromUnixTimeTicks(ticks - DateTime.UnixEpoch.Ticks);
        var local = ticks + zone.GetZoneInterval(instant).WallOffset.Ticks;
        return DateOnly.FromDayNumber((int)Math.Clamp(local / TimeSpan.TicksPerDay, 0, DateOnly.MaxValue.DayNumber));
    }

    /// <summary>
    /// The first instant of a local day, with the zone's offset then; for a day that the zone's calendar skipped (Samoa had no
    /// 2011-12-30), the first instant after it.
    /// </summary>
    public DateTimeOffset StartOf(DateOnly day)
    {
        var midnight = LocalDate.FromDateOnly(day).AtMidnight();
        var mapping = zone.MapLocal(midnight);
        return (mapping.Count == 0 ? mapping.LateInterval.Start.InZone(zone) : mapping.First()).ToDateTimeOffset();
    }

    /// <summary>A local date and time as an instant; a time that the clocks skip moves forward, one that they repeat is the first.</summary>
    public DateTimeOffset At(DateTime local) =>
        zone.AtLeniently(LocalDateTime.FromDateTime(local)).ToDateTimeOffset();

    /// <summary>An instant with the zone's offset at it.</summary>
    public DateTimeOffset Local(DateTimeOffset instant) => Instant.FromDateTimeOffset(instant).InZone(zone).ToDateTimeOffset();
}
