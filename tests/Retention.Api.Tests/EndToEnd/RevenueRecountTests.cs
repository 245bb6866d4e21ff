using System.Text.Json;
using Retention.Api.Tests.Recounting;

namespace Retention.Api.Tests.EndToEnd;

/// <summary><c>GET /v1/metrics/revenue</c> of imported files against SQL over their rows.</summary>
[Collection(nameof(ImportedShops))]
public sealed class RevenueRecountTests(ImportedShops shops)
{
    public static TheoryData<string, string> Moments => ImportedShops.Moments;

    [Theory]
    [InlineData("online-retail")]
    [InlineData("cdnow")]
    public async Task The_import_reports_what_is_in_the_file(string mapping)
    {
        var (report, totals) = (shops[mapping].Report, await shops[mapping].Recount.TotalsAsync());

        report.Count("linesRead").ShouldBe(totals.Lines);
        report.Count("linesWithoutCustomer").ShouldBe(totals.LinesWithoutCustomer);
        report.Count("unmatchedReturnLines").ShouldBe(totals.UnmatchedLines);
        report.Count("accepted").ShouldBe(totals.Purchases + totals.Refunds + totals.CountryChanges);
        report.Count("rejectedEvents").ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task Orders_customers_and_revenue_are_the_recounted_ones(string mapping, string when)
    {
        var asked = await shops[mapping].AskAsync(when);
        foreach (var grain in (string[])["month", "week", "day"])
        {
            var rows = await asked.RowsAsync($"/v1/metrics/revenue?grain={grain}");
            var recounted = await asked.Recount.RevenueAsync(grain, asked.AsOf);

            ShouldRunTo(rows, recounted[0].Start, asked.AsOf);
            rows.Where(row => row.Count("orders") > 0).Select(Period).ShouldBe(recounted);
            rows.Where(row => row.Count("orders") == 0).ShouldAllBe(
                row => row.Count("customers") == 0 && row.Money("revenue") == 0);
        }
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task Repeat_rates_and_averages_are_the_recounted_ones(string mapping, string when)
    {
        var asked = await shops[mapping].AskAsync(when);
        foreach (var grain in (string[])["month", "week"])
        {
            var rows = (await asked.Tenant.AskAsync($"/v1/metrics/revenue?grain={grain}{asked.Query}")).Rows;
            var served = rows.ToDictionary(row => row.Day("period"));
            var recounted = await asked.Recount.RevenueAsync(grain, asked.AsOf);
            foreach (var (counted, again) in recounted.Zip(await asked.Recount.RepeatsAsync(grain, asked.AsOf)))
            {
                again.Start.ShouldBe(counted.Start);
                var row = served[counted.Start];
                row.ShouldHaveNear("averageOrderValue", counted.Revenue / counted.Orders);
                row.ShouldHaveNear("purchaseFrequency", (decimal)counted.Orders / counted.Customers);
                row.ShouldHaveNear("repeatRateWindow", (decimal)again.Repeaters / counted.Customers);
                row.ShouldHaveNear("returningCustomerRate", (decimal)again.Returning / counted.Customers);
                row.ShouldHaveNear("repeatRateLifetime", (decimal)again.Repeated / again.Acquired);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task Refunds_on_their_own_days_give_the_recounted_revenue(string mapping, string when)
    {
        var asked = await shops[mapping].AskAsync(when);
        foreach (var grain in (string[])["month", "week", "day"])
        {
            var rows = await asked.RowsAsync($"/v1/metrics/revenue?grain={grain}&refunds=refund");
            var booked = await asked.Recount.BookedAsync(grain, asked.AsOf);

            rows.Select(row => (row.Day("period"), Revenue: row.Money("revenue"))).Where(row => row.Revenue != 0)
                .ShouldBe(booked.Where(period => period.Revenue != 0));
        }
    }

    /// <summary>The rows follow each other without a gap up to the period of the moment, which alone may be in progress.</summary>
    private static void ShouldRunTo(IReadOnlyList<JsonElement> rows, DateOnly first, DateTimeOffset asOf)
    {
        rows[0].Day("period").ShouldBe(first);
        rows.Skip(1).Select(row => row.Day("period")).ShouldBe(rows.SkipLast(1).Select(row => row.Day("to")));
        rows.SkipLast(1).ShouldAllBe(row => row.Word("status") == "complete");
        var (from, to) = (rows[^1].Day("period").ToDateTime(default), rows[^1].Day("to").ToDateTime(default));
        from.ShouldBeLessThan(asOf.DateTime);
        to.ShouldBeGreaterThanOrEqualTo(asOf.DateTime);
        rows[^1].Word("status").ShouldBe(to == asOf.DateTime ? "complete" : "in_progress");
    }

    private static Recount.Period Period(JsonElement row) =>
        new(row.Day("period"), row.Count("orders"), row.Count("customers"), row.Money("revenue"));
}
