using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Api.Tests.EndToEnd;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Clv;

/// <summary>More retention for one's own cohorts, and the simple lifetime value, both worked out by hand.</summary>
public sealed class WhatIfTests(ServiceFixture service)
{
    [Fact]
    public async Task More_retention_for_a_cohort_of_ten()
    {
        var shop = service.NewTenant("what-if");
        // January has ten customers who spend 10.00 each; five of them spend 20.00 in February, and two of those 30.00 in March.
        await shop.AcceptAsync(
        [
            .. Enumerable.Range(0, 10).Select(customer => Order($"c{customer}", "2025-01-20", 10m)),
            .. Enumerable.Range(0, 5).Select(customer => Order($"c{customer}", "2025-02-20", 20m)),
            .. Enumerable.Range(0, 2).Select(customer => Order($"c{customer}", "2025-03-20", 30m)),
        ]);

        var answer = await shop.AskAsync("/v1/models/clv/what-if?activity=window:20d&asOf=2025-04-10&margin=0.4&acquisitionCost=3&points=0.1&share=0.2");

        // Of each active customer, 20.00 in February and 30.00 in March.
        // Points: rates 0.5 and 0.4 become 0.6 and 0.5: six customers, then three: 100 + 120 + 90.
        // Share: 0.6 and 0.48: six, then 2.88: 100 + 120 + 86.40. Profit is 0.4 of revenue less 30.00.
        answer.Rows.Select(row => (row.Word("case"), Round(row, "revenueBefore"), Round(row, "revenueAfter"), Round(row, "profitBefore"), Round(row, "profitAfter")))
            .ShouldBe([("points", 260, 310, 74, 94), ("share", 260, 306.4, 74, 92.56)]);
        answer.Rows[0].GetProperty("revenueChange").GetDouble().ShouldBe(50.0 / 260, 1e-12);
        answer.Rows[1].GetProperty("profitChange").GetDouble().ShouldBe(92.56 / 74 - 1, 1e-12);
        (answer.Number("cohorts"), answer.Number("customers"), answer.Root.Word("observedUntil")).ShouldBe((1, 10, "2025-04-01"));
        answer.List("assumptions").ShouldContain(sentence => sentence.GetString()!.Contains("nothing is extrapolated"));
        answer.Root.Word("claim").ShouldContain("25 to 95 %");
    }

    [Fact]
    public async Task Without_a_known_margin_there_is_no_profit_and_without_cohorts_no_change()
    {
        var shop = service.NewTenant("what-if");
        var empty = await shop.GetAsync("/v1/models/clv/what-if");
        empty.Status.ShouldBe(200, empty.Text);
        empty.Rows.ShouldAllBe(row => row.GetProperty("revenueBefore").GetDouble() == 0 && row.Rate("revenueChange") == null);

        await shop.AcceptAsync(Order("a", "2025-01-01"));
        (await shop.AskAsync("/v1/models/clv/what-if")).Rows.ShouldAllBe(row => row.Rate("profitBefore") == null && row.Rate("revenueChange") != null);
        await shop.AcceptAsync(Order("a", "2025-02-01", 10m, new JsonObject { ["margin"] = 2.5m }));
        var known = await shop.AskAsync("/v1/models/clv/what-if");
        (known.Root.GetProperty("parameters").Rate("margin"), known.Rows[0].Rate("profitBefore")).ShouldBe((0.25, 5));
    }

    [Fact]
    public async Task The_simple_value_is_ARPA_times_margin_over_churn()
    {
        var shop = service.NewTenant("simple");
        // Active at the start of the window of 90 days: a, b, c, d. Lost in it: c, d. New in it: e.
        await shop.AcceptAsync(
            Order("a", "2025-01-20", 10m), Order("b", "2025-01-20", 10m), Order("c", "2025-01-20", 10m), Order("d", "2025-01-20", 10m),
            Order("a", "2025-03-10", 40m, new JsonObject { ["margin"] = 10m }), Order("b", "2025-04-20", 30m), Order("e", "2025-04-25", 35m), Refund("b", "2025-04-20", "2025-04-21", 5m));

        var simple = (await shop.AskAsync("/v1/metrics/clv?asOf=2025-05-02&window=P90D&activity=window:60d")).Root.GetProperty("simple");
        var assumed = (await shop.AskAsync("/v1/metrics/clv?asOf=2025-05-02&window=P90D&activity=window:60d&margin=0.4")).Root.GetProperty("simple");
        var steady = (await shop.AskAsync("/v1/metrics/clv?asOf=2025-03-20&window=P30D&activity=window:60d")).Root.GetProperty("simple");

        (simple.Word("from"), simple.Word("to"), simple.Money("revenue"), simple.Count("accounts"), simple.Count("opening"), simple.Count("lost"))
            .ShouldBe(("2025-02-01", "2025-05-02", 100m, 5, 4, 2));
        (simple.Rate("arpa"), simple.Rate("churn"), simple.Rate("margin"), simple.Rate("value")).ShouldBe((20, 0.5, 0.25, 10));
        assumed.Rate("value").ShouldBe(16);
        (steady.Count("lost"), steady.Rate("churn"), steady.Rate("value")).ShouldBe((0, 0, null));
    }

    private static double Round(JsonElement row, string name) => Math.Round(row.GetProperty(name).GetDouble(), 9);
}
