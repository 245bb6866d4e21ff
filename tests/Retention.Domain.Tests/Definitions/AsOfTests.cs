using Retention.Domain.Definitions;
using Retention.Domain.Tests.Customers;

namespace Retention.Domain.Tests.Definitions;

public class AsOfTests
{
    [Theory]
    [InlineData("2026-01-31 23:59:59", PeriodStatus.NotObservable)]
    [InlineData("2026-02-01", PeriodStatus.NotObservable)]
    [InlineData("2026-02-01 00:00:00.0000001", PeriodStatus.InProgress)]
    [InlineData("2026-02-14 12:00", PeriodStatus.InProgress)]
    [InlineData("2026-02-28 23:59:59.9999999", PeriodStatus.InProgress)]
    [InlineData("2026-03-01", PeriodStatus.Complete)]
    [InlineData("2026-03-02", PeriodStatus.Complete)]
    public void A_period_is_complete_once_it_has_ended_and_not_observable_until_it_has_begun(string asOf, PeriodStatus expected) =>
        Story.Moment(asOf).Of(Story.Day("2026-02-01"), Story.Day("2026-03-01")).ShouldBe(expected);

    [Theory]
    [InlineData("2018-11-04 02:59:59", PeriodStatus.NotObservable)]
    [InlineData("2018-11-04 03:00", PeriodStatus.NotObservable)]
    [InlineData("2018-11-04 03:00:01", PeriodStatus.InProgress)]
    [InlineData("2018-11-05 01:59:59", PeriodStatus.InProgress)]
    [InlineData("2018-11-05 02:00", PeriodStatus.Complete)]
    public void A_day_without_midnight_begins_and_ends_with_its_first_and_last_instant(string asOf, PeriodStatus expected) =>
        Story.Moment(asOf, Calendar.In("America/Sao_Paulo")).Of(Story.Day("2018-11-04"), Story.Day("2018-11-05")).ShouldBe(expected);

    [Fact]
    public void The_moment_is_echoed_with_the_zones_offset() =>
        Story.Moment("2026-07-01 12:00", Calendar.In("Europe/Helsinki")).Moment.Offset.ShouldBe(TimeSpan.FromHours(3));
}
