using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Api.Tests.EndToEnd;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>Survival and the time between purchases, by the examples of their definitions.</summary>
public sealed class CurveTests(ServiceFixture service)
{
    private static readonly DateOnly Today = new(2025, 12, 1);

    [Fact]
    public async Task The_survival_of_five_customers()
    {
        var shop = await FiveAsync();

        var answer = await shop.AskAsync("/v1/metrics/survival?asOf=2025-12-01&activity=window:90d");

        answer.Rows.Select(Step).ShouldBe(["90 5 2 0.600 [0.126 0.882]", "150 2 1 0.300 [0.012 0.719]"]);
        answer.Number("median").ShouldBe(150);
        answer.Root.GetProperty("lifetimes").ToString().ShouldBe("""{"lapsed":3,"censored":2}""");
        answer.Root.GetProperty("logRank").ValueKind.ShouldBe(JsonValueKind.Null);
        var curve = answer.List("curves").ShouldHaveSingleItem();
        // The first of the five came 300 days ago, and the range ends with the day of the moment.
        (curve.Word("period"), curve.Word("from"), curve.Word("to"), curve.Word("status")).ShouldBe((Ago(300), Ago(300), "2025-12-02", "in_progress"));
        (curve.Count("median"), curve.GetProperty("lifetimes").Count("lapsed")).ShouldBe((150, 3));
        answer.Rows.ShouldAllBe(row => row.Word("period") == Ago(300) && row.Word("to") == "2025-12-02");
        answer.Root.GetProperty("parameters").GetProperty("grain").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("metrics/survival", "2025-01-10")]
    [InlineData("metrics/time-between-purchases", "2025-01-10")]
    [InlineData("metrics/survival?grain=month", "2025-01-01")]
    [InlineData("metrics/retention?grain=month", "2025-01-01")]
    [InlineData("cohorts?grain=month", "2025-01-01")]
    [InlineData("metrics/lapse-reasons", "2025-01-12")]
    [InlineData("metrics/service-recovery?grain=month", "2025-01-01")]
    public async Task A_range_begins_with_the_first_order_of_the_tenant_whomever_a_filter_chooses(string question, string from)
    {
        var shop = service.NewTenant("begins");
        await shop.AcceptAsync(Order("a", "2025-01-10", more: new() { ["channel"] = "web" }), Order("b", "2025-03-05", more: new() { ["channel"] = "app" }),
            Event("lapse_reason_given", "a", "2025-01-12", new JsonObject { ["reason"] = "price" }), Event("lapse_reason_given", "b", "2025-03-06", new JsonObject { ["reason"] = "price" }));

        var answer = await shop.AskAsync($"/v1/{question}{(question.Contains('?', StringComparison.Ordinal) ? '&' : '?')}filter=channel:app&asOf=2025-08-01");

        answer.Root.GetProperty("parameters").Word("from").ShouldBe(from);
    }

    [Fact]
    public async Task From_and_to_choose_the_customers_by_when_they_came()
    {
        var shop = await FiveAsync();

        // Those of 250 and 201 days ago: a lapse after 90 days, and one who was seen for 200.
        var answer = await shop.AskAsync($"/v1/metrics/survival?asOf=2025-12-01&from={Ago(299)}&to={Ago(200)}");

        answer.Rows.Select(row => $"{row.Word("period")} {row.Word("to")} {row.Word("status")} {Step(row)}").ShouldBe([$"{Ago(299)} {Ago(200)} complete 90 2 1 0.500 [0.006 0.910]"]);
        answer.Number("median").ShouldBe(90);
    }

