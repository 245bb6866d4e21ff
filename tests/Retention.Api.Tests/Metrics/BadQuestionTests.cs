using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>A wrong query string is 400, names the parameter and says what is allowed.</summary>
public sealed class BadQuestionTests(ServiceFixture service)
{
    private static readonly string[] Endpoints =
    [
        "/v1/cohorts", "/v1/metrics/retention", "/v1/metrics/lifecycle", "/v1/metrics/revenue",
        "/v1/metrics/revenue-retention", "/v1/metrics/time-between-purchases", "/v1/metrics/survival", "/v1/metrics/clv", "/v1/metrics/nps", "/v1/metrics/csat",
        "/v1/metrics/ces", "/v1/metrics/complaints", "/v1/customers/c", "/v1/customers/c/timeline",
    ];

    public static TheoryData<string> Everywhere => [.. Endpoints];

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Every_endpoint_names_the_parameter_and_what_is_allowed(string endpoint)
    {
        var shop = service.NewTenant("asked");
        await shop.AcceptAsync(Order("c", "2025-01-01"));
        await shop.AskAsync(endpoint);

        await RefusesAsync("colour=red", "unknown_parameter", "colour", "asOf", "grain", "minPosition", "tz");
        await RefusesAsync("grain=", "empty", "grain", "no value");
        await RefusesAsync("grain=fortnight", "not_allowed", "grain", "day, week, month, quarter, year");
        await RefusesAsync("grain=Month", "not_allowed", "grain", "day, week, month, quarter, year");
        await RefusesAsync("grain=month&grain=week", "repeated", "grain", "once");
        await RefusesAsync("from=yesterday", "not_a_date", "from", "ISO date");
        await RefusesAsync("from=1899-01-01", "not_a_date", "from", "1900");
        await RefusesAsync("to=2025-02-30", "not_a_date", "to", "ISO date");
        await RefusesAsync("from=2025-02-01&to=2025-02-01", "empty_range", "to", "after from");
        await RefusesAsync("tz=Mars/Base", "unknown_time_zone", "tz", "Europe/Helsinki");
        await RefusesAsync("asOf=soon", "not_a_time", "asOf", "RFC 3339", "%2B");
        await RefusesAsync("asOf=2025-01-01T00:00:00", "not_a_time", "asOf", "offset");
        await RefusesAsync("asOf=2999-01-01", "not_a_time", "asOf", "1900 to 2200");
        await RefusesAsync("asOf=2199-01-01", "in_future", "asOf", "future");
        await RefusesAsync("activity=60", "not_allowed", "activity", "window:60d");
        await RefusesAsync("activity=window:0d", "not_allowed", "activity", "1 to 3660");
        await RefusesAsync("activity=window:3661d", "not_allowed", "activity", "1 to 3660");
        await RefusesAsync("refunds=never", "not_allowed", "refunds", "order, refund");
        await RefusesAsync("minPosition=last", "out_of_range", "minPosition", "whole number");
        await RefusesAsync("minPosition=-1", "out_of_range", "minPosition", "whole number");
        await RefusesAsync("minPosition=9223372036854775807", "unknown_position", "minPosition", "answered");
        await RefusesAsync("format=xml", "not_allowed", "format", "json, csv");

        async Task RefusesAsync(string query, string code, string path, params string[] words) =>
            (await shop.GetAsync($"{endpoint}?{query}")).ShouldBeProblem(400, code, path, words);
    }

