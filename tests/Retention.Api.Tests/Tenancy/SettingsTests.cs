using System.Text.Json;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Tenancy;

public sealed class SettingsTests(ServiceFixture service)
{
    [Fact]
    public async Task Settings_begin_with_the_defaults() =>
        Verified.Scrubbed((await service.NewTenant("fresh").GetAsync("/v1/settings")).Text).ShouldBeVerified();

    [Fact]
    public async Task A_change_merges_and_absent_members_keep_their_value()
    {
        var shop = service.NewTenant("merge");

        var first = await shop.PutAsync("/v1/settings", """{"timeZone":"US/Pacific","weekStart":"sunday","minN":10,"activity":{"kind":"window","days":30}}""");
        var second = await shop.PutAsync(
            "/v1/settings",
            """
            {"currency":"KWD","refunds":"refund","askThrottleDays":0,"servicePromise":{"*":"P1DT2H","email":"end-of-next-day"},
             "businessHours":{"monday":[["08:00","12:00"],["13:00","24:00"]],"holidays":["2026-12-25"]}}
            """);

        (first.Number("version"), second.Number("version")).ShouldBe((1, 2));
        second.Number("position").ShouldBeGreaterThan(first.Number("position"));
        Verified.Scrubbed(second.Text).ShouldBeVerified();
        JsonElement.DeepEquals((await shop.GetAsync("/v1/settings")).Root, second.Root).ShouldBeTrue();
    }

    [Fact]
    public async Task A_change_to_what_is_already_so_makes_no_version()
    {
        var shop = service.NewTenant("same");
        const string Change = """{"timeZone":"Europe/Helsinki","businessHours":{"tuesday":[["09:00","17:00"]],"monday":[],"holidays":["2026-12-25"]}}""";
        var first = await shop.PutAsync("/v1/settings", Change);

        foreach (var again in new[] { "{}", """{"timeZone":"Europe/Helsinki","minN":5}""", Change })
            (await shop.PutAsync("/v1/settings", again)).Number("version").ShouldBe(1, again);
        (await shop.GetAsync("/v1/settings")).Number("position").ShouldBe(first.Number("position"));
    }

    [Theory]
    [InlineData("5", "wrong_type", "", "object")]
    [InlineData("""{"timezone":"UTC"}""", "unknown_member", "timezone", "timeZone, weekStart, currency")]
    [InlineData("""{"timeZone":"Mars/Base"}""", "unknown_time_zone", "timeZone", "Europe/Helsinki")]
    [InlineData("""{"timeZone":null}""", "unknown_time_zone", "timeZone", "Europe/Helsinki")]
    [InlineData("""{"timeZone":"\ud800"}""", "not_storable", "timeZone", "surrogate")]
    [InlineData("""{"weekStart":"Monday"}""", "not_allowed", "weekStart", "monday")]
    [InlineData("""{"currency":"euro"}""", "unknown_currency", "currency", "ISO 4217")]
    [InlineData("""{"activity":"60d"}""", "not_allowed", "activity.kind", "window")]
    [InlineData("""{"activity":{"kind":"window"}}""", "required", "activity.days", "1 to 3660")]
    [InlineData("""{"activity":{"kind":"window","days":0}}""", "out_of_range", "activity.days", "1 to 3660")]
    [InlineData("""{"refunds":"never"}""", "not_allowed", "refunds", "order, refund")]
    [InlineData("""{"minN":0}""", "out_of_range", "minN", "1 to 1000")]
    [InlineData("""{"askThrottleDays":1.5}""", "out_of_range", "askThrottleDays", "0 to 3660")]
    [InlineData("""{"businessHours":[]}""", "wrong_type", "businessHours", "object")]
    [InlineData("""{"businessHours":{"funday":[]}}""", "unknown_member", "businessHours.funday", "monday")]
    [InlineData("""{"businessHours":{"monday":[["17:00","09:00"]]}}""", "wrong_type", "businessHours.monday", "in order")]
    [InlineData("""{"businessHours":{"holidays":["25.12."]}}""", "wrong_type", "businessHours.holidays", "ISO dates")]
    [InlineData("""{"servicePromise":{"chat":"soon"}}""", "not_allowed", "servicePromise.chat", "ISO 8601")]
    [InlineData("""{"servicePromise":{"a\u0000":"PT5M"}}""", "not_storable", "servicePromise", "NUL")]
    public async Task A_member_that_breaks_a_rule_is_named_and_nothing_changes(string change, string code, string path, string words)
    {
        var shop = service.NewTenant("wrong");
        // A right member before the wrong one does not go through either.
        var body = change[0] == '{' ? $$"""{"minN":7,{{change[1..]}}""".Replace("7,\"minN\":0", "0", StringComparison.Ordinal) : change;

        (await shop.PutAsync("/v1/settings", body)).ShouldBeProblem(422, code, path, words);

        (await shop.GetAsync("/v1/settings")).Number("version").ShouldBe(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"minN\":5,\"minN\":6}")]
    public async Task A_body_that_is_no_json_is_refused(string body) =>
        (await service.NewTenant("wrong").PutAsync("/v1/settings", body)).ShouldBeProblem(400, "malformed_json", "", "JSON");

