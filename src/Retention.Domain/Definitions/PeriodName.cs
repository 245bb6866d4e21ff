using System.Globalization;
using System.Text.RegularExpressions;

namespace Retention.Domain.Definitions;

/// <summary>
/// A period by its name: a year <c>2026</c>, a quarter <c>2026-Q1</c>, a month <c>2026-01</c>, an ISO 8601 week <c>2026-W03</c>, or a day
/// <c>2026-01-05</c>. Where weeks do not start on Monday, a week's name is that of the ISO week in which its fourth day lies. Metrics name
/// their periods by the first day instead, so a date names the period of a grain in which it lies.
/// </summary>
public sealed partial record PeriodName(string Text, Grain Grain, DateOnly From, DateOnly To)
{
    /// <summary>How periods are named, for whoever spelled one otherwise.</summary>
    public const string Allowed = "must be a period such as 2026, 2026-Q1, 2026-01 or 2026-W03, or a date of the period of grain (default month), from 1900 to 2200";

    /// <param name="grain">Of the period that a date is of; null for a month. Other names say their grain themselves.</param>
    /// <returns>Null for what names no period, or one of another grain.</returns>
    public static PeriodName? Parse(string text, DayOfWeek weekStart, Grain? grain = null) =>
        DateOf(text) is { } date ? Holding(date, grain ?? Grain.Month, weekStart)
        : Named(text, weekStart) is { } named && (grain ?? named.Grain) == named.Grain ? named
        : null;

    private static PeriodName? Named(string text, DayOfWeek weekStart)
    {
        if (Pattern().Match(text) is not { Success: true } match) return null;
        var year = Number(match, "year");
        if (year is < 1900 or > 2199) return null;
        if (match.Groups["quarter"].Success) return Of(text, Grain.Quarter, new DateOnly(year, Number(match, "quarter") * 3 - 2, 1), start => start.AddMonths(3));
        if (match.Groups["week"].Success) return Week(text, year, Number(match, "week"), weekStart);
        if (!match.Groups["month"].Success) return Of(text, Grain.Year, new DateOnly(year, 1, 1), start => start.AddYears(1));
        var month = Number(match, "month");
        if (month is < 1 or > 12) return null;
        return Of(text, Grain.Month, new DateOnly(year, month, 1), start => start.AddMonths(1));
    }

    private static PeriodName? Holding(DateOnly date, Grain grain, DayOfWeek weekStart)
    {
        switch (grain)
        {
            case Grain.Day:
                return Of(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Grain.Day, date, start => start.AddDays(1));
            case Grain.Week:
                var fourth = date.AddDays(3 - ((int)date.DayOfWeek - (int)weekStart + 7) % 7).ToDateTime(TimeOnly.MinValue);
                return Named($"{ISOWeek.GetYear(fourth):0000}-W{ISOWeek.GetWeekOfYear(fourth):00}", weekStart);
            case Grain.Month:
                return Named($"{date.Year:0000}-{date.Month:00}", weekStart);
            case Grain.Quarter:
                return Named($"{date.Year:0000}-Q{(date.Month + 2) / 3}", weekStart);
            case Grain.Year:
                return Named($"{date.Year:0000}", weekStart);
            default:
                return null;
        }
    }

    private static DateOnly? DateOf(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year is >= 1900 and <= 2199 ? date : null;

    private static PeriodName? Week(string text, int year, int week, DayOfWeek weekStart)
    {
        if (week < 1 || week > ISOWeek.GetWeeksInYear(year)) return null;
        var monday = DateOnly.FromDateTime(ISOWeek.ToDateTime(year, week, DayOfWeek.Monday));
        // The start whose fourth day lies in the ISO week: three days before Monday at the earliest.
        var shift = ((int)weekStart - (int)DayOfWeek.Monday + 7) % 7;
        return Of(text, Grain.Week, monday.AddDays(shift > 3 ? shift - 7 : shift), start => start.AddDays(7));
    }

    private static PeriodName Of(string text, Grain grain, DateOnly from, Func<DateOnly, DateOnly> next) => new(text, grain, from, next(from));

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A(?<year>[0-9]{4})(-(Q(?<quarter>[1-4])|W(?<week>[0-9]{2})|(?<month>[0-9]{2})))?\z")]
    private static partial Regex Pattern();
}