    [Theory]
    [InlineData("mode=sometimes", "not_allowed", "mode", "on, on_or_after, on_or_before, survival")]
    [InlineData("measure=profit", "not_allowed", "measure", "customers, orders, revenue, cumulativeRevenue, cumulativeRevenuePerCustomer")]
    [InlineData("measure=revenue&mode=on_or_after", "not_allowed", "mode", "must be on")]
    [InlineData("measure=cumulativeRevenue&mode=survival", "not_allowed", "mode", "must be on")]
    [InlineData("measure=orders&return=any", "not_allowed", "return", "must be order")]
    [InlineData("measure=orders&minOrders=2", "not_allowed", "minOrders", "must be 1")]
    [InlineData("entry=last", "not_allowed", "entry", "first, every")]
    [InlineData("entry=every&mode=survival", "not_allowed", "entry", "must be first")]
    [InlineData("entry=every&alignment=rolling", "not_allowed", "alignment", "must be calendar")]
    [InlineData("start=visit", "not_allowed", "start", "order, registration, complaint, feedback, any")]
    [InlineData("return=visit", "not_allowed", "return", "order, registration, complaint, feedback, any")]
    [InlineData("return=complaint&minOrders=2", "not_allowed", "minOrders", "must be 1")]
    [InlineData("return=any&mode=survival", "not_allowed", "return", "must be order")]
    [InlineData("minOrders=2&mode=survival", "not_allowed", "minOrders", "must be 1")]
    [InlineData("grain=hour&mode=survival", "not_allowed", "mode", "on, on_or_after, on_or_before")]
    [InlineData("alignment=diagonal", "not_allowed", "alignment", "calendar, rolling")]
    [InlineData("summary=median", "not_allowed", "summary", "pooled, simple")]
    [InlineData("minOrders=0", "out_of_range", "minOrders", "1 to 1000")]
    [InlineData("periods=-1", "out_of_range", "periods", "0 to 5000")]
    [InlineData("periods=many", "out_of_range", "periods", "0 to 5000")]
    [InlineData("brackets=", "empty", "brackets", "no value")]
    [InlineData("brackets=1-3,x", "not_allowed", "brackets", "1-3,4-7")]
    [InlineData("brackets=1-3,3-5", "not_allowed", "brackets", "overlap")]
    [InlineData("brackets=0-3", "not_allowed", "brackets", "from 1 on")]
    [InlineData("brackets=4-2", "not_allowed", "brackets", "ascending")]
    [InlineData("brackets=1-6000", "not_allowed", "brackets", "5000")]
    [InlineData("brackets=1-3,4-7&periods=5", "not_allowed", "periods", "period 7")]
    [InlineData("groupBy=product", "not_allowed", "groupBy", "channel, country, campaign, tier")]
    [InlineData("grain=day&from=1900-01-01&to=1954-01-01&periods=5000", "too_many_cells", "periods", "1000000")]
    [InlineData("grain=day&from=1900-01-01&to=2100-01-01", "too_many_periods", "from", "20000")]
    public async Task Cohorts_refuse_what_is_wrong_for_them(string query, string code, string path, string words) =>
        (await service.NewTenant("asked").GetAsync($"/v1/cohorts?{query}")).ShouldBeProblem(400, code, path, words);

    [Theory]
    [InlineData("9999-12-31T23:00:00Z")]
    [InlineData("9999-12-31T23:00Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("1899-12-31T23:59")]
    [InlineData("2025-01-31T08:00+2")]
    [InlineData("2025-01-31T8")]
    public async Task A_range_of_hours_is_of_times_of_a_calendar(string time)
    {
        foreach (var path in (string[])["/v1/metrics/revenue", "/v1/cohorts"])
            (await service.NewTenant("asked").GetAsync($"{path}?grain=hour&from={Uri.EscapeDataString(time)}"))
                .ShouldBeProblem(400, "not_a_time", "from", "2026-01-31T08:00", "1900 to 2200");
    }

    [Theory]
    [InlineData("retention", 400, "not_allowed")]
    [InlineData("survival", 400, "unknown_parameter")]
    public async Task Comparisons_are_with_the_period_before_where_there_is_one(string metric, int status, string code) =>
        (await service.NewTenant("asked").GetAsync($"/v1/metrics/{metric}?compare=next")).ShouldBeProblem(status, code, "compare");

    [Fact]
    public async Task Everything_that_is_wrong_is_named_at_once()
    {
        var answer = await service.NewTenant("asked").GetAsync("/v1/metrics/retention?grain=x&tz=y&asOf=z&activity=a&refunds=b&from=c");

        answer.List("errors").Select(error => error.GetProperty("path").GetString())
            .ShouldBe(["grain", "tz", "asOf", "activity", "refunds", "from"], ignoreOrder: true);
    }

    [Fact]
    public async Task Problems_are_told_apart_by_status_and_code()
    {
        var shop = service.NewTenant("problems");
        await shop.AcceptAsync(Order("c", "2025-01-01"));
        Answer[] problems =
        [
            await shop.GetAsync("/v1/metrics/revenue?grain=fortnight"),
            await shop.GetAsync("/v1/metrics/profit"),
            await shop.DeleteAsync("/v1/metrics"),
            await shop.GetAsync("/v1/customers/nobody"),
            await shop.PostAsync("/v1/events", "x", "text/plain"),
            await shop.PostAsync("/v1/events?atomic=yes", "[]"),
            await shop.PutAsync("/v1/settings", """{"refunds":"never"}"""),
            await shop.PutAsync("/v1/settings", """{"currency":"USD"}"""),
            await shop.PostAsync("/v1/events?atomic=true", TestTenant.Json([Order("c", "2025-01-01", 5)])),
            await service.Api.Tenant("Acme").GetAsync("/v1/settings"),
        ];

        string.Join('\n', problems.Select(problem => Verified.Scrubbed(problem.Text))).ShouldBeVerified();
    }

    [Fact]
    public async Task Accept_chooses_the_format_where_the_query_does_not()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/metrics/revenue");
        request.Headers.Add("Accept", "text/csv");
        request.Headers.Add("Retention-Tenant", "nothing-here");

        using var response = await service.Api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/csv");
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldStartWith("period,from,to,status,group,orders,");
    }
}
