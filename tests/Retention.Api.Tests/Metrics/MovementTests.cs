using System.Text.Json;
using Retention.Api.Tests.EndToEnd;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>Lifecycle and revenue retention: what moves between a period and the one before, by the examples of their definitions.</summary>
public sealed class MovementTests(ServiceFixture service)
{
    private static readonly string[] Movements = ["new", "reactivated", "expansion", "contraction", "churned"];

    [Fact]
    public async Task The_lifecycle_of_three_customers()
    {
        var shop = service.NewTenant("lifecycle");
        await shop.AcceptAsync(
            Order("A", "2025-01-05"), Order("A", "2025-02-05"), Order("A", "2025-02-06"), Order("A", "2025-04-05"), Order("B", "2025-02-11"),
            Order("C", "2025-01-20"), Order("C", "2025-03-20"));

        var rows = (await shop.AskAsync("/v1/metrics/lifecycle?asOf=2025-04-20&to=2025-06-01")).Rows;

        rows.Select(row => $"{row.Word("period")} {row.Word("status")} {Told(row, "new", "returning", "resurrected", "dormant")}").ShouldBe(
        [
            "2025-01-01 complete 2 0 0 0",
            "2025-02-01 complete 1 1 0 1",
            "2025-03-01 complete 0 0 1 2",
            "2025-04-01 in_progress 0 0 1 -",
            "2025-05-01 not_observable - - - -",
        ]);
    }

    [Fact]
    public async Task An_exact_range_is_compared_with_the_one_of_equal_length_just_before()
    {
        var shop = service.NewTenant("exact");
        await shop.AcceptAsync(
            Order("long ago", "2025-01-09", 7), Order("long ago", "2025-01-21", 3), Order("before", "2025-01-10", 5), Order("before", "2025-01-29", 8),
            Order("only before", "2025-01-19", 4), Order("new", "2025-01-20", 6));

        // Ten days, against January 10 to 19.
        const string ten = "from=2025-01-20&to=2025-01-30&asOf=2025-03-01";

        Told((await shop.AskAsync($"/v1/metrics/lifecycle?{ten}")).Rows.ShouldHaveSingleItem(), "new", "returning", "resurrected", "dormant").ShouldBe("1 1 1 1");
        var revenue = (await shop.AskAsync($"/v1/metrics/revenue-retention?{ten}")).Rows.ShouldHaveSingleItem();
        Told(revenue, "previous", "current", "new", "reactivated", "expansion", "contraction", "churned").ShouldBe("9.00 17.00 6.00 3.00 3.00 0.00 -4.00");
        (revenue.Rate("grr"), revenue.Rate("nrr")).ShouldBe((5 / 9.0, 8 / 9.0));
    }

    [Fact]
    public async Task The_revenue_of_four_customers_moves_as_in_the_definition()
    {
        var shop = service.NewTenant("movements");
        await shop.AcceptAsync(
            Order("Alma", "2025-01-05", 100), Order("Alma", "2025-02-05", 130), Order("Bo", "2025-01-06", 100), Order("Bo", "2025-02-06", 60),
            Order("Cy", "2025-01-07", 40), Order("Di", "2025-02-08", 20));

        var february = (await shop.AskAsync("/v1/metrics/revenue-retention?grain=month&from=2025-02-01&to=2025-03-01&asOf=2025-03-01")).Rows.ShouldHaveSingleItem();

        Told(february, "previous", "current", "new", "reactivated", "expansion", "contraction", "churned")
            .ShouldBe("240.00 210.00 20.00 0.00 30.00 -40.00 -40.00");
        (february.Rate("grr"), february.Rate("nrr")).ShouldBe((160 / 240.0, 190 / 240.0));
    }

