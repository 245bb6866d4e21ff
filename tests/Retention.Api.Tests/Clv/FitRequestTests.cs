using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Clv;

/// <summary>What a fit may be asked for, and when it is refused with a reason.</summary>
public sealed class FitRequestTests(ServiceFixture service)
{
    private const string Fit = "/v1/models/clv/fit";

    [Theory]
    [InlineData("5", "wrong_type", "", "model, observationEnd, timeUnit")]
    [InlineData("[]", "wrong_type", "", "object")]
    [InlineData("""{"kind":"bg-nbd"}""", "unknown_member", "kind", "model, observationEnd, timeUnit")]
    [InlineData("""{"model":"BG-NBD"}""", "not_allowed", "model", "bg-nbd, mbg-nbd, pareto-nbd")]
    [InlineData("""{"model":7}""", "not_allowed", "model", "mbg-nbd")]
    [InlineData("""{"timeUnit":"month"}""", "not_allowed", "timeUnit", "day, week")]
    [InlineData("""{"observationEnd":"30.9.1997"}""", "not_a_date", "observationEnd", "ISO date")]
    [InlineData("""{"observationEnd":19970930}""", "not_a_date", "observationEnd", "ISO date")]
    [InlineData("""{"observationEnd":"1899-12-31"}""", "not_a_date", "observationEnd", "1900")]
    [InlineData("""{"observationEnd":"2199-12-31"}""", "in_future", "observationEnd", "over")]
    public async Task A_body_that_breaks_a_rule_is_told_which(string body, string code, string path, string words) =>
        (await service.NewTenant("fit").PostAsync(Fit, body)).ShouldBeProblem(422, code, path, words);

    [Fact]
    public async Task All_that_is_wrong_is_named_at_once() =>
        (await service.NewTenant("fit").PostAsync(Fit, """{"model":"x","timeUnit":"y","observationEnd":"z","w":1}"""))
            .List("errors").Select(error => error.GetProperty("path").GetString()).ShouldBe(["w", "model", "timeUnit", "observationEnd"], ignoreOrder: true);

    [Fact]
    public async Task What_is_no_JSON_and_what_is_in_the_query_is_400()
    {
        var shop = service.NewTenant("fit");
        (await shop.PostAsync(Fit, "{")).ShouldBeProblem(400, "malformed_json", "");
        (await shop.PostAsync($"{Fit}?model=bg-nbd", "{}")).ShouldBeProblem(400, "unknown_parameter", "model");
        (await shop.PostAsync(Fit, "{}", "text/csv")).ShouldBeProblem(415, "unsupported_media_type");
    }

    [Fact]
    public async Task Without_customers_without_repeats_and_with_two_customers_there_is_no_fit()
    {
        var shop = service.NewTenant("fit");
        (await shop.PostAsync(Fit, "{}")).ShouldBeProblem(422, "no_customers", "");

        await shop.AcceptAsync(Order("a", "2025-01-01"), Order("b", "2025-01-02"), Order("b", "2025-01-02T18:00:00Z"));
        (await shop.PostAsync(Fit, "{}")).ShouldBeProblem(422, "no_repeat_purchases", "", "second day");
        (await shop.PostAsync(Fit, """{"observationEnd":"2024-12-31"}""")).ShouldBeProblem(422, "no_customers", "");

        await shop.AcceptAsync(Order("a", "2025-02-01"), Order("b", "2025-02-01"));
        (await shop.PostAsync(Fit, "{}")).Status.ShouldBe(422);
        (await shop.GetAsync($"/v1/models/clv?minPosition={shop.Position}")).ShouldBeProblem(404, "no_model", "model", "POST /v1/models/clv/fit");
    }

