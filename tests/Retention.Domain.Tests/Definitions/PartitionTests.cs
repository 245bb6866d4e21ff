using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Definitions;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Definitions;

public class PartitionTests
{
    private static readonly Gen<(Partition.ByGrain Partition, DateOnly Day)> Days =
        from grain in Gen.Elements(Grain.Day, Grain.Week, Grain.Month, Grain.Quarter, Grain.Year)
        from weekStart in Gen.Elements(Enum.GetValues<DayOfWeek>())
        from day in Gen.Frequency((9, Gen.Choose(Story.Day("1990-01-01").DayNumber, Story.Day("2040-12-31").DayNumber)), (1, Gen.Choose(366, 3_000_000)))
        select (new Partition.ByGrain(grain, weekStart), DateOnly.FromDayNumber(day));

    [Fact]
    public void Every_day_lies_in_the_period_of_its_number() =>
        Prop.ForAll(Arb.From(Days), item =>
        {
            var (partition, day) = item;
            var index = partition.IndexOf(day);

            partition.StartOf(index).ShouldBeLessThanOrEqualTo(day);
            partition.EndOf(index).ShouldBeGreaterThan(day);
            partition.IndexOf(partition.StartOf(index)).ShouldBe(index);
            partition.IndexOf(partition.EndOf(index)).ShouldBe(index + 1);
            partition.EndOf(index - 1).ShouldBe(partition.StartOf(index));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void Periods_start_where_a_calendar_says() =>
        Prop.ForAll(Arb.From(Days), item =>
        {
            var (partition, day) = item;
            var start = partition.StartOf(partition.IndexOf(day));

            if (partition.Grain == Grain.Day) start.ShouldBe(day);
            if (partition.Grain == Grain.Week) start.DayOfWeek.ShouldBe(partition.WeekStart);
            if (partition.Grain >= Grain.Month) start.Day.ShouldBe(1);
            if (partition.Grain == Grain.Month) start.Month.ShouldBe(day.Month);
            if (partition.Grain == Grain.Quarter) (start.Month % 3).ShouldBe(1);
            if (partition.Grain == Grain.Year) start.Month.ShouldBe(1);
            if (partition.Grain >= Grain.Month) start.Year.ShouldBe(day.Year);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Theory]
    [InlineData(DayOfWeek.Monday, "2026-01-05")]
    [InlineData(DayOfWeek.Sunday, "2026-01-11")]
    [InlineData(DayOfWeek.Saturday, "2026-01-10")]
    public void Weeks_start_on_the_tenants_weekday(DayOfWeek weekStart, string expected)
    {
        var weeks = new Partition.ByGrain(Grain.Week, weekStart);

        weeks.StartOf(weeks.IndexOf(Story.Day("2026-01-11"))).ShouldBe(Story.Day(expected));
    }

    [Fact]
    public void The_first_days_of_the_calendar_have_periods_too()
    {
        foreach (var grain in Enum.GetValues<Grain>())
        {
            foreach (var weekStart in Enum.GetValues<DayOfWeek>())
            {
                var partition = new Partition.ByGrain(grain, weekStart);
                partition.StartOf(partition.IndexOf(DateOnly.MinValue)).ShouldBe(DateOnly.MinValue);
            }
        }
    }

    [Fact]
    public void An_exact_range_is_period_0_between_others_of_as_many_days()
    {
        var range = new Partition.Exactly(Story.Day("2026-01-05"), Story.Day("2026-02-01"));

        string[] days = ["2025-12-08", "2025-12-09", "2026-01-04", "2026-01-05", "2026-01-31", "2026-02-01", "2026-02-27", "2026-02-28"];
        days.Select(day => range.IndexOf(Story.Day(day))).ShouldBe([-2, -1, -1, 0, 0, 1, 1, 2]);
        (range.StartOf(0), range.EndOf(0)).ShouldBe((Story.Day("2026-01-05"), Story.Day("2026-02-01")));
        (range.StartOf(-1), range.EndOf(-1)).ShouldBe((Story.Day("2025-12-09"), Story.Day("2026-01-05")));
        (range.StartOf(range.IndexOf(DateOnly.MinValue)), range.EndOf(range.IndexOf(DateOnly.MaxValue))).ShouldBe((DateOnly.MinValue, DateOnly.MaxValue));
    }
}
