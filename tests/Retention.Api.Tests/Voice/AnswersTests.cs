using System.Text.Json;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Voice;

/// <summary>NPS, CSAT and CES in windows and groups, with revisions, requests and small groups.</summary>
public sealed class AnswersTests(ServiceFixture service)
{
    [Fact]
    public async Task A_trailing_window_pools_the_answers_of_its_days()
    {
        var shop = service.NewTenant("window");
        await shop.AcceptAsync(
            Score("a", "2025-01-01", "nps", 10), Score("b", "2025-01-02", "nps", 0), Score("c", "2025-01-30", "nps", 9), Score("d", "2025-01-31", "nps", 8));

        var rows = (await shop.AskAsync("/v1/metrics/nps?grain=day&window=P30D&from=2025-01-29&to=2025-03-03&asOf=2025-04-01")).Rows;

        // January 30 pools the 1st to the 30th, January 31 no longer the 1st.
        rows.Take(4).Select(row => (Responses(row), Figure(row, "score"))).ShouldBe([(2, 0), (3, 100 / 3.0), (3, 0), (2, 50)]);
        rows.Single(row => Day(row) == "2025-02-28").GetProperty("responses").GetInt64().ShouldBe(2);
        rows.Single(row => Day(row) == "2025-03-01").GetProperty("responses").GetInt64().ShouldBe(1);
        rows.Single(row => Day(row) == "2025-03-02").GetProperty("responses").GetInt64().ShouldBe(0);
        // The window before that of March 1 ends with January 30.
        rows.Single(row => Day(row) == "2025-03-01").GetProperty("scoreChange").GetDouble().ShouldBe(0 - 100 / 3.0, 1e-9);

        var months = (await shop.AskAsync("/v1/metrics/nps?grain=month&window=P2D&from=2025-01-01&to=2025-02-01&asOf=2025-04-01")).Rows;
        months.Single().GetProperty("responses").GetInt64().ShouldBe(2);
    }

    [Fact]
    public async Task Of_each_customer_the_latest_answer_of_a_row_counts_where_that_is_asked()
    {
        var shop = service.NewTenant("latest");
        await shop.AcceptAsync(
            Score("a", "2025-01-01", "nps", 0), Score("a", "2025-01-20", "nps", 10), Score("a", "2025-02-03", "nps", 5), Score("b", "2025-01-05", "nps", 10));

        const string range = "from=2025-01-01&to=2025-03-01&asOf=2025-04-01";
        (await Scores($"grain=month&{range}")).ShouldBe([(3, 100 / 3.0), (1, -100)]);
        (await Scores($"grain=month&{range}&dedup=latest")).ShouldBe([(2, 100), (1, -100)]);
        (await Scores($"{range}&dedup=latest")).ShouldBe([(2, 0)]);
        (await Scores("grain=day&window=P30D&dedup=latest&from=2025-01-20&to=2025-01-21&asOf=2025-04-01")).ShouldBe([(2, 100)]);

        async Task<IEnumerable<(long, double)>> Scores(string query) =>
            (await shop.AskAsync($"/v1/metrics/nps?{query}")).Rows.Select(row => (Responses(row), Math.Round(Figure(row, "score"), 9))).Select(row => (row.Item1, row.Item2 == 33.333333333 ? 100 / 3.0 : row.Item2));
    }

    [Fact]
    public async Task Small_groups_are_hidden_and_so_is_one_that_would_give_another_away()
    {
        var shop = service.NewTenant("minn");
        await shop.AcceptAsync([.. Answers("delivery", 12), .. Answers("checkout", 7), .. Answers("return", 3)]);

        var rows = (await shop.AskAsync("/v1/metrics/csat?grain=month&from=2025-01-01&to=2025-02-01&asOf=2025-04-01&groupBy=touchpoint")).Rows;

        rows.Select(row => (row.GetProperty("group").GetString(), Responses(row), row.GetProperty("suppressed").GetBoolean()))
            .ShouldBe([("checkout", 7, true), ("delivery", 12, false), ("return", 3, true)]);
        foreach (var hidden in rows.Where(row => row.GetProperty("suppressed").GetBoolean()))
            hidden.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null).Select(member => member.Name)
                .ShouldBe(["period", "from", "to", "status", "group", "responses", "suppressed"]);