    [Theory]
    [InlineData("refunds=order")]
    [InlineData("refunds=refund")]
    [InlineData("refunds=refund&groupBy=channel")]
    public async Task Movements_sum_to_the_change_to_the_cent(string more)
    {
        var shop = service.NewTenant("sums");
        await shop.AcceptAsync(
            Order("A", "2025-01-05", 20.01m, new() { ["channel"] = "web" }), Order("A", "2025-02-05", 30.33m), Refund("A", "2025-01-05", "2025-02-20", 20.01m),
            Order("B", "2025-01-20", 40.07m), Cancel("B", "2025-01-20", "2025-03-01"), Order("B", "2025-03-03", 0.01m), Order("C", "2025-02-03", 9.99m),
            Refund("C", "2025-02-03", "2025-03-01", 0.99m));

        var rows = (await shop.AskAsync($"/v1/metrics/revenue-retention?grain=month&from=2025-01-01&to=2025-06-01&asOf=2025-05-01&{more}")).Rows;

        rows.Count.ShouldBeGreaterThanOrEqualTo(5);
        foreach (var row in rows.Where(row => row.Word("status") != "not_observable"))
            Movements.Sum(name => row.Money(name)).ShouldBe(row.Money("current") - row.Money("previous"), row.ToString());
        rows.Sum(row => row.Word("period") == "2025-01-01" ? row.Money("current") : 0).ShouldBe(more.StartsWith("refunds=order", StringComparison.Ordinal) ? 0 : 60.08m);
    }

    [Fact]
    public async Task Groups_are_those_of_the_first_order()
    {
        var shop = service.NewTenant("groups");
        await shop.AcceptAsync(
            Order("A", "2025-01-05", 10, new() { ["channel"] = "web" }), Order("A", "2025-02-05", 10, new() { ["channel"] = "shop" }),
            Order("B", "2025-02-20", 10, new() { ["channel"] = "shop" }));

        var rows = (await shop.AskAsync("/v1/metrics/lifecycle?grain=month&from=2025-02-01&to=2025-03-01&asOf=2025-03-01&groupBy=channel")).Rows;

        rows.Select(row => $"{row.Word("group")} {Told(row, "new", "returning")}").ShouldBe(["shop 1 0", "web 0 1"]);
    }

    [Theory]
    [InlineData("retention")]
    [InlineData("lifecycle")]
    [InlineData("revenue")]
    [InlineData("revenue-retention")]
    [InlineData("survival", "curves")]
    [InlineData("time-between-purchases", "curves")]
    [InlineData("clv")]
    public async Task Who_has_not_bought_makes_no_group(string metric, string rows = "rows")
    {
        var shop = service.NewTenant("not-bought");
        await shop.AcceptAsync(
            Event("customer_registered", "A", "2025-01-01", new() { ["country"] = "FI" }), Order("A", "2025-01-05"),
            Event("customer_registered", "B", "2025-01-01", new() { ["country"] = "SE" }),
            Event("customer_registered", "C", "2025-01-01", new() { ["country"] = "NO" }), Order("C", "2025-02-05"),
            Event("customer_registered", "D", "2025-01-01", []));

        var answer = await shop.AskAsync($"/v1/metrics/{metric}?grain=month&asOf=2025-02-01&to=2025-02-01&groupBy=country");

        answer.List(rows).Select(row => row.GetProperty("group").ToString()).ShouldBe(["FI"]);
    }

    [Theory]
    [InlineData("lifecycle")]
    [InlineData("revenue-retention")]
    public async Task Without_data_there_are_no_rows_or_rows_without_rates(string metric)
    {
        var nobody = service.NewTenant("nobody");

        (await nobody.AskAsync($"/v1/metrics/{metric}")).Rows.ShouldBeEmpty();
        var row = (await nobody.AskAsync($"/v1/metrics/{metric}?from=2025-01-01&to=2025-02-01")).Rows.ShouldHaveSingleItem();
        Told(row, "new").ShouldBe(metric == "lifecycle" ? "0" : "0.00");
        if (metric == "revenue-retention") Told(row, "grr", "nrr").ShouldBe("- -");
        (await nobody.GetAsync($"/v1/metrics/{metric}?grain=hour")).ShouldBeProblem(400, "not_allowed", "grain", "day, week, month, quarter, year");
    }

    [Fact]
    public async Task Reactivations_are_counted_or_not() =>
        (await service.NewTenant("asked").GetAsync("/v1/metrics/revenue-retention?reactivations=yes"))
            .ShouldBeProblem(400, "not_allowed", "reactivations", "exclude, include");

    private static string Told(JsonElement row, params string[] names) => string.Join(' ', names.Select(name => row.GetProperty(name).ToString() is { Length: > 0 } told ? told : "-"));
}
