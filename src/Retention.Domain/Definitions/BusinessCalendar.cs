using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Retention.Domain.Definitions;

/// <summary>
/// The hours in which a tenant works: times of a local day for each weekday, none on holidays. Business time between two instants is how
/// much of it is open, in real time: an open hour that the clocks skip is none, one that they repeat is two.
/// </summary>
public sealed class BusinessCalendar
{
    private readonly Calendar calendar;
    private readonly List<(TimeSpan From, TimeSpan To)>[] hours;
    private readonly HashSet<DateOnly> holidays;
    private readonly ConcurrentDictionary<int, OpenTimes> years = new();

    /// <param name="hours">By <see cref="DayOfWeek"/>: opening and closing times in order, at most 24:00.</param>
    public BusinessCalendar(Calendar calendar, IReadOnlyList<IReadOnlyList<(TimeSpan From, TimeSpan To)>> hours, IEnumerable<DateOnly> holidays)
    {
        this.calendar = calendar;
        this.hours = [.. hours.Select(day => day.ToList())];
        this.holidays = [.. holidays];
    }

    /// <summary>The hours of a tenant's settings, in the tenant's own zone; a weekday that is not named is closed.</summary>
    public static BusinessCalendar Of(Settings settings)
    {
        var hours = Enum.GetNames<DayOfWeek>().Select(name => settings.BusinessHours.TryGetProperty(name.ToLowerInvariant(), out var pairs) ? HoursOf(pairs) : []);
        var holidays = settings.BusinessHours.TryGetProperty("holidays", out var dates) ? dates.EnumerateArray().Select(date => DateOnly.Parse(date.GetString()!, CultureInfo.InvariantCulture)) : [];
        return new(settings.ToDefinition().Calendar, [.. hours], holidays);
    }

    /// <summary>Business time between two instants.</summary>
    /// <param name="from">UTC ticks, like <paramref name="to"/>, which is not before it.</param>
    /// <returns>Ticks.</returns>
    public long Between(long from, long to)
    {
        // A local day may lie in another year than its instants do in UTC.
        var (first, last) = (calendar.DayOf(from).Year, calendar.DayOf(to).Year);
        var open = 0L;
        for (var year = first; year <= last; year++)
        {
            var times = years.GetOrAdd(year, OpenIn);
            open += times.Before(to) - times.Before(from);
        }
        return open;
    }

    private static List<(TimeSpan, TimeSpan)> HoursOf(JsonElement pairs) =>
        [.. pairs.EnumerateArray().Select(pair => (TimeOf(pair[0].GetString()!), TimeOf(pair[1].GetString()!)))];

    private static TimeSpan TimeOf(string text) => text == "24:00" ? TimeSpan.FromDays(1) : TimeSpan.ParseExact(text, @"hh\:mm", CultureInfo.InvariantCulture);

    private OpenTimes OpenIn(int year)
    {
        var times = new OpenTimes();
        for (var day = new DateOnly(year, 1, 1); day.Year == year; day = day.AddDays(1))
        {
            if (holidays.Contains(day)) continue;
            foreach (var (from, to) in hours[(int)day.DayOfWeek]) times.Add(InstantOf(day, from), InstantOf(day, to));
        }
        return times;
    }

    private long InstantOf(DateOnly day, TimeSpan time) => time < TimeSpan.FromDays(1)
        ? calendar.At(day.ToDateTime(TimeOnly.MinValue) + time).UtcTicks
        : calendar.StartOf(day.AddDays(1)).UtcTicks;

    /// <summary>The open times of a year, in order.</summary>
    private sealed class OpenTimes
    {
        private readonly List<long> starts = [];
        private readonly List<long> ends = [];
        private readonly List<long> earlier = [];

        public void Add(long start, long end)
        {
            // Where clocks go forward, times may meet or vanish.
            if (ends.Count > 0) start = Math.Max(start, ends[^1]);
            if (end <= start) return;
            earlier.Add(ends.Count == 0 ? 0 : earlier[^1] + ends[^1] - starts[^1]);
            starts.Add(start);
            ends.Add(end);
        }

        /// <summary>How much of the year's open time is before an instant.</summary>
        public long Before(long ticks)
        {
            var at = starts.BinarySearch(ticks);
            if (at < 0) at = ~at - 1;
            return at < 0 ? 0 : earlier[at] + Math.Min(ticks, ends[at]) - starts[at];
        }
    }
}
