using System.Text.Json;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>Periods compared with the one before.</summary>
public sealed class ComparisonTests(ServiceFixture service)
{
    [Fact]
    public async Task Each_row_tells_what_changed_in_every_figure()
    {
        var shop = await ShopAsync();

        var rows = (await shop.AskAsync("/v1/metrics/revenue?compare=previous&grain=month&from=2025-02-01&to=2025-06-01&asOf=2025-05-01")).Rows;

        rows.Select(row => Change(row, "revenue", "orders", "averageOrderValue")).ShouldBe(
            ["20.00/0.5 1/1 -10/-0.25", "-60.00/-1 -2/-1 /", "5.00/ 1/ /", "/ / /"]);
        rows[0].GetProperty("change").EnumerateObject().Select(member => member.Name)
            .ShouldBe(["orders", "customers", "revenue", "averageOrderValue", "purchaseFrequency", "repeatRateWindow", "returningCustomerRate", "repeatRateLifetime"]);
    }

    [Theory]
    [InlineData("revenue")]
    [InlineData("retention")]
    [InlineData("lifecycle")]
    [InlineData("revenue-retention")]
    public async Task A_change_is_the_difference_to_the_row_before(string metric)
    {
        var shop = await ShopAsync();
        var question = $"/v1/metrics/{metric}?grain=month&asOf=2025-05-01&activity=window:30d&groupBy=channel";

        var plain = (await shop.AskAsync($"{question}&from=2024-12-01")).Rows;
        var compared = await shop.AskAsync($"{question}&from=2025-01-01&compare=previous");

        compared.Root.GetProperty("parameters").GetProperty("compare").GetString().ShouldBe("previous");
        compared.Rows.Count.ShouldBe(plain.Count - 2);
        plain.Count(row => row.TryGetProperty("change", out _)).ShouldBe(0);
        foreach (var row in compared.Rows)
        {
            var at = plain.ToList().FindIndex(other => Same(other, row, "group") && Same(other, row, "period"));
            foreach (var change in row.GetProperty("change").EnumerateObject())
            {
                Same(row, plain[at], change.Name).ShouldBeTrue();
                var (now, before) = (Number(row, change.Name), Number(plain[at - 1], change.Name));
                var difference = change.Value.ValueKind == JsonValueKind.Null ? null : (double?)change.Value.GetDouble();
                difference.HasValue.ShouldBe((now - before).HasValue, change.Name);
                if (difference is { } known) known.ShouldBe(now!.Value - before!.Value, 1e-9, change.Name);
            }
        }

        static bool Same(JsonElement a, JsonElement b, string name) => a.GetProperty(name).ToString() == b.GetProperty(name).ToString();

        static double? Number(JsonElement row, string name) => row.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;
    }

    [Fact]
    public async Task An_exact_range_is_compared_with_as_many_days_before_it()
    {
        var shop = await ShopAsync();

        // February 10 to 19, with 60, against January 31 to February 9, with nothing, and the 20 days from January 21 on.
        var row = (await shop.AskAsync("/v1/metrics/revenue?compare=previous&from=2025-02-10&to=2025-02-20&asOf=2025-05-01")).Rows.ShouldHaveSingleItem();
        var retention = (await shop.AskAsync("/v1/metrics/retention?compare=previous&from=2025-02-10&to=2025-02-20&asOf=2025-05-01&activity=window:30d")).Rows.ShouldHaveSingleItem();

        Change(row, "revenue", "orders").ShouldBe("60.00/ 2/");
        // A was active on January 31, and lapsed on the 9th of February by the window of 30 days.
        Change(retention, "opening", "lapsed", "acquired").ShouldBe("-1/-1 -1/-1 1/");
    }

    [Fact]
    public async Task In_csv_every_change_is_a_column()
    {
        var shop = await ShopAsync();

        var csv = (await shop.AskAsync("/v1/metrics/lifecycle?compare=previous&grain=month&from=2025-02-01&to=2025-03-01&asOf=2025-05-01&format=csv")).Text.ReplaceLineEndings("\n").Split('\n');

        csv[0].ShouldBe(
            "period,from,to,status,group,new,returning,resurrected,dormant,change_new,change_returning,change_resurrected,change_dormant,"
            + "relativeChange_new,relativeChange_returning,relativeChange_resurrected,relativeChange_dormant");
        csv[1].ShouldBe("2025-02-01,2025-02-01,2025-03-01,complete,,1,1,0,0,0,1,0,0,0,,,");
    }

    [Fact]
    public async Task Without_data_nothing_is_compared()
    {
        var nobody = service.NewTenant("nobody");

        (await nobody.AskAsync("/v1/metrics/revenue?compare=previous")).Rows.ShouldBeEmpty();
        Change((await nobody.AskAsync("/v1/metrics/revenue?compare=previous&from=2025-01-01&to=2025-01-08")).Rows.ShouldHaveSingleItem(), "orders", "averageOrderValue").ShouldBe("0/ /");
    }

    private async Task<TestTenant> ShopAsync()
    {
        var shop = service.NewTenant("compared");
        await shop.AcceptAsync(
            Order("A", "2025-01-10", 40, new() { ["channel"] = "web" }), Order("A", "2025-02-11", 30), Order("B", "2025-02-12", 30, new() { ["channel"] = "shop" }),
            Order("A", "2025-04-01", 5));
        return shop;
    }

    private static string Change(JsonElement row, params string[] names) =>
        string.Join(' ', names.Select(name => $"{row.GetProperty("change").GetProperty(name)}/{row.GetProperty("relativeChange").GetProperty(name)}"));
}
