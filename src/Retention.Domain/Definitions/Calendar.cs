using System.Collections.Concurrent;
using System.Collections.Frozen;
using NodaTime;

namespace Retention.Domain.Definitions;

/// <summary>
/// Reads instants as local days of one tz database zone. A day is a calendar day there; DST days have 23 or 25 hours, and a day whose
/// midnight does not exist starts at its first instant.
/// </summary>
public sealed class Calendar
{
    /// <summary>About 15 hours.</summary>
    private const int StepBits = 39;

    private static readonly long FirstLookedUp = new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;
    private static readonly int LookedUp = (int)((new DateTime(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks - FirstLookedUp) >> StepBits);

    // The provider also makes zones of fixed offsets ("UTC+03"), which no other reader of the tz database knows.
    private static readonly FrozenSet<string> Names = DateTimeZoneProviders.Tzdb.Ids.ToFrozenSet(StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<string, Calendar> Known = new(StringComparer.Ordinal);

    private static readonly Instant First = Instant.FromUtc(1800, 1, 1, 0, 0);
    private static readonly Instant Last = Instant.FromUtc(2300, 1, 1, 0, 0);

    private readonly DateTimeZone zone;

    // Where the zone's offset changes, in UTC ticks, and the offset from there on; the first is in force before all.
    private readonly long[] changes;
    private readonly long[] offsets;
    private readonly int[] hours;

    // By steps of 2^StepBits ticks since FirstLookedUp, which of the offsets is in force as they begin: a fold asks for millions of instants.
    private readonly short[] lookup;

    private Calendar(DateTimeZone zone)
    {
        this.zone = zone;
        var intervals = zone.GetZoneIntervals(First, Last).ToList();
        changes = [.. intervals.Select(interval => interval.HasStart && interval.Start > First ? TicksOf(interval.Start) : long.MinValue)];
        offsets = [.. intervals.Select(interval => interval.WallOffset.Ticks)];
        hours = new int[changes.Length];
        // The hours of an interval are counted from the local hour that it begins in, the first ones from the year 1.
        for (var i = 1; i < hours.Length; i++) hours[i] = HoursBefore(i);
        lookup = [.. Enumerable.Range(0, LookedUp).Select(number => (short)Find(FirstLookedUp + ((long)number << StepBits)))];
    }

    public string Zone => zone.Id;

    public static Calendar Utc { get; } = new(DateTimeZone.Utc);

    /// <summary>The calendar of a tz database zone, links such as <c>US/Pacific</c> included; null for a name that it lacks.</summary>
    public static Calendar? In(string zoneName) =>
        zoneName == "UTC" ? Utc : Names.Contains(zoneName) ? Known.GetOrAdd(zoneName, name => new Calendar(DateTimeZoneProviders.Tzdb[name])) : null;

    /// <param name="ticks">UTC, in 100 ns since 0001-01-01, as <see cref="DateTimeOffset.UtcTicks"/>.</param>
    public DateOnly DayOf(long ticks)
    {
        var day = (ticks + offsets[IntervalOf(ticks)]) / TimeSpan.TicksPerDay;
        return DateOnly.FromDayNumber((int)Math.Clamp(day, 0, DateOnly.MaxValue.DayNumber));
    }

    /// <summary>Which of the offsets is in force at an instant.</summary>
    private int IntervalOf(long ticks)
    {
        var place = (ticks - FirstLookedUp) >> StepBits;
        if (unchecked((ulong)place) >= (ulong)lookup.Length) return Find(ticks);
        var at = (int)lookup[place];
        while (at + 1 < changes.Length && ticks >= changes[at + 1]) at++;
        return at;
    }

    private int Find(long ticks)
    {
        var found = Array.BinarySearch(changes, ticks);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>The number of the local hour that an instant lies in; hours are numbered without gaps.</summary>
    /// <param name="ticks">UTC.</param>
    public int HourOf(long ticks)
    {
        var at = IntervalOf(ticks);
        var local = ticks + offsets[at];
        return hours[at] + (int)(local / TimeSpan.TicksPerHour - FirstHour(at));
    }

    /// <summary>Where an hour begins, in UTC ticks.</summary>
    public long StartOfHour(int hour)
    {
        var at = Array.BinarySearch(hours, hour);
        if (at < 0) at = ~at - 1;
        var local = (FirstHour(at) + hour - hours[at]) * TimeSpan.TicksPerHour;
        return Math.Max(local - offsets[at], at == 0 ? 0 : changes[at]);
    }

    /// <summary>The local hour that an interval begins in.</summary>
    private long FirstHour(int at) => at == 0 ? 0 : (changes[at] + offsets[at]) / TimeSpan.TicksPerHour;

    /// <summary>Hours that have begun before an interval: those of the one before it, the last one cut short where the clocks change within it.</summary>
    private int HoursBefore(int at)
    {
        var lastHour = (changes[at] - 1 + offsets[at - 1]) / TimeSpan.TicksPerHour;
        return hours[at - 1] + (int)(lastHour - FirstHour(at - 1)) + 1;
    }

    private static long TicksOf(Instant instant) => instant.ToUnixTimeTicks() + DateTime.UnixEpoch.Ticks;

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