    [Fact]
    public async Task A_grain_gives_a_curve_for_the_customers_of_each_period()
    {
        var shop = await FiveAsync();

        var answer = await shop.AskAsync("/v1/metrics/survival?asOf=2025-12-01&grain=quarter&to=2026-04-01");

        answer.List("curves").Select(curve => $"{curve.Word("period")} {curve.Word("status")} {curve.GetProperty("lifetimes")}").ShouldBe(
        [
            """2025-01-01 complete {"lapsed":2,"censored":0}""",
            """2025-04-01 complete {"lapsed":0,"censored":1}""",
            """2025-07-01 complete {"lapsed":1,"censored":1}""",
            """2025-10-01 in_progress {"lapsed":0,"censored":0}""",
            "2026-01-01 not_observable ",
        ]);
        answer.Rows.Select(row => $"{row.Word("period")} {row.Word("to")} {row.Count("t")} {row.Rate("survival")}")
            .ShouldBe(["2025-01-01 2025-04-01 90 0.5", "2025-01-01 2025-04-01 150 0", "2025-07-01 2025-10-01 90 0.5"]);
        answer.Number("median").ShouldBe(150);
    }

    [Fact]
    public async Task Groups_have_a_curve_each_and_are_told_apart_by_the_log_rank_test()
    {
        var shop = service.NewTenant("groups");
        // Freireich et al. (1963): remission under 6-mercaptopurine and placebo; R's survdiff prints χ² 16.8 on 1 degree of freedom, p 4e-05.
        int[] treated = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35];
        int[] placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
        await shop.AcceptAsync([.. treated.SelectMany((days, i) => Lives($"t{i}", "treated", days)), .. placebo.SelectMany((days, i) => Lives($"p{i}", "placebo", days))]);

        var answer = await shop.AskAsync("/v1/metrics/survival?asOf=2025-12-01&activity=window:3660d&groupBy=channel");

