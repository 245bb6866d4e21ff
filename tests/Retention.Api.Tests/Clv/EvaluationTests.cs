using System.Text.Json;
using Retention.Api.Tests.EndToEnd;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Clv;

/// <summary>Forecasts against the time after them, over HTTP.</summary>
public sealed class EvaluationTests(ServiceFixture service)
{
    private const string Path = "/v1/models/clv/evaluation";

    [Fact]
    public async Task The_second_half_of_CDNOW_is_forecast_better_than_by_last_years_rate()
    {
        var (shop, published) = await service.ImportCdnowAsync();

        var result = (await shop.AskAsync($"{Path}?model=bg-nbd&split=1997-09-30&horizon=273")).Root;

        result.GetProperty("holdOut").GetRawText().ShouldBe("""{"from":"1997-10-01","to":"1998-07-01","days":273}""");
        var deciles = result.GetProperty("rows").EnumerateArray().ToList();
        deciles.Count.ShouldBe(10);
        deciles.Sum(decile => decile.GetProperty("customers").GetDouble()).ShouldBe(result.Count("customers"), 1e-9);
        deciles.Sum(decile => decile.GetProperty("customers").GetDouble() * decile.GetProperty("actual").GetDouble()).ShouldBe(result.Count("actual"), 1e-6);
        if (!published) return;
        // 2 357 customers bought on so many days of the hold-out; both counts are of the file.
        (result.Count("customers"), result.Count("actual")).ShouldBe((2_357, 1_882));
        Figure(result, "meanAbsoluteError").ShouldBeLessThan(Figure(result.GetProperty("naive"), "meanAbsoluteError"));
        Math.Abs(Figure(result, "bias")).ShouldBeLessThan(Math.Abs(Figure(result.GetProperty("naive"), "bias")));
        Figure(result, "brier").ShouldBeLessThan(Figure(result, "brierOfBaseRate"));
        deciles[9].GetProperty("actual").GetDouble().ShouldBeGreaterThan(5 * deciles[0].GetProperty("actual").GetDouble());
    }

    [Fact]
    public async Task Without_a_cut_the_first_half_forecasts_the_rest()
    {
        var (shop, published) = await service.ImportCdnowAsync();

        var result = (await shop.AskAsync(Path)).Root;

        result.GetProperty("parameters").Word("model").ShouldBe("mbg-nbd");
        if (!published) return;
        result.Word("calibrationEnd").ShouldBe("1997-09-30");
        result.GetProperty("holdOut").Word("to").ShouldBe("1998-07-01");
    }

    [Fact]
    public async Task The_calibration_does_not_know_what_was_cancelled_after_it()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        const string Asked = $"{Path}?split=1997-09-30&horizon=200";
        var before = (await shop.AskAsync(Asked)).Root;

        await shop.AcceptAsync(Order("x", "1997-02-01").With("data.currency", "\"USD\""), Cancel("x", "1997-02-01", "1997-12-01"));
        var after = (await shop.AskAsync(Asked)).Root;

        after.Count("customers").ShouldBe(before.Count("customers") + 1);
        after.Count("actual").ShouldBe(before.Count("actual"));
    }

    [Fact]
    public async Task A_hold_out_that_is_not_over_and_a_calibration_without_customers_are_refused()
    {
        var (shop, _) = await service.ImportCdnowAsync();

        (await shop.GetAsync($"{Path}?split=1998-01-01&horizon=100&asOf=1998-04-12")).Status.ShouldBe(200);
        (await shop.GetAsync($"{Path}?split=1998-01-01&horizon=100&asOf=1998-04-11")).ShouldBeProblem(400, "not_observable", "split", "1998-04-11", "1998-04-10");
        (await shop.GetAsync($"{Path}?split=1990-01-01&horizon=10")).ShouldBeProblem(409, "no_customers", "split");
        (await service.NewTenant("empty").GetAsync(Path)).ShouldBeProblem(409, "no_customers");
    }

    private static double Figure(JsonElement of, string name) => of.GetProperty(name).GetDouble();
}
