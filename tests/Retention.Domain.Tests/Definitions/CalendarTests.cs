using System.Globalization;
using Calendar = Retention.Domain.Definitions.Calendar;

namespace Retention.Domain.Tests.Definitions;

public class CalendarTests
{
    // The last Sundays of March and October in Europe; in São Paulo, until 2019, clocks went forward from midnight to one.
    [Theory]
    [InlineData("Europe/London", "2026-03-28", 24)]
    [InlineData("Europe/London", "2026-03-29", 23)]
    [InlineData("Europe/London", "2026-10-25", 25)]
    [InlineData("America/Sao_Paulo", "2018-11-04", 23)]
    [InlineData("America/Sao_Paulo", "2018-02-17", 25)]
    [InlineData("Asia/Kolkata", "2026-03-29", 24)]
    [InlineData("UTC", "2026-03-29", 24)]
    public void A_day_has_as_many_hours_as_its_clocks_showed(string zone, string day, int hours)
    {
        var (calendar, date) = (In(zone), Day(day));

        (calendar.StartOf(date.AddDays(1)) - calendar.StartOf(date)).TotalHours.ShouldBe(hours);
    }

    [Theory]
    [InlineData("Europe/London", "2026-03-29", "2026-03-29T00:00:00Z")]
    [InlineData("Europe/London", "2026-03-30", "2026-03-29T23:00:00Z")]
    [InlineData("America/Sao_Paulo", "2018-11-03", "2018-11-03T03:00:00Z")]
    [InlineData("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z")]
    [InlineData("America/Sao_Paulo", "2018-11-05", "2018-11-05T02:00:00Z")]
    [InlineData("Asia/Kolkata", "2026-01-01", "2025-12-31T18:30:00Z")]
    [InlineData("US/Pacific", "2026-07-01", "2026-07-01T07:00:00Z")]
    [InlineData("UTC", "2026-07-01", "2026-07-01T00:00:00Z")]
    public void A_day_starts_at_its_first_instant(string zone, string day, string start)
    {
        var calendar = In(zone);

        calendar.StartOf(Day(day)).ToUniversalTime().ShouldBe(Time(start));
        calendar.DayOf(Time(start).UtcTicks).ShouldBe(Day(day));
        calendar.DayOf(Time(start).UtcTicks - 1).ShouldBe(Day(day).AddDays(-1));
    }

    [Fact]
    public void A_midnight_that_does_not_exist_is_read_as_one_oclock() =>
        In("America/Sao_Paulo").StartOf(Day("2018-11-04")).ToString("O", CultureInfo.InvariantCulture).ShouldBe("2018-11-04T01:00:00.0000000-02:00");

    [Fact]
    public void The_hour_that_comes_twice_belongs_to_one_day()
    {
        var saoPaulo = In("America/Sao_Paulo");

        saoPaulo.DayOf(Time("2018-02-18T01:30:00Z").UtcTicks).ShouldBe(Day("2018-02-17"));
        saoPaulo.DayOf(Time("2018-02-18T02:30:00Z").UtcTicks).ShouldBe(Day("2018-02-17"));
        saoPaulo.DayOf(Time("2018-02-18T03:00:00Z").UtcTicks).ShouldBe(Day("2018-02-18"));
    }

    [Fact]
    public void A_link_keeps_its_own_name_and_shows_its_targets_days()
    {
        In("US/Pacific").Zone.ShouldBe("US/Pacific");
        In("US/Pacific").DayOf(Time("2026-01-01T07:59:59Z").UtcTicks).ShouldBe(Day("2025-12-31"));
    }

    [Theory]
    [InlineData("Mars/Olympus")]
    [InlineData("europe/helsinki")]
    [InlineData("UTC+03")]
    [InlineData("UTC+05:30")]
    [InlineData("GMT Standard Time")]
    [InlineData("")]
    public void A_name_outside_the_tz_database_is_no_zone(string name) => Calendar.In(name).ShouldBeNull();

    [Fact]
    public void A_local_time_that_is_skipped_moves_forward_and_one_that_is_repeated_is_the_first()
    {
        In("Europe/London").At(new DateTime(2026, 3, 29, 1, 30, 0)).ToUniversalTime().ShouldBe(Time("2026-03-29T01:30:00Z"));
        In("Europe/London").At(new DateTime(2026, 10, 25, 1, 30, 0)).ToUniversalTime().ShouldBe(Time("2026-10-25T00:30:00Z"));
    }

    private static Calendar In(string zone) => Calendar.In(zone).ShouldNotBeNull();

    private static DateOnly Day(string day) => DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string at) => DateTimeOffset.Parse(at, CultureInfo.InvariantCulture);
}