        var test = answer.Root.GetProperty("logRank");
        test.GetProperty("chiSquare").GetDouble().ShouldBe(16.793, 5e-4);
        test.Count("degreesOfFreedom").ShouldBe(1);
        test.GetProperty("p").GetDouble().ShouldBe(4.17e-5, 5e-8);
        answer.List("curves").Select(curve => (curve.Word("group"), curve.Count("median"))).ShouldBe([("placebo", 8), ("treated", 23)]);
        Step(answer.Rows.Single(row => row.Word("group") == "treated" && row.Count("t") == 6)).ShouldBe("6 21 3 0.857 [0.620 0.952]");
        answer.Root.GetProperty("lifetimes").ToString().ShouldBe("""{"lapsed":30,"censored":12}""");
    }

    [Fact]
    public async Task The_gaps_of_three_customers()
    {
        var shop = await GapsAsync();

        var answer = await shop.AskAsync("/v1/metrics/time-between-purchases?asOf=2026-03-01");

        (answer.Number("n"), answer.Number("open"), answer.Number("median"), answer.Number("p90"), answer.Number("curveMedian")).ShouldBe((3, 3, 20, 36, 40));
        answer.Root.GetProperty("mean").GetDouble().ShouldBe(70 / 3.0);
        answer.Rows.Select(row => $"{row.Count("t")} {row.Count("atRisk")} {row.Count("closed")} {row.GetProperty("survival")}").ShouldBe(["10 6 1 0.8333333333333334", "20 4 1 0.625", "40 1 1 0"]);
        answer.Rows[^1].GetProperty("interval").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task A_gap_belongs_to_the_period_of_the_purchase_that_it_follows()
    {
        var shop = await GapsAsync();

        var january = await shop.AskAsync("/v1/metrics/time-between-purchases?asOf=2026-03-01&from=2026-01-01&to=2026-01-31");
        var months = (await shop.AskAsync("/v1/metrics/time-between-purchases?asOf=2026-03-01&grain=month&to=2026-03-01")).List("curves");

        (january.Number("n"), january.Number("open")).ShouldBe((3, 1));
        months.Select(month => (month.Word("period"), month.Count("n"), month.Count("open"))).ShouldBe([("2026-01-01", 3, 2), ("2026-02-01", 0, 1)]);
        months[1].GetProperty("mean").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task A_curve_as_csv_has_one_line_a_step()
    {
        var shop = await FiveAsync();

        var csv = (await shop.AskAsync("/v1/metrics/survival?asOf=2025-12-01&format=csv")).Text.TrimEnd().Split('\n');

        csv[0].TrimEnd().ShouldBe("period,from,to,status,group,t,atRisk,lapsed,survival,interval_lo,interval_hi");
        csv.Length.ShouldBe(3);
        csv[1].ShouldStartWith($"{Ago(300)},{Ago(300)},2025-12-02,in_progress,,90,5,2,0.6,0.12");
    }

    [Theory]
    [InlineData("survival")]
    [InlineData("time-between-purchases")]
    public async Task Without_data_there_are_no_steps_and_nothing_is_known(string metric)
    {
        var nobody = service.NewTenant("nobody");

        foreach (var query in (string[])["", "?groupBy=channel", "?from=2025-01-01", "?grain=week", "?from=2025-01-01&to=2025-02-01", "?to=2020-01-01"])
        {
            var answer = await nobody.AskAsync($"/v1/metrics/{metric}{query}");
            answer.Rows.ShouldBeEmpty();
            answer.Root.GetProperty("median").ValueKind.ShouldBe(JsonValueKind.Null);
        }
        (await nobody.AskAsync($"/v1/metrics/{metric}?from=2025-01-01&to=2025-02-01")).List("curves").ShouldHaveSingleItem().Word("status").ShouldBe("complete");
        (await nobody.GetAsync($"/v1/metrics/{metric}?grain=hour")).ShouldBeProblem(400, "not_allowed", "grain", "day, week, month, quarter, year");
        (await nobody.GetAsync($"/v1/metrics/{metric}?from=2025-02-01&to=2025-02-01")).ShouldBeProblem(400, "empty_range", "to", "after from");
        (await nobody.GetAsync($"/v1/metrics/{metric}?from=2025-02-02&to=2025-02-01")).ShouldBeProblem(400, "empty_range", "to", "after from");
    }

    /// <summary>Lapses after 90, 90 and 150 days; two still active when last seen, after 120 and 200 days.</summary>
    private async Task<TestTenant> FiveAsync()
    {
        var shop = service.NewTenant("five");
        await shop.AcceptAsync(
            Order("short", Ago(250)), Order("also short", Ago(150)), Order("middle", Ago(300)), Order("middle", Ago(240)),
            Order("young", Ago(121)), Order("young", Ago(50)), Order("old", Ago(201)), Order("old", Ago(130)), Order("old", Ago(60)));
        return shop;
    }

    /// <summary>A, B and C of the definition.</summary>
    private async Task<TestTenant> GapsAsync()
    {
        var shop = service.NewTenant("gaps");
        await shop.AcceptAsync(
            Order("A", "2026-01-01"), Order("A", "2026-01-11T08:00:00Z"), Order("A", "2026-01-11T20:00:00Z"), Order("A", "2026-01-31"),
            Order("B", "2026-01-05"), Order("B", "2026-02-14"), Order("C", "2026-01-20"));
        return shop;
    }

    /// <summary>A customer who departs after so many days, or was seen for so many where negative.</summary>
    private static IEnumerable<JsonObject> Lives(string customer, string channel, int days)
    {
        var since = days < 0 ? 1 - days : 100;
        yield return Order(customer, Ago(since), 10, new() { ["channel"] = channel });
        if (days > 0) yield return Event("customer_departed", customer, Ago(since - days), []);
    }

    private static string Ago(int days) => Today.AddDays(-days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Step(JsonElement row)
    {
        var interval = row.GetProperty("interval");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Count("t")} {row.Count("atRisk")} {row.Count("lapsed")} {row.Rate("survival"):f3} [{interval[0].GetDouble():f3} {interval[1].GetDouble():f3}]");
    }
}
