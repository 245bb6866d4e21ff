using System.Globalization;
using System.Text.Json;
using Retention.Api.Tests.EndToEnd;
using Retention.Domain.Clv;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Clv;

/// <summary>Scores of customers, cohorts and the list at risk agree with each other and with the models.</summary>
public sealed class ScoreTests(ServiceFixture service)
{
    private const string Then = "asOf=1997-10-01";

    [Fact]
    public async Task A_customer_is_scored_by_the_fit_in_force_as_of_the_moment()
    {
        var (shop, published) = await service.ImportCdnowAsync();
        await shop.FitAsync("bg-nbd");

        var score = (await shop.AskAsync($"/v1/customers/00004/clv?{Then}&horizon=273&discountRate=0")).Root;

        score.GetProperty("model").GetString().ShouldBe("bg-nbd");
        score.GetProperty("observationEnd").GetString().ShouldBe("1997-09-30");
        var expected = Model(score).Score(Purchases(score), Value(score), new Horizon(273, 0));
        score.GetProperty("pAlive").GetDouble().ShouldBe(expected.PAlive);
        score.GetProperty("expectedPurchases").GetDouble().ShouldBe(expected.ExpectedPurchases);
        score.GetProperty("expectedAverageValue").GetDouble().ShouldBe(expected.ExpectedAverageValue!.Value);
        score.GetProperty("clv").GetDouble().ShouldBe(expected.Clv!.Value);
        var next = score.GetProperty("expectedNextPurchase");
        next.GetProperty("date").GetString().ShouldBe($"{new DateOnly(1997, 9, 30).AddDays((int)Math.Ceiling(expected.NextPurchase!.Value.Median)):yyyy-MM-dd}");
        Day(next, "low").ShouldBeLessThan(Day(next, "date"));
        Day(next, "high").ShouldBeGreaterThan(Day(next, "date"));
        if (!published) return;
        // The customer of the paper's worked example: x = 2, t_x = 30.43 and T = 38.86 weeks, 1.226 purchases expected in the next 39.
        (score.Count("frequency"), score.Count("ageAtLastPurchase"), score.Count("age")).ShouldBe((2, 213, 272));
        score.GetProperty("expectedPurchases").GetDouble().ShouldBe(1.226, 5e-4);
    }

    [Fact]
    public async Task Merged_customers_are_scored_as_one_by_any_of_their_ids()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        await shop.FitAsync("bg-nbd");
        await shop.AcceptAsync(
            Order("old", "1997-01-05").With("data.currency", "\"USD\""), Order("new", "1997-03-05").With("data.currency", "\"USD\""),
            Event("customer_merged", "old", "1997-04-01", new System.Text.Json.Nodes.JsonObject { ["into"] = "new" }));

