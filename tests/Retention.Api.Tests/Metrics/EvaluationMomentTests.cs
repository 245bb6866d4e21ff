using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>asOf, given or not, and the zone that says which day it is.</summary>
public sealed class EvaluationMomentTests(ServiceFixture service)
{
    [Fact]
    public async Task Without_asOf_the_moment_is_the_start_of_the_local_day_unless_something_was_recorded_later()
    {
        // The log stamps events by the database's clock, so this one runs far ahead of it.
        var clock = new TestClock(Late(TimeProvider.System.GetUtcNow().AddDays(400)));
        await using var api = await service.StartAsync("ahead", clock);
        var shop = api.Tenant("shop");
        await shop.AcceptAsync(Order("c", "2025-01-01"));

        (await AsOfAsync("")).ShouldBe(clock.Now.AddHours(-23).ToString("yyyy-MM-dd'T'00:00:00+00:00"));
        (await AsOfAsync("&tz=Asia/Tokyo")).ShouldBe(clock.Now.AddHours(1).ToString("yyyy-MM-dd'T'00:00:00+09:00"));

        clock.Now = TimeProvider.System.GetUtcNow();
        var recorded = (await shop.AskAsync("/v1/customers/c")).List("timeline")[0].GetProperty("recordedAt").GetDateTimeOffset();
        clock.Now = Late(recorded);
        DateTimeOffset.Parse(await AsOfAsync("")).ShouldBe(recorded);

        async Task<string> AsOfAsync(string more) =>
            (await shop.AskAsync($"/v1/metrics/revenue?grain=year{more}")).Root.GetProperty("asOf").GetString()!;
    }

    [Fact]
    public async Task A_moment_after_the_clock_is_refused_and_the_clock_is_told()
    {
        var clock = new TestClock(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var api = await service.StartAsync("clock", clock);

        (await api.Tenant("shop").GetAsync("/v1/metrics/revenue?asOf=2026-03-01T12:00:00Z")).Status.ShouldBe(200);
        (await api.Tenant("shop").GetAsync("/v1/metrics/revenue?asOf=2026-03-01T12:00:01Z"))
            .ShouldBeProblem(400, "in_future", "asOf", "2026-03-01T12:00:00");
        (await api.Tenant("shop").GetAsync("/v1/metrics/revenue?asOf=2026-03-01&tz=America/New_York")).Status.ShouldBe(200);
        (await api.Tenant("shop").GetAsync("/v1/metrics/revenue?asOf=2026-03-02&tz=Pacific/Kiritimati")).Status.ShouldBe(200);
        (await api.Tenant("shop").GetAsync("/v1/metrics/revenue?asOf=2026-03-02")).ShouldBeProblem(400, "in_future", "asOf");
    }

    [Fact]
    public async Task Facts_at_or_after_the_moment_are_ignored()
    {
        var shop = service.NewTenant("moment");
        await shop.AcceptAsync(
            Order("c", "2025-01-10", 100), Refund("c", "2025-01-10", "2025-01-20", 30), Cancel("c", "2025-01-10", "2025-02-01"));

        (await RevenueAsync("2025-01-10T12:00:00Z")).ShouldBe((0, 0m, "in_progress"));
        (await RevenueAsync("2025-01-10T12:00:00.0000001Z")).ShouldBe((1, 100m, "in_progress"));
        (await RevenueAsync("2025-01-21")).ShouldBe((1, 70m, "in_progress"));
        (await RevenueAsync("2025-02-01")).ShouldBe((1, 70m, "complete"));
        (await RevenueAsync("2025-02-02")).ShouldBe((0, 0m, "complete"));

        async Task<(long, decimal, string?)> RevenueAsync(string asOf)
        {
            var row = (await shop.AskAsync($"/v1/metrics/revenue?from=2025-01-01&to=2025-02-01&asOf={asOf}")).Rows.ShouldHaveSingleItem();
            return (row.GetProperty("orders").GetInt64(), row.GetProperty("revenue").GetDecimal(), row.GetProperty("status").GetString());
        }
    }

    [Fact]
    public async Task The_zone_decides_which_day_an_order_is_of()
    {
        var shop = service.NewTenant("zone");
        await shop.AcceptAsync(Order("c", "2025-01-31T23:30:00Z"), Order("d", "2025-02-01T00:30:00+02:00"));

        (await OrdersAsync("UTC")).ShouldBe(["2025-01-01 2"]);
        (await OrdersAsync("Europe/Helsinki")).ShouldBe(["2025-02-01 2"]);
        (await OrdersAsync("US/Pacific")).ShouldBe(["2025-01-01 2"]);
        (await OrdersAsync("Etc/GMT-1")).ShouldBe(["2025-01-01 1", "2025-02-01 1"]);

        async Task<IEnumerable<string>> OrdersAsync(string zone) =>
            (await shop.AskAsync($"/v1/metrics/revenue?grain=month&asOf=2025-03-01&to=2025-03-01&tz={zone}")).Rows
                .Where(row => row.GetProperty("orders").GetInt64() > 0)
                .Select(row => $"{row.GetProperty("period")} {row.GetProperty("orders")}");
    }

    /// <summary>23:00 of the moment's day in UTC.</summary>
    private static DateTimeOffset Late(DateTimeOffset moment) => new(moment.UtcDateTime.Date.AddHours(23), TimeSpan.Zero);
}