        var byChannel = (await shop.AskAsync("/v1/metrics/csat?from=2025-01-01&to=2025-02-01&asOf=2025-04-01&groupBy=answerChannel")).Rows;
        byChannel.Select(row => (row.GetProperty("group").GetString(), Responses(row))).ShouldBe([("app", 22)]);

        await shop.PutAsync("/v1/settings", """{"minN": 3}""");
        rows = (await shop.AskAsync("/v1/metrics/csat?from=2025-01-01&to=2025-02-01&asOf=2025-04-01&groupBy=touchpoint")).Rows;
        rows.ShouldAllBe(row => !row.GetProperty("suppressed").GetBoolean());
    }

    [Fact]
    public async Task A_filtered_row_is_hidden_too_and_the_total_never_is()
    {
        var shop = service.NewTenant("filter");
        await shop.AcceptAsync(
            [.. Answers("delivery", 3), Event("customer_registered", "delivery-0", "2025-01-01", new JsonObject { ["country"] = "FI" })]);

        var filtered = (await shop.AskAsync("/v1/metrics/csat?from=2025-01-01&to=2025-02-01&asOf=2025-04-01&filter=country:FI")).Rows.Single();
        var total = (await shop.AskAsync("/v1/metrics/csat?from=2025-01-01&to=2025-02-01&asOf=2025-04-01")).Rows.Single();

        (Responses(filtered), filtered.GetProperty("suppressed").GetBoolean()).ShouldBe((1, true));
        (Responses(total), total.GetProperty("suppressed").GetBoolean()).ShouldBe((3, false));
    }

    [Theory]
    [InlineData("touchpoint", "delivery", 3)]
    [InlineData("touchpoint", "delivery,checkout", 5)]
    [InlineData("touchpoint", "nowhere", 0)]
    [InlineData("answerChannel", "app", 6)]
    [InlineData("answerChannel", "app&filter=touchpoint:return", 1)]
    [InlineData("answerChannel", "app&filter=country:FI", 2)]
    public async Task Answers_and_requests_are_chosen_by_what_is_their_own(string dimension, string value, long responses)
    {
        var shop = service.NewTenant("own");
        await shop.PutAsync("/v1/settings", """{"minN": 1}""");
        await shop.AcceptAsync(
            [
                .. Answers("delivery", 3), .. Answers("checkout", 2), .. Answers("return", 1), Score("nobody", "2025-01-09", "csat", 3),
                Event("customer_registered", "delivery-0", "2025-01-01", new JsonObject { ["country"] = "FI" }),
                Event("customer_registered", "return-0", "2025-01-01", new JsonObject { ["country"] = "FI" }),
                Event("feedback_requested", "a", "2025-01-02", new JsonObject { ["requestId"] = "r", ["instrument"] = "csat", ["touchpoint"] = "delivery", ["channel"] = "sms" }),
            ]);
        const string range = "/v1/metrics/csat?from=2025-01-01&to=2025-02-01&asOf=2025-04-01";

        var row = (await shop.AskAsync($"{range}&filter={dimension}:{value}")).Rows.Single();

        Responses(row).ShouldBe(responses);
        if (responses > 0) row.GetProperty("requested").GetInt64().ShouldBe(value.StartsWith("delivery", StringComparison.Ordinal) ? 1 : 0);
        if (value != "delivery") return;
        var group = (await shop.AskAsync($"{range}&groupBy=touchpoint")).Rows.Single(own => own.GetProperty("group").GetString() == value);
        foreach (var figure in (string[])["score", "distribution", "requested"]) row.GetProperty(figure).ToString().ShouldBe(group.GetProperty(figure).ToString());
    }

    [Fact]
    public async Task Of_each_customer_the_latest_answer_of_all_is_looked_at_by_a_filter_too()
    {
        var shop = service.NewTenant("lastown");
        await shop.PutAsync("/v1/settings", """{"minN": 1}""");
        await shop.AcceptAsync(Score("a", "2025-01-05", "csat", 5).With("data.touchpoint", "\"web\""), Score("a", "2025-01-06", "csat", 1).With("data.touchpoint", "\"shop\""));

        foreach (var (touchpoint, responses) in ((string, long)[])[("web", 0), ("shop", 1)])
            Responses((await shop.AskAsync($"/v1/metrics/csat?from=2025-01-01&to=2025-02-01&asOf=2025-04-01&dedup=latest&filter=touchpoint:{touchpoint}")).Rows.Single()).ShouldBe(responses);
    }

    [Fact]
    public async Task A_revision_off_the_scale_of_its_answer_is_refused_as_soon_as_the_answer_is_known()
    {
        var shop = service.NewTenant("revised");
        await shop.AcceptAsync(Revised("a", "2025-01-07", "nps-a-2025-01-05", 11));
        await shop.AcceptAsync(Score("a", "2025-01-05", "nps", 9), Score("b", "2025-01-05", "csat", 4));

        var answer = await shop.SendAsync(
            Revised("a", "2025-01-08", "nps-a-2025-01-05", -1), Revised("a", "2025-01-09", "nps-a-2025-01-05", 0), Revised("b", "2025-01-08", "csat-b-2025-01-05", 6),
            Score("c", "2025-01-05", "ces", 4), Revised("c", "2025-01-08", "ces-c-2025-01-05", 8), Revised("d", "2025-01-08", "unknown", 99),
            Revised("a", "2025-01-07", "nps-a-2025-01-05", 11));

        (answer.Number("accepted"), answer.Number("duplicates"), answer.List("rejected").Count).ShouldBe((3, 1, 3));
        answer.ShouldRefuse(0, "out_of_range", "data.score", "0 to 10");
        answer.ShouldRefuse(2, "out_of_range", "data.score", "1 to 5");
        answer.ShouldRefuse(4, "out_of_range", "data.score", "1 to 7");
        Figure((await shop.AskAsync("/v1/metrics/nps?grain=month&asOf=2025-04-01")).Row("2025-01-01"), "score").ShouldBe(-100);

        static JsonObject Revised(string customer, string at, string answer, int score) =>
            Event("feedback_revised", customer, at, new JsonObject { ["feedbackId"] = answer, ["score"] = score });
    }

    [Fact]
    public async Task Revisions_withdrawals_and_requests_are_in_the_figures()
    {
        var shop = service.NewTenant("asked");
        await shop.AcceptAsync(
            Request("a", "2025-01-30", "r-1"), Request("b", "2025-01-30", "r-2"), Request("c", "2025-01-30", "r-3"), Request("d", "2025-01-31", "r-4"),
            Event("feedback_bounced", "d", "2025-01-31", new JsonObject { ["requestId"] = "r-4", ["instrument"] = "ces" }),
            Reply("a", "2025-02-02", 2, "r-1"), Reply("b", "2025-02-10", 7, "r-2"), Reply("c", "2025-03-01", 7, "r-3"),
            Event("feedback_revised", "a", "2025-02-20", new JsonObject { ["feedbackId"] = "reply-a", ["score"] = 6 }),
            Event("feedback_withdrawn", "b", "2025-02-21", new JsonObject { ["feedbackId"] = "reply-b" }));

        var january = (await shop.AskAsync("/v1/metrics/ces?grain=month&asOf=2025-04-01")).Row("2025-01-01");
        (january.GetProperty("requested").GetInt64(), january.GetProperty("bounced").GetInt64(), january.GetProperty("answered").GetInt64()).ShouldBe((4, 1, 1));
        (Figure(january, "responseRate"), january.GetProperty("responseRateStatus").GetString()).ShouldBe((1 / 3.0, "complete"));

        var february = (await shop.AskAsync("/v1/metrics/ces?grain=month&asOf=2025-04-01")).Row("2025-02-01");
        (Responses(february), Figure(february, "score")).ShouldBe((1, 6));

        // Nothing of the revision is known before it happened.
        february = (await shop.AskAsync("/v1/metrics/ces?grain=month&asOf=2025-02-14")).Row("2025-02-01");
        (Responses(february), Figure(february, "score"), Figure(february, "agree")).ShouldBe((2, 4.5, 0.5));
        (await shop.AskAsync("/v1/metrics/ces?grain=month&asOf=2025-02-14")).Row("2025-01-01").GetProperty("responseRateStatus").GetString().ShouldBe("in_progress");
        (await shop.AskAsync("/v1/metrics/ces?grain=month&asOf=2025-02-15")).Row("2025-01-01").GetProperty("responseRateStatus").GetString().ShouldBe("complete");
    }

    [Fact]
    public async Task A_response_rate_is_complete_when_nobody_can_answer_in_time_any_more()
    {
        var shop = service.NewTenant("dst");
        await shop.AcceptAsync(Request("a", "2025-03-17T21:59:00Z", "r-1"));

        // The row ends at 22:00Z, and the clocks of Tallinn go forward meanwhile: 14 days of 24 hours end at 1 o'clock on April 1.
        (await StatusAsync("2025-03-31T21:30:00Z")).ShouldBe("in_progress");
        (await StatusAsync("2025-03-31T22:00:00Z")).ShouldBe("complete");

        async Task<string?> StatusAsync(string asOf) =>
            (await shop.AskAsync($"/v1/metrics/ces?grain=day&from=2025-03-17&to=2025-03-18&tz=Europe/Tallinn&asOf={asOf}")).Row("2025-03-17").GetProperty("responseRateStatus").GetString();
    }

    [Fact]
    public async Task Answers_count_by_the_hour_in_the_zone_asked_for()
    {
        var shop = service.NewTenant("hours");
        await shop.AcceptAsync(Score("a", "2025-03-30T00:30:00Z", "nps", 10), Score("b", "2025-03-30T01:30:00Z", "nps", 9), Score("c", "2025-03-30T01:45:00Z", "nps", 0));

        var rows = (await shop.AskAsync("/v1/metrics/nps?grain=hour&tz=Europe/Helsinki&from=2025-03-30T02:00&to=2025-03-30T05:00&asOf=2025-04-01")).Rows;

        // Three o'clock does not exist on that day.
        rows.Select(row => (Day(row), Responses(row))).ShouldBe([("2025-03-30T02:00:00+02:00", 1), ("2025-03-30T04:00:00+03:00", 2)]);
    }

    [Fact]
    public async Task Maintained_answers_and_folded_ones_are_the_same()
    {
        var shop = service.NewTenant("same");
        await shop.AcceptAsync([.. Answers("delivery", 9), .. Answers("checkout", 6), Request("a", "2025-01-07", "r-1"), Reply("a", "2025-01-08", 2, "r-1")]);

        foreach (var metric in (string[])["csat", "ces"])
        {
            foreach (var query in (string[])["grain=day&window=P7D", "grain=week", "from=2025-01-03&to=2025-01-20"])
            {
                // A filter that holds for everybody makes a fold, whose small rows are hidden.
                await shop.PutAsync("/v1/settings", """{"minN": 1}""");
                var maintained = (await shop.AskAsync($"/v1/metrics/{metric}?asOf=2025-04-01&{query}")).Rows.Where(IsAnswered);
                var folded = (await shop.AskAsync($"/v1/metrics/{metric}?asOf=2025-04-01&{query}&filter=spend:>=0")).Rows.Where(IsAnswered);
                folded.Select(row => row.ToString()).ShouldBe(maintained.Select(row => row.ToString()));
            }
        }
    }

    [Theory]
    [InlineData("window=30", "window", "not_allowed", "PnD")]
    [InlineData("window=P0D", "window", "not_allowed", "PnD")]
    [InlineData("window=P30D&grain=hour", "window", "not_allowed", "hour")]
    [InlineData("dedup=last", "dedup", "not_allowed", "all, latest")]
    [InlineData("groupBy=channels", "groupBy", "not_allowed", "touchpoint, answerChannel")]
    public async Task A_question_that_makes_no_sense_says_why(string query, string path, string code, string word) =>
        (await service.NewTenant().GetAsync($"/v1/metrics/nps?{query}")).ShouldBeProblem(400, code, path, word);

    private static IEnumerable<JsonObject> Answers(string touchpoint, int count) => Enumerable.Range(0, count).Select(i => Event(
        "feedback_given", $"{touchpoint}-{i}", $"2025-01-{5 + i:00}",
        new JsonObject { ["instrument"] = "csat", ["score"] = 1 + i % 5, ["touchpoint"] = touchpoint, ["channel"] = "app" }));

    private static JsonObject Request(string customer, string at, string request) =>
        Event("feedback_requested", customer, at, new JsonObject { ["requestId"] = request, ["instrument"] = "ces" });

    private static JsonObject Reply(string customer, string at, int score, string request) => Event(
        "feedback_given", customer, at, new JsonObject { ["instrument"] = "ces", ["score"] = score, ["requestId"] = request }, $"reply-{customer}");

    private static bool IsAnswered(JsonElement row) => row.GetProperty("responses") is { ValueKind: JsonValueKind.Number } count && count.GetInt64() > 0;

    private static long Responses(JsonElement row) => row.GetProperty("responses").GetInt64();

    private static double Figure(JsonElement row, string name) => row.GetProperty(name).GetDouble();

    private static string Day(JsonElement row) => row.GetProperty("period").GetString()!;
}