    [Fact]
    public async Task Absent_members_and_null_are_the_defaults()
    {
        var (shop, _) = await service.ImportCdnowAsync();

        var fit = await shop.PostAsync(Fit, """{"model":null}""");

        fit.Status.ShouldBe(200, fit.Text);
        (fit.Root.GetProperty("model").GetString(), fit.Root.GetProperty("timeUnit").GetString()).ShouldBe(("mbg-nbd", "day"));
        var yesterday = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-1);
        DateOnly.Parse(fit.Root.GetProperty("observationEnd").GetString()!, System.Globalization.CultureInfo.InvariantCulture)
            .ShouldBeInRange(yesterday.AddDays(-1), yesterday);
    }

    [Fact]
    public async Task A_fit_knows_nothing_from_after_its_observation_and_takes_refunds_off_before()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        var before = await shop.FitAsync("mbg-nbd");

        // A customer of after the end, an order of before it that is cancelled after it, and one that is refunded before it: no purchases of the time, or none any more.
        await shop.AcceptAsync(
            Usd(Order("later", "1997-10-01")), Usd(Order("once", "1997-03-01")), Cancel("once", "1997-03-01", "1997-03-02"),
            Usd(Order("sent-back", "1997-03-01", 20m)), Refund("sent-back", "1997-03-01", "1997-03-20", 20m));
        var after = await shop.FitAsync("mbg-nbd");
        Figures(after).ShouldBe(Figures(before));

        await shop.AcceptAsync(Usd(Order("kept", "1997-03-01")), Cancel("kept", "1997-03-01", "1997-10-01"));
        (await shop.FitAsync("mbg-nbd")).Number("customers").ShouldBe(before.Number("customers") + 1);
    }

    [Fact]
    public async Task A_fit_to_maintained_counts_is_the_one_to_folded_histories()
    {
        var (shop, _) = await service.ImportCdnowAsync();
        var (folding, _) = await service.ImportCdnowAsync();
        // A fact of after the end makes the counts of the end those of the past, which are folded.
        await folding.AcceptAsync(Usd(Order("later", "2001-01-01")));

        Figures(await shop.FitAsync("mbg-nbd", "1999-12-31", "day")).ShouldBe(Figures(await folding.FitAsync("mbg-nbd", "1999-12-31", "day")));
        var customers = (await shop.FitAsync("mbg-nbd", "1999-12-31", "day")).Number("customers");
        (await CountedAsync(shop)).ShouldBe((customers, 0));
        await shop.AcceptAsync(Usd(Order("new", "2001-01-01")), Usd(Order("new", "2001-01-03")));
        await shop.AcceptAsync(Cancel("new", "2001-01-03", "2001-01-04"));
        (await shop.FitAsync("mbg-nbd", "2001-12-31", "day")).Number("customers").ShouldBe(customers + 1);
        (await CountedAsync(shop)).ShouldBe((customers + 1, 0));
    }

    [Fact]
    public async Task Customers_who_do_not_drop_out_are_a_boundary_fit_that_says_so()
    {
        var shop = service.NewTenant("faithful");
        var random = new Random(7);
        var orders = new List<JsonObject>();
        // Everybody buys at a steady rate of one's own until the end.
        for (var customer = 0; customer < 300; customer++)
        {
            var rate = 0.01 + random.NextDouble() * random.NextDouble() / 5;
            for (var day = random.Next(60); day < 360; day += 1 + (int)(-Math.Log(1 - random.NextDouble()) / rate))
                orders.Add(Order($"c{customer}", $"{new DateOnly(2024, 1, 1).AddDays(day):yyyy-MM-dd}", 10 + random.Next(20)));
        }
        await shop.AcceptAsync(orders);

        var fit = await shop.FitAsync("bg-nbd", "2024-12-26", "day");

        fit.List("diagnostics").ShouldContain(sentence => sentence.GetString()!.Contains("P(alive) is meaningless"), fit.Text);
        fit.Root.GetProperty("standardErrors").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    /// <summary>Customers in the maintained counts, and combinations that nobody has.</summary>
    private async Task<(long Customers, long Empty)> CountedAsync(TestTenant shop)
    {
        await using var database = NpgsqlDataSource.Create(service.ConnectionString);
        await using var command = database.CreateCommand(
            "select sum(customers)::bigint, count(*) filter (where customers = 0) from retention.purchase_span_cells where tenant_id = $1");
        command.Parameters.AddWithValue(shop.Name);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        await reader.ReadAsync(TestContext.Current.CancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private static JsonObject Usd(JsonObject order) => order.With("data.currency", "\"USD\"");

    private static string Figures(Answer fit) =>
        $"{fit.Root.GetProperty("parameters")} {fit.Root.GetProperty("logLikelihood")} {fit.Root.GetProperty("spend")} {fit.Root.GetProperty("customers")}";
}
