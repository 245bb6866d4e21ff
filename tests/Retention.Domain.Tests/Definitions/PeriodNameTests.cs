using Retention.Domain.Definitions;

namespace Retention.Domain.Tests.Definitions;

public class PeriodNameTests
{
    [Theory]
    [InlineData("2026", Grain.Year, "2026-01-01", "2027-01-01")]
    [InlineData("2026-Q4", Grain.Quarter, "2026-10-01", "2027-01-01")]
    [InlineData("2024-02", Grain.Month, "2024-02-01", "2024-03-01")]
    [InlineData("2026-W01", Grain.Week, "2025-12-29", "2026-01-05")]
    [InlineData("2020-W53", Grain.Week, "2020-12-28", "2021-01-04")]
    public void A_name_is_of_one_period(string name, Grain grain, string from, string to) =>
        PeriodName.Parse(name, DayOfWeek.Monday).ShouldBe(new PeriodName(name, grain, DateOnly.Parse(from, null), DateOnly.Parse(to, null)));

    [Theory]
    [InlineData("2024-02-29", null, "2024-02")]
    [InlineData("2024-02-01", Grain.Month, "2024-02")]
    [InlineData("2024-02-29", Grain.Quarter, "2024-Q1")]
    [InlineData("2024-10-01", Grain.Quarter, "2024-Q4")]
    [InlineData("2024-02-29", Grain.Year, "2024")]
    [InlineData("2025-12-29", Grain.Week, "2026-W01")]
    [InlineData("2026-01-04", Grain.Week, "2026-W01")]
    [InlineData("2021-01-03", Grain.Week, "2020-W53")]
    public void A_date_names_the_period_of_a_grain_in_which_it_lies(string date, Grain? grain, string name) =>
        PeriodName.Parse(date, DayOfWeek.Monday, grain).ShouldBe(PeriodName.Parse(name, DayOfWeek.Monday));

    [Fact]
    public void A_date_names_its_day_and_names_of_another_grain_name_nothing()
    {
        PeriodName.Parse("2024-02-29", DayOfWeek.Monday, Grain.Day).ShouldBe(new PeriodName("2024-02-29", Grain.Day, new(2024, 2, 29), new(2024, 3, 1)));
        PeriodName.Parse("2024-Q1", DayOfWeek.Monday, Grain.Month).ShouldBeNull();
    }

    [Theory]
    [InlineData(DayOfWeek.Sunday)]
    [InlineData(DayOfWeek.Monday)]
    [InlineData(DayOfWeek.Tuesday)]
    [InlineData(DayOfWeek.Wednesday)]
    [InlineData(DayOfWeek.Thursday)]
    [InlineData(DayOfWeek.Friday)]
    [InlineData(DayOfWeek.Saturday)]
    public void Every_day_lies_in_the_week_that_it_names(DayOfWeek weekStart)
    {
        for (var day = new DateOnly(2019, 12, 20); day < new DateOnly(2027, 1, 20); day = day.AddDays(1))
        {
            var week = PeriodName.Parse(day.ToString("yyyy-MM-dd"), weekStart, Grain.Week).ShouldNotBeNull();
            (week.From <= day && day < week.To).ShouldBeTrue($"{day} in {week}");
        }
    }

    [Theory]
    [InlineData(DayOfWeek.Sunday, "2026-01-11")]
    [InlineData(DayOfWeek.Saturday, "2026-01-10")]
    [InlineData(DayOfWeek.Tuesday, "2026-01-13")]
    [InlineData(DayOfWeek.Thursday, "2026-01-15")]
    public void Weeks_of_another_first_day_share_four_days_with_the_ISO_week_of_their_name(DayOfWeek weekStart, string from)
    {
        var week = PeriodName.Parse("2026-W03", weekStart).ShouldNotBeNull();
        week.From.ShouldBe(DateOnly.Parse(from, null));
        week.From.DayOfWeek.ShouldBe(weekStart);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-13")]
    [InlineData("2026-00")]
    [InlineData("2026-Q5")]
    [InlineData("2026-W00")]
    [InlineData("2025-W53")]
    [InlineData("2025-02-29")]
    [InlineData("2026-1")]
    [InlineData("0001")]
    [InlineData("2026-01-01T00:00")]
    public void Anything_else_is_of_none(string name) => PeriodName.Parse(name, DayOfWeek.Monday).ShouldBeNull();
}
