using System.Globalization;
using System.Text.RegularExpressions;

namespace Retention.Domain.Definitions;

/// <summary>
/// A period by its name: a year <c>2026</c>, a quarter <c>2026-Q1</c>, a month <c>2026-01</c>, an ISO 8601 week <c>2026-W03</c>, or a day
/// <c>2026-01-05</c>. Where weeks do not start on Monday, a week's name is that of the ISO week in which its fourth day lies.
/// </summary>
public sealed partial record PeriodName(string Text, Grain Grain, DateOnly From, DateOnly To)
{
    /// <summary>How periods are named, for whoever spelled one otherwise.</summary>
    public const string Allowed = "must be a period such as 2026, 2026-Q1, 2026-01, 2026-W03 or 2026-01-05, from 1900 to 2200";

    /// <returns>Null for what names no period.</returns>
    public static PeriodName? Parse(string text, DayOfWeek weekStart)
    {
        if (Pattern().Match(text) is not { Success: true } match) return null;
        var year = Number(match, "year");
        if (year is < 1900 or > 2199) return null;
        if (match.Groups["quarter"].Success) return Of(text, Grain.Quarter, new DateOnly(year, Number(match, "quarter") * 3 - 2, 1), start => start.AddMonths(3));
        if (match.Groups["week"].Success) return Week(text, year, Number(match, "week"), weekStart);
        if (!match.Groups["month"].Success) return Of(text, Grain.Year, new DateOnly(year, 1, 1), start => start.AddYears(1));
        var month = Number(match, "month");
        if (month is < 1 or > 12) return null;
        if (!match.Groups["day"].Success) return Of(text, Grain.Month, new DateOnly(year, month, 1), start => start.AddMonths(1));
        var day = Number(match, "day");
        return day < 1 || day > DateTime.DaysInMonth(year, month) ? null : Of(text, Grain.Day, new DateOnly(year, month, day), start => start.AddDays(1));
    }

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

    [GeneratedRegex(@"\A(?<year>[0-9]{4})(-(Q(?<quarter>[1-4])|W(?<week>[0-9]{2})|(?<month>[0-9]{2})(-(?<day>[0-9]{2}))?))?\z")]
    private static partial Regex Pattern();
}