    [Fact]
    public async Task The_currency_is_settled_by_the_first_order()
    {
        var shop = service.NewTenant("money");
        await shop.PutAsync("/v1/settings", """{"currency":"SEK"}""");
        (await shop.PutAsync("/v1/settings", """{"currency":"EUR"}""")).Status.ShouldBe(200);
        await shop.AcceptAsync(Order("c", "2025-01-01"));

        (await shop.PutAsync("/v1/settings", """{"currency":"SEK","minN":9}""")).ShouldBeProblem(409, "currency_in_use", "currency", "EUR");

        (await shop.PutAsync("/v1/settings", """{"currency":"EUR"}""")).Status.ShouldBe(200);
        (await shop.GetAsync("/v1/settings")).Number("minN").ShouldBe(5);
    }

    [Fact]
    public async Task An_answer_with_the_position_of_a_change_uses_it_at_once_and_goes_on_so()
    {
        var shop = service.NewTenant("change");
        await shop.AcceptAsync(
            Order("c", "2025-01-31T23:30:00Z", 100), Refund("c", "2025-01-31T23:30:00Z", "2025-03-10", 40), Order("c", "2025-03-05", 10));
        (await FiguresAsync()).ShouldBe("UTC window:90d order: 2025-01-01 60.00, 2025-02-01 0.00, 2025-03-01 10.00; lapsed 0");

        await shop.PutAsync("/v1/settings", """{"timeZone":"Europe/Helsinki","refunds":"refund","activity":{"kind":"window","days":30}}""");

        // 23:30 in UTC is 1 February there; 30 days from it, on 3 March, the customer lapses, and comes back on 5 March.
        (await FiguresAsync()).ShouldBe("Europe/Helsinki window:30d refund: 2025-02-01 100.00, 2025-03-01 -30.00; lapsed 1");
        await shop.AcceptAsync(Order("late", "2025-03-06", 5));
        (await FiguresAsync()).ShouldBe("Europe/Helsinki window:30d refund: 2025-02-01 100.00, 2025-03-01 -25.00; lapsed 1");

        async Task<string> FiguresAsync()
        {
            var revenue = await shop.AskAsync("/v1/metrics/revenue?asOf=2025-04-01&to=2025-04-01");
            var retention = await shop.AskAsync("/v1/metrics/retention?from=2025-03-01&to=2025-04-01&asOf=2025-04-01");
            var parameters = revenue.Root.GetProperty("parameters");
            var months = revenue.Rows.Select(row => $"{row.GetProperty("period")} {row.GetProperty("revenue").GetRawText()}");
            return $"{parameters.GetProperty("tz")} {parameters.GetProperty("activity")} {parameters.GetProperty("refunds")}: {string.Join(", ", months)}; "
                + $"lapsed {retention.Rows[0].GetProperty("lapsed")}";
        }
    }

    [Fact]
    public async Task The_first_answer_fixes_the_scale_of_satisfaction()
    {
        var shop = service.NewTenant("scale");
        await shop.AcceptAsync(OfTen("c", "2025-01-01", 9));

        (await shop.SendAsync(Score("d", "2025-01-02", "csat", 5).With("data.scaleMax", "5")))
            .ShouldRefuse(0, "instrument_mismatch", "data.instrument", "0 to 10", "topBox 3");
        (await shop.SendAsync(Score("d", "2025-01-02", "csat", 4))).ShouldRefuse(0, "instrument_mismatch", "data.instrument", "0 to 10", "topBox 3");
        await shop.AcceptAsync(OfTen("d", "2025-01-03", 8), OfTen("e", "2025-01-03", 7));

        var row = (await shop.AskAsync("/v1/metrics/csat?from=2025-01-01&to=2025-02-01")).Rows.ShouldHaveSingleItem();
        row.GetProperty("score").GetDouble().ShouldBe(2 / 3.0, 1e-12);
        row.GetProperty("distribution").EnumerateObject().Count().ShouldBe(11);

        static JsonObject OfTen(string customer, string day, int score) =>
            Score(customer, day, "csat", score).With("data.scaleMin", "0").With("data.scaleMax", "10").With("data.topBox", "3");
    }
}
