using System.Globalization;
using Retention.Domain.Definitions;
using Calendar = Retention.Domain.Definitions.Calendar;

namespace Retention.Domain.Tests.Definitions;

public class BusinessCalendarTests
{
    // Clocks go forward on Sunday 2025-03-30 at 03:00, and back on Sunday 2025-10-26 at 04:00.
    private static readonly Calendar Tallinn = Calendar.In("Europe/Tallinn")!;

    private static readonly string[] Holidays = ["2025-01-01", "2025-02-24"];

    [Theory]
    [InlineData("2025-03-26T10:00", "2025-03-26T12:30", 2.5, "within a day")]
    [InlineData("2025-03-26T07:00", "2025-03-26T20:00", 8, "from before the opening to after the closing")]
    [InlineData("2025-03-26T17:00", "2025-03-27T09:00", 0, "from closing to opening")]
    [InlineData("2025-03-28T16:00", "2025-03-31T10:00", 2, "over a weekend on which clocks change")]
    [InlineData("2025-03-29T00:00", "2025-03-31T00:00", 0, "a weekend")]
    [InlineData("2025-02-21T16:00", "2025-02-25T10:00", 2, "over a weekend and a holiday on Monday")]
    [InlineData("2024-12-31T16:00", "2025-01-02T10:00", 2, "over new year")]
    [InlineData("2025-01-01T00:00", "2025-01-15T00:00", 9 * 8, "two weeks with a holiday")]
    [InlineData("2025-03-26T10:00", "2025-03-26T10:00", 0, "no time")]
    public void Office_hours_are_counted(string from, string to, double hours, string why) =>
        Between(Office(), from, to).ShouldBe(TimeSpan.FromHours(hours), why);

    [Theory]
    [InlineData("2025-03-29T12:00", "2025-03-31T00:00", 35)]
    [InlineData("2025-10-25T12:00", "2025-10-27T00:00", 37)]
    [InlineData("2025-03-30T00:00", "2025-03-31T00:00", 23)]
    public void Who_is_always_open_counts_real_time(string from, string to, double hours) =>
        Between(Every("00:00", "24:00"), from, to).ShouldBe(TimeSpan.FromHours(hours));

    [Theory]
    [InlineData("2025-03-30", 2)]
    [InlineData("2025-10-26", 4)]
    [InlineData("2025-10-27", 3)]
    public void An_hour_that_clocks_skip_is_none_and_one_that_they_repeat_is_two(string day, double hours) =>
        Between(Every("02:00", "05:00"), $"{day}T00:00", $"{day}T12:00").ShouldBe(TimeSpan.FromHours(hours));

    [Fact]
    public void A_break_is_no_business_time()
    {
        var hours = new BusinessCalendar(Tallinn, [.. Enumerable.Repeat<IReadOnlyList<(TimeSpan, TimeSpan)>>([(At("09:00"), At("12:00")), (At("13:00"), At("17:00"))], 7)], []);

        Between(hours, "2025-03-26T11:30", "2025-03-26T13:15").ShouldBe(TimeSpan.FromMinutes(45));
    }

    [Fact]
    public void Hours_of_the_settings_are_in_the_tenants_own_zone()
    {
        var hours = BusinessCalendar.Of(Settings.Default with { TimeZone = "Asia/Tokyo" });

        // Nine in Tokyo is midnight in UTC.
        hours.Between(Ticks("2025-03-26T00:00Z"), Ticks("2025-03-26T02:00Z")).ShouldBe(TimeSpan.FromHours(2).Ticks);
        hours.Between(Ticks("2025-03-25T20:00Z"), Ticks("2025-03-26T00:00Z")).ShouldBe(0);
    }

    [Fact]
    public void E_mail_received_before_the_clocks_change_is_due_after_35_hours()
    {
        var promise = ServicePromise.Of(Settings.Default with { TimeZone = "Europe/Tallinn" });
        var received = Local("2025-03-29T12:00");

        var due = promise.Of("email", received)!.Value;

        due.Ticks.ShouldBe(Local("2025-03-31T00:00"));
        TimeSpan.FromTicks(due.Ticks - received).ShouldBe(TimeSpan.FromHours(35));
        due.IsKeptBy(due.Ticks - 1).ShouldBeTrue();
        due.IsKeptBy(due.Ticks).ShouldBeFalse();
    }

    [Theory]
    [InlineData("chat", 5)]
    [InlineData("phone", 24 * 60)]
    [InlineData(null, 24 * 60)]
    public void Other_promises_are_durations_whose_end_is_still_in_time(string? channel, int minutes)
    {
        var received = Local("2025-03-29T12:00");

        var due = ServicePromise.Of(Settings.Default).Of(channel, received)!.Value;

        due.Ticks.ShouldBe(received + TimeSpan.FromMinutes(minutes).Ticks);
        due.IsKeptBy(due.Ticks).ShouldBeTrue();
        due.IsKeptBy(due.Ticks + 1).ShouldBeFalse();
    }

    [Fact]
    public void Without_a_promise_for_all_others_they_have_none() =>
        new ServicePromise(Tallinn, new Dictionary<string, string> { ["chat"] = "P1DT30M" }).Of("email", 0).ShouldBeNull();

    private static BusinessCalendar Office() => new(
        Tallinn, [.. Enum.GetValues<DayOfWeek>().Select(day => day is DayOfWeek.Saturday or DayOfWeek.Sunday ? (IReadOnlyList<(TimeSpan, TimeSpan)>)[] : [(At("09:00"), At("17:00"))])],
        Holidays.Select(day => DateOnly.Parse(day, CultureInfo.InvariantCulture)));

    private static BusinessCalendar Every(string from, string to) =>
        new(Tallinn, [.. Enumerable.Repeat<IReadOnlyList<(TimeSpan, TimeSpan)>>([(At(from), At(to))], 7)], []);

    private static TimeSpan At(string time) => time == "24:00" ? TimeSpan.FromDays(1) : TimeSpan.Parse(time, CultureInfo.InvariantCulture);

    private static TimeSpan Between(BusinessCalendar hours, string from, string to) => TimeSpan.FromTicks(hours.Between(Local(from), Local(to)));

    private static long Local(string time) => Tallinn.At(DateTime.Parse(time, CultureInfo.InvariantCulture)).UtcTicks;

    private static long Ticks(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).UtcTicks;
}