        foreach (var id in (string[])["old", "new"])
        {
            var score = (await shop.AskAsync($"/v1/customers/{id}/clv?{Then}")).Root;
            (score.Word("customer"), score.Count("frequency"), score.Count("ageAtLastPurchase")).ShouldBe(("new", 1, 59));
        }
    }

    [Fact]
    public async Task Cohorts_and_groups_are_the_sums_of_their_customers()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        await shop.FitAsync("mbg-nbd");
        var rows = (await shop.AskAsync($"/v1/metrics/clv?grain=month&{Then}&horizon=180&discountRate=0.15")).Rows.Where(row => row.Rate("pAlive") is not null).ToList();
        var all = (await shop.AskAsync($"/v1/metrics/clv?grain=year&{Then}&horizon=180&discountRate=0.15")).Rows.Single(row => row.Rate("pAlive") is not null);

        rows.Sum(row => row.Rate("clvSum")!.Value).ShouldBe(all.Rate("clvSum")!.Value, all.Rate("clvSum")!.Value * 1e-12);
        rows.Sum(row => row.Rate("pAlive")!.Value * row.Count("customers")).ShouldBe(all.Rate("pAlive")!.Value * all.Count("customers"), 1e-8);
        all.Rate("clv")!.Value.ShouldBe(all.Rate("clvSum")!.Value / all.Count("customers"), 1e-9);
        var listed = await AtRiskAsync(shop, $"{Then}&horizon=180&discountRate=0.15&limit=1000");
        listed.Count.ShouldBe((int)all.Count("customers"));
        listed.Sum(row => row.GetProperty("clv").GetDouble()).ShouldBe(all.Rate("clvSum")!.Value, all.Rate("clvSum")!.Value * 1e-9);
        listed.Average(row => row.GetProperty("pAlive").GetDouble()).ShouldBe(all.Rate("pAlive")!.Value, 1e-9);
    }

    [Fact]
    public async Task Groups_of_a_dimension_add_up_to_everybody()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        await shop.FitAsync("mbg-nbd");
        var named = (await AtRiskAsync(shop, $"{Then}&limit=1000")).ConvertAll(row => row.Word("customer"));
        var countries = new[] { "FI", "SE", "NO", "DK" };
        await shop.AcceptAsync([.. named.Where((_, index) => index % 5 < 4).Select((customer, index) => Event(
            "customer_registered", customer, "1996-12-31", new System.Text.Json.Nodes.JsonObject { ["country"] = countries[index % 4] }))]);

        var all = (await shop.AskAsync($"/v1/metrics/clv?grain=year&{Then}")).Row("1997-01-01");
        var groups = (await shop.AskAsync($"/v1/metrics/clv?grain=year&{Then}&groupBy=country")).Rows;
        var finland = (await shop.AskAsync($"/v1/metrics/clv?grain=year&{Then}&filter=country:FI")).Row("1997-01-01");

        groups.Select(row => row.GetProperty("group").GetString()).ShouldBe(["DK", "FI", "NO", "SE", null]);
        groups.Sum(row => row.Rate("clvSum")!.Value).ShouldBe(all.Rate("clvSum")!.Value, all.Rate("clvSum")!.Value * 1e-12);
        groups.Sum(row => row.Rate("expectedPurchases")!.Value * row.Count("customers")).ShouldBe(all.Rate("expectedPurchases")!.Value * all.Count("customers"), 1e-9);
        finland.Rate("clvSum").ShouldBe(groups.Single(row => row.GetProperty("group").GetString() == "FI").Rate("clvSum"));
        (await AtRiskAsync(shop, $"{Then}&limit=1000&filter=country:FI")).Count.ShouldBe((int)finland.Count("customers"));
    }

    [Fact]
    public async Task The_list_at_risk_is_in_order_of_expected_loss_page_by_page_and_as_CSV()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        await shop.FitAsync("pareto-nbd");

        var whole = await AtRiskAsync(shop, $"{Then}&limit=1000");
        var bySmallPages = await AtRiskAsync(shop, $"{Then}&limit=700");

        whole.Select(row => row.ToString()).ShouldBe(bySmallPages.Select(row => row.ToString()));
        var losses = whole.ConvertAll(row => row.GetProperty("expectedLoss").GetDouble());
        losses.ShouldBe(losses.OrderDescending());
        whole.DistinctBy(row => row.GetProperty("customer").GetString()).Count().ShouldBe(whole.Count);
        foreach (var row in whole.Take(5))
        {
            var score = (await shop.AskAsync($"/v1/customers/{row.Word("customer")}/clv?{Then}")).Root;
            row.GetProperty("expectedLoss").GetDouble().ShouldBe(score.GetProperty("clv").GetDouble() * (1 - score.GetProperty("pAlive").GetDouble()));
            row.Count("daysSinceLast").ShouldBe(score.Count("age") - score.Count("ageAtLastPurchase"));
        }
        var csv = (await shop.AskAsync($"/v1/segments/at-risk?{Then}&limit=3&format=csv")).Text.TrimEnd().Split("\r\n");
        csv[0].ShouldStartWith("customer,expectedLoss,clv,pAlive");
        csv[1..].Select(line => line.Split(',')[0]).ShouldBe(whole.Take(3).Select(row => row.Word("customer")));
    }

    [Fact]
    public async Task BgNbd_does_not_say_who_is_at_risk()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        (await shop.GetAsync("/v1/segments/at-risk")).ShouldBeProblem(409, "no_model", "model", "POST");
        await shop.FitAsync("bg-nbd");

        (await shop.GetAsync($"/v1/segments/at-risk?minPosition={shop.Position}")).ShouldBeProblem(409, "unsuitable_model", "model", "mbg-nbd or pareto-nbd");
        (await shop.GetAsync($"/v1/segments/at-risk?model=bg-nbd")).ShouldBeProblem(409, "unsuitable_model", "model");
        (await shop.GetAsync($"/v1/segments/at-risk?model=pareto-nbd")).ShouldBeProblem(409, "no_model", "model", "pareto-nbd");

        await shop.FitAsync("mbg-nbd");
        await shop.FitAsync("bg-nbd");
        (await shop.AskAsync("/v1/segments/at-risk")).Root.GetProperty("fit").Word("model").ShouldBe("mbg-nbd");
    }

    [Fact]
    public async Task Scores_in_force_at_a_past_moment_stay_as_they_were()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        var first = await shop.FitAsync("bg-nbd");
        var between = Uri.EscapeDataString(first.Root.Word("fittedAt"));
        var before = (await shop.AskAsync($"/v1/customers/00004/clv?asOf={between}")).Text;
        var cohorts = Rows(await shop.AskAsync($"/v1/metrics/clv?grain=month&asOf={between}"));

        await shop.FitAsync("pareto-nbd", "1998-06-30");

        WithoutPosition((await shop.AskAsync($"/v1/customers/00004/clv?asOf={between}")).Text).ShouldBe(WithoutPosition(before));
        Rows(await shop.AskAsync($"/v1/metrics/clv?grain=month&asOf={between}")).ShouldBe(cohorts);
        (await shop.AskAsync("/v1/customers/00004/clv")).Root.Word("model").ShouldBe("pareto-nbd");
        (await shop.AskAsync("/v1/customers/00004/clv?model=bg-nbd")).Root.Word("model").ShouldBe("bg-nbd");
        // The second fit knows the spring of 1998, and speaks of no earlier moment.
        (await shop.AskAsync("/v1/customers/00004/clv?asOf=1998-01-01")).Root.Word("model").ShouldBe("bg-nbd");
        (await shop.AskAsync("/v1/customers/00004/clv?asOf=1998-07-01")).Root.Word("model").ShouldBe("pareto-nbd");
        (await shop.AskAsync("/v1/models/clv?asOf=1998-01-01")).Root.Word("model").ShouldBe("bg-nbd");
        (await shop.AskAsync("/v1/models/clv")).List("fits").Select(fit => fit.Word("model")).ShouldBe(["bg-nbd", "pareto-nbd"]);
        (await shop.GetAsync("/v1/models/clv?asOf=1997-05-01")).ShouldBeProblem(404, "no_model", "model", "had not happened");
        (await shop.GetAsync("/v1/metrics/clv?asOf=1997-05-01&model=bg-nbd")).ShouldBeProblem(409, "no_model", "model");

        static string Rows(Answer answer) => string.Join('\n', answer.Rows);
        static string WithoutPosition(string text) => System.Text.RegularExpressions.Regex.Replace(text, "\"position\":[0-9]+", "");
    }

    [Fact]
    public async Task Scores_and_fits_are_answered_as_CSV_too()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        await shop.FitAsync("bg-nbd");
        await shop.FitAsync("pareto-nbd");

        var customer = CsvLines.Of(await shop.AskAsync($"/v1/customers/00004/clv?{Then}&format=csv")).ShouldHaveSingleItem();
        var fits = CsvLines.Of(await shop.AskAsync("/v1/models/clv?format=csv"));

        var score = (await shop.AskAsync($"/v1/customers/00004/clv?{Then}")).Root;
        foreach (var figure in new[] { "pAlive", "clv", "frequency" }) customer[figure].ShouldBe(score.GetProperty(figure).GetRawText());
        customer["expectedNextPurchase_high"].ShouldBe(score.GetProperty("expectedNextPurchase").Word("high"));
        customer["parameters_beta"].ShouldBe(score.GetProperty("parameters").GetProperty("beta").GetRawText());
        fits.Select(fit => (fit["model"], fit["parameters_a"] == "", fit["parameters_s"] == "", fit["diagnostics"])).ShouldBe([("bg-nbd", false, true, ""), ("pareto-nbd", true, false, "")]);
    }

    [Fact]
    public async Task The_same_question_is_answered_byte_by_byte_the_same()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        await shop.FitAsync("mbg-nbd");

        foreach (var path in new[] { $"/v1/metrics/clv?grain=month&{Then}", $"/v1/segments/at-risk?{Then}", $"/v1/models/clv/evaluation?{Then}", $"/v1/models/clv/what-if?{Then}" })
            (await shop.AskAsync(path)).Text.ShouldBe((await shop.AskAsync(path)).Text);
    }

    [Fact]
    public async Task Without_a_fit_or_a_purchase_the_figures_are_null_and_say_why()
    {
        var shop = service.NewTenant("unfit");
        await shop.AcceptAsync(Order("a", "2025-01-01"), Complaint("b", "2025-01-02", "c1"));

        var (customer, other) = ((await shop.AskAsync("/v1/customers/a/clv")).Root, (await shop.AskAsync("/v1/customers/b/clv")).Root);

        (customer.Word("reason"), customer.Rate("pAlive"), customer.Rate("clv"), customer.Count("frequency")).ShouldBe(("no_model", null, null, 0));
        (other.Word("reason"), other.Rate("pAlive"), other.Rate("frequency")).ShouldBe(("no_purchase", null, null));
        (await shop.GetAsync("/v1/customers/nobody/clv")).ShouldBeProblem(404, "unknown_customer");
        var clv = await shop.AskAsync("/v1/metrics/clv?asOf=2025-02-01");
        clv.Root.GetProperty("fit").ValueKind.ShouldBe(JsonValueKind.Null);
        (clv.Row("2025-01-01").Count("customers"), clv.Row("2025-01-01").Rate("pAlive")).ShouldBe((1, null));
        (await shop.GetAsync("/v1/metrics/clv?model=mbg-nbd")).ShouldBeProblem(409, "no_model", "model", "POST");
    }

    [Fact]
    public async Task One_tenant_is_not_scored_by_the_fit_of_another()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        await shop.FitAsync("mbg-nbd");
        var other = service.NewTenant("other");
        await other.AcceptAsync(Order("00004", "1997-01-01"));

        (await other.AskAsync("/v1/customers/00004/clv")).Root.Word("reason").ShouldBe("no_model");
        (await other.GetAsync("/v1/models/clv")).ShouldBeProblem(404, "no_model");
    }

    [Theory]
    [InlineData("model=nbd", "not_allowed", "model", "bg-nbd, mbg-nbd, pareto-nbd")]
    [InlineData("horizon=0", "out_of_range", "horizon", "1 to 3650")]
    [InlineData("horizon=1.5", "out_of_range", "horizon", "1 to 3650")]
    [InlineData("discountRate=-0.1", "out_of_range", "discountRate", "0 to 10")]
    [InlineData("discountRate=NaN", "out_of_range", "discountRate", "0 to 10")]
    public async Task Wrong_parameters_of_scores_are_refused_everywhere(string query, string code, string path, string words)
    {
        var shop = service.NewTenant("asked");
        await shop.AcceptAsync(Order("c", "2025-01-01"));
        await shop.AskAsync("/v1/customers/c/clv");
        foreach (var endpoint in new[] { "/v1/metrics/clv", "/v1/customers/c/clv", "/v1/segments/at-risk" })
            (await shop.GetAsync($"{endpoint}?{query}")).ShouldBeProblem(400, code, path, words);
    }

    [Theory]
    [InlineData("/v1/segments/at-risk?cursor=abc", "unknown_cursor", "cursor", "nextCursor")]
    [InlineData("/v1/segments/at-risk?limit=0", "out_of_range", "limit", "1 to 1000")]
    [InlineData("/v1/segments/at-risk?grain=month", "unknown_parameter", "grain", "limit")]
    [InlineData("/v1/metrics/clv?window=90d", "not_allowed", "window", "P90D")]
    [InlineData("/v1/metrics/clv?margin=2", "out_of_range", "margin", "0 to 1")]
    [InlineData("/v1/models/clv/evaluation?split=soon", "not_a_date", "split", "ISO date")]
    [InlineData("/v1/models/clv/evaluation?horizon=0", "out_of_range", "horizon", "1 to 3650")]
    [InlineData("/v1/models/clv/what-if?points=5", "out_of_range", "points", "0 to 1")]
    public async Task Wrong_parameters_are_named(string path, string code, string parameter, string words) =>
        (await service.NewTenant("asked").GetAsync(path)).ShouldBeProblem(400, code, parameter, words);

    private static async Task<List<JsonElement>> AtRiskAsync(TestTenant shop, string query)
    {
        var rows = new List<JsonElement>();
        for (var cursor = ""; ;)
        {
            var page = await shop.AskAsync($"/v1/segments/at-risk?{query}{cursor}");
            rows.AddRange(page.Rows);
            if (page.Root.GetProperty("nextCursor") is not { ValueKind: JsonValueKind.String } next) return rows;
            cursor = $"&cursor={next.GetString()}";
        }
    }

    private static PurchaseModel Model(JsonElement score) => PurchaseModels.Of(
        score.Word("model"), score.GetProperty("parameters").Deserialize<Dictionary<string, double>>()!, TimeUnit.Week);

    private static GammaGamma Value(JsonElement score) =>
        new(score.GetProperty("spend").GetProperty("p").GetDouble(), score.GetProperty("spend").GetProperty("q").GetDouble(), score.GetProperty("spend").GetProperty("gamma").GetDouble());

    private static CustomerPurchases Purchases(JsonElement score) =>
        new((int)score.Count("frequency"), (int)score.Count("ageAtLastPurchase"), (int)score.Count("age"), score.Rate("meanRepeatValue"));

    private static DateOnly Day(JsonElement of, string name) => DateOnly.ParseExact(of.Word(name), "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
