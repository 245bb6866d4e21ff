using System.Text.Json;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>The worked example of the retention rate: 100 active at the start, 55 acquired, 25 lapsed of which 5 newly acquired.</summary>
public sealed class RetentionExampleTests(ServiceFixture service)
{
    private const string HalfYear = "/v1/metrics/retention?from=2025-01-01&to=2025-07-01&asOf=2025-07-01";

    [Fact]
    public async Task The_formula_says_75_percent_and_the_headline_80()
    {
        var shop = service.NewTenant("example");
        await shop.AcceptAsync([.. Stayers(80), .. Leavers(20), .. Newcomers(50), .. Passers(5)]);

        var row = (await shop.AskAsync(HalfYear)).Rows.ShouldHaveSingleItem();

        Whole(row, "opening", "acquired", "reactivated", "lapsed", "lapsedOld", "lapsedNew", "closing", "lost", "retained")
            .ShouldBe([100, 55, 0, 25, 20, 5, 130, 20, 80]);
        row.GetProperty("retentionRateFormula").GetDouble().ShouldBe(0.75);
        row.GetProperty("retentionRate").GetDouble().ShouldBe(0.80);
        row.GetProperty("churnRate").GetDouble().ShouldBe(0.20);
        row.GetProperty("status").GetString().ShouldBe("complete");
        // Wilson for 80 of 100.
        row.GetProperty("interval")[0].GetDouble().ShouldBe(0.711170, 1e-6);
        row.GetProperty("interval")[1].GetDouble().ShouldBe(0.866634, 1e-6);
        Bridge(row).ShouldBe(-5);
    }

    [Fact]
    public async Task The_bridge_explains_the_difference_where_lapsed_customers_come_back()
    {
        var shop = service.NewTenant("bridge");
        // Two lapse on 1 March; one of them comes back and stays, the other lapses a second time.
        JsonObject[] back =
            [Order("back", "2024-12-01"), Order("back", "2025-05-30"), Order("again", "2024-12-01"), Order("again", "2025-03-02")];
        await shop.AcceptAsync([.. Stayers(8), .. Leavers(2), .. Newcomers(5), .. Passers(1), .. back]);

        var row = (await shop.AskAsync(HalfYear)).Rows.ShouldHaveSingleItem();

        Whole(row, "opening", "acquired", "reactivated", "lapsed", "lapsedOld", "lapsedNew", "closing", "lost", "retained")
            .ShouldBe([12, 6, 2, 6, 5, 1, 14, 3, 9]);
        // R − L_new − (L_old − lost) = 2 − 1 − (5 − 3)
        Bridge(row).ShouldBe(-1);
    }

    [Fact]
    public async Task The_same_customers_by_month_carry_each_closing_over_into_the_next_opening()
    {
        var shop = service.NewTenant("months");
        await shop.AcceptAsync([.. Stayers(80), .. Leavers(20), .. Newcomers(50), .. Passers(5)]);

        var rows = (await shop.AskAsync("/v1/metrics/retention?grain=month&from=2024-12-01&to=2025-07-01&asOf=2025-07-01")).Rows;

        rows.Select(row => row.GetProperty("closing").GetInt64()).ShouldBe([100, 105, 105, 85, 130, 130, 130]);
        rows.Skip(1).Select(row => row.GetProperty("opening").GetInt64())
            .ShouldBe(rows.SkipLast(1).Select(row => row.GetProperty("closing").GetInt64()));
        foreach (var row in rows) Bridge(row);
    }

    // The window is the default of 90 days: a purchase on 1 December is active to 28 February, and one on 1 March joins it.
    private static IEnumerable<JsonObject> Stayers(int count) =>
        Each("stays", count, customer => [Order(customer, "2024-12-01"), Order(customer, "2025-03-01"), Order(customer, "2025-05-30")]);

    private static IEnumerable<JsonObject> Leavers(int count) => Each("leaves", count, customer => [Order(customer, "2024-12-01")]);

    private static IEnumerable<JsonObject> Newcomers(int count) => Each("comes", count, customer => [Order(customer, "2025-04-15")]);

    private static IEnumerable<JsonObject> Passers(int count) => Each("passes", count, customer => [Order(customer, "2025-01-10")]);

    private static IEnumerable<JsonObject> Each(string word, int count, Func<string, IEnumerable<JsonObject>> events) =>
        Enumerable.Range(1, count).SelectMany(number => events($"{word}-{number}"));

    private static long[] Whole(JsonElement row, params string[] names) => [.. names.Select(name => row.GetProperty(name).GetInt64())];

    /// <summary>(E − N) − retained, after checking that R − L_new − (L_old − lost) is the same and that E = S + N + R − L.</summary>
    private static long Bridge(JsonElement row)
    {
        var (s, n, r, e) = (Of("opening"), Of("acquired"), Of("reactivated"), Of("closing"));
        var (lOld, lNew, lost, retained) = (Of("lapsedOld"), Of("lapsedNew"), Of("lost"), Of("retained"));
        Of("lapsed").ShouldBe(lOld + lNew);
        e.ShouldBe(s + n + r - Of("lapsed"));
        retained.ShouldBe(s - lost);
        (e - n - retained).ShouldBe(r - lNew - (lOld - lost));
        return e - n - retained;

        long Of(string name) => row.GetProperty(name).GetInt64();
    }
}
