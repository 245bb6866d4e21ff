using System.Text.Json;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Voice;

/// <summary>Complaints from receipt to resolution, their promise, and the lists of those to be worked on.</summary>
public sealed class ComplaintsTests(ServiceFixture service)
{
    private const string Range = "grain=month&from=2025-03-01&to=2025-04-01&asOf=2025-04-10";

    [Theory]
    [InlineData("2025-03-30T20:59:59Z", 1.0)]
    [InlineData("2025-03-30T21:00:00Z", 0.0)]
    public async Task E_mail_received_at_noon_before_the_clocks_change_is_due_after_35_hours(string replied, double kept)
    {
        var desk = await TallinnAsync();
        await desk.AcceptAsync(Complaint("a", "2025-03-29T10:00:00Z", "c-1"), Replied("a", replied, "c-1"));

        var row = (await desk.AskAsync($"/v1/metrics/complaints?{Range}")).Rows.Single();

        row.GetProperty("promiseKeptRate").GetDouble().ShouldBe(kept);
        var breaches = (await desk.AskAsync("/v1/complaints/breaches?asOf=2025-04-10")).Rows;
        breaches.Count.ShouldBe(kept == 1 ? 0 : 1);
        if (kept == 1) return;
        (Text(breaches[0], "complaintId"), Text(breaches[0], "dueAt"), breaches[0].GetProperty("late").GetDouble()).ShouldBe(("c-1", "2025-03-31T00:00:00+03:00", 0));
    }

    [Fact]
    public async Task Every_step_counts_and_every_clock_stops()
    {
        var desk = await TallinnAsync();
        await desk.AcceptAsync(
            Complaint("a", "2025-03-03T08:00:00Z", "c-1"), Step("acknowledged", "a", "2025-03-03T08:01:00Z", "c-1"), Replied("a", "2025-03-03T10:00:00Z", "c-1"),
            Step("message", "a", "2025-03-04T08:00:00Z", "c-1"), Replied("a", "2025-03-04T08:30:00Z", "c-1"), Resolved("a", "2025-03-05T08:00:00Z", "c-1"),
            Step("reopened", "a", "2025-03-06T08:00:00Z", "c-1"), Resolved("a", "2025-03-10T08:00:00Z", "c-1").With("id", "\"again\""),
            Complaint("b", "2025-03-04T08:00:00Z", "c-2"), Resolved("b", "2025-03-04T09:00:00Z", "c-2"),
            Complaint("c", "2025-03-20T08:00:00Z", "c-3"), Step("withdrawn", "c", "2025-03-20T09:00:00Z", "c-3"),
            Complaint("d", "2025-04-08T08:00:00Z", "c-4"));

        var march = (await desk.AskAsync($"/v1/metrics/complaints?{Range}")).Rows.Single();

        Counts(march).ShouldBe("received 3, acknowledged 1, replied 1, resolved 2, reopened 1, withdrawn 1, open 0");
        (Number(march, "reopenRate"), Number(march, "oneTouchRate")).ShouldBe((0.5, 0.5));
        // Two in the afternoon is before five: all of it is business time.
        Clock(march, "firstReply").ShouldBe((7200, 7200));
        Clock(march, "nextReply").ShouldBe((1800, 1800));
        // 48 hours and 1: between them, and of business time Monday ten to Wednesday ten is two days of eight hours.
        Clock(march, "resolution").ShouldBe(((48 + 1) / 2.0 * 3600, (16 + 1) / 2.0 * 3600));
        march.GetProperty("lastResolution").GetProperty("p90").GetDouble().ShouldBe((1 + 0.9 * (7 * 24 - 1)) * 3600);
        (march.GetProperty("promised").GetInt64(), march.GetProperty("promiseKept").GetInt64()).ShouldBe((2, 2));

        var april = (await desk.AskAsync("/v1/metrics/complaints?grain=month&asOf=2025-04-10")).Row("2025-04-01");
        (april.GetProperty("open").GetInt64(), april.GetProperty("backlogAge").GetProperty("max").GetDouble()).ShouldBe((1, 37 / 24.0));
        (await desk.AskAsync("/v1/metrics/complaints?grain=hour&from=2025-03-04T10:00&to=2025-03-04T12:00&asOf=2025-04-10")).Rows
            .Select(Counts).ShouldBe([
                "received 1, acknowledged 0, replied 0, resolved 0, reopened 0, withdrawn 0, open 2",
                "received 0, acknowledged 0, replied 0, resolved 1, reopened 0, withdrawn 0, open 1"]);
    }

    [Fact]
    public async Task Groups_are_set_in_proportion_to_the_orders_that_belong_to_them()
    {
        var desk = service.NewTenant("groups");
        var lamp = new JsonObject { ["lines"] = new JsonArray(new JsonObject { ["sku"] = "lamp" }) };
        await desk.AcceptAsync(
            Order("a", "2025-03-02", 10, lamp), Order("b", "2025-03-03", 10, lamp), Order("c", "2025-03-04"), Order("d", "2025-03-05", 10, new JsonObject { ["channel"] = "web" }),
            Complaint("a", "2025-03-10", "c-1").With("data.channel", "\"chat\"").With("data.orderId", "\"a-2025-03-02\""), Complaint("b", "2025-03-11", "c-2"));

        (await PerThousandAsync("channel")).ShouldBe(["chat 1/4 250", "email 1/4 250"]);
        (await PerThousandAsync("category")).ShouldBe(["delivery 2/4 500"]);
        (await PerThousandAsync("product")).ShouldBe(["lamp 1/2 500", "- 1/0 null"]);
        (await PerThousandAsync("customerChannel")).ShouldBe(["web 0/1 0", "- 2/3 666.667"]);
        (await desk.AskAsync($"/v1/metrics/complaints?{Range}&filter=product:lamp")).Rows.Single().GetProperty("orders").GetInt64().ShouldBe(2);

        async Task<IEnumerable<string>> PerThousandAsync(string group) => (await desk.AskAsync($"/v1/metrics/complaints?{Range}&groupBy={group}")).Rows.Select(row =>
            $"{Text(row, "group") ?? "-"} {row.GetProperty("received")}/{row.GetProperty("orders")} "
            + (row.GetProperty("perThousandOrders").ValueKind == JsonValueKind.Null ? "null" : $"{Math.Round(Number(row, "perThousandOrders"), 3)}"));
    }

    [Fact]
    public async Task An_order_of_several_products_is_one_of_the_others_once()
    {
        var desk = service.NewTenant("many");
        await desk.AcceptAsync(
            [
                .. Enumerable.Range(0, 10).SelectMany(i => (JsonObject[])[About(i, 0), About(i, 1)]), .. Enumerable.Range(0, 10).Select(i => Bought(i, $"sku-{i}")),
                Bought(90, "rare", "scarce"), About(90, 0), Bought(91, "scarce"),
            ]);

        var rows = (await desk.AskAsync($"/v1/metrics/complaints?{Range}&groupBy=product")).Rows;
        var all = (await desk.AskAsync($"/v1/metrics/complaints?{Range}&groupBy=product&format=csv")).Text.Split('\n').Where(line => line.Contains("2025-03-01")).ToList();

        (rows.Count, all.Count).ShouldBe((11, 12));
        var other = rows.Single(row => Text(row, "group") == "other");
        (other.GetProperty("received").GetInt64(), other.GetProperty("orders").GetInt64(), Number(other, "perThousandOrders")).ShouldBe((1, 2, 500));
        rows.Sum(row => row.GetProperty("received").GetInt64()).ShouldBe(21);

        static JsonObject Bought(int customer, params string[] skus) =>
            Order($"c-{customer}", "2025-03-02", 10, new JsonObject { ["lines"] = new JsonArray([.. skus.Select(sku => new JsonObject { ["sku"] = sku })]) });

        static JsonObject About(int customer, int number) =>
            Complaint($"c-{customer}", $"2025-03-1{number}", $"k-{customer}-{number}").With("data.orderId", $"\"c-{customer}-2025-03-02\"");
    }

    [Fact]
    public async Task Another_promise_restates_the_past_and_the_answer_says_which_one_it_took()
    {
        var desk = await TallinnAsync();
        await desk.AcceptAsync(Complaint("a", "2025-03-04T08:00:00Z", "c-1"), Replied("a", "2025-03-04T10:00:00Z", "c-1"));
        (await desk.AskAsync($"/v1/metrics/complaints?{Range}")).Rows.Single().GetProperty("promiseKeptRate").GetDouble().ShouldBe(1);

        var changed = await desk.PutAsync("/v1/settings", """{"servicePromise": {"email": "PT1H"}, "businessHours": {"tuesday": [["11:00", "12:00"]]}}""");
        changed.Status.ShouldBe(200);

        var answer = await desk.AskAsync($"/v1/metrics/complaints?{Range}");
        answer.Rows.Single().GetProperty("promiseKeptRate").GetDouble().ShouldBe(0);
        Clock(answer.Rows.Single(), "firstReply").ShouldBe((7200, 3600));
        answer.Root.GetProperty("parameters").GetProperty("servicePromise").ToString().ShouldBe("""{"email":"PT1H"}""");
    }

    [Fact]
    public async Task Open_complaints_are_listed_by_what_is_due_first_page_by_page()
    {
        var desk = await TallinnAsync();
        await desk.AcceptAsync(
            Complaint("a", "2025-03-04T08:00:00Z", "slow"), Complaint("b", "2025-03-04T09:00:00Z", "fast").With("data.channel", "\"chat\""),
            Complaint("c", "2025-03-05T09:00:00Z", "phoned").With("data.channel", "\"phone\""), Complaint("d", "2025-03-01T09:00:00Z", "done"), Resolved("d", "2025-03-02", "done"));

        var first = await desk.AskAsync("/v1/segments/open-complaints?asOf=2025-03-05T12:00:00Z&limit=2");
        var second = await desk.AskAsync($"/v1/segments/open-complaints?asOf=2025-03-05T12:00:00Z&limit=2&cursor={Text(first.Root, "nextCursor")}");

        first.Rows.Concat(second.Rows).Select(row => $"{Text(row, "customer")} {Text(row, "complaintId")} {Text(row, "dueAt")} {Text(row, "promise")}").ShouldBe(
        [
            "b fast 2025-03-04T11:05:00+02:00 broken", "a slow 2025-03-06T00:00:00+02:00 pending", "c phoned 2025-03-06T11:00:00+02:00 pending",
        ]);
        (first.Number("count"), Text(second.Root, "nextCursor")).ShouldBe((3, null));
        (await desk.GetAsync("/v1/segments/open-complaints?cursor=nonsense")).ShouldBeProblem(400, "unknown_cursor", "cursor");
        (await desk.AskAsync("/v1/complaints/breaches?asOf=2025-03-05T12:00:00Z&from=2025-03-05&to=2025-03-06")).Rows.ShouldBeEmpty();
    }

    [Fact]
    public async Task Detractors_with_an_open_complaint_come_first()
    {
        var desk = await TallinnAsync();
        await desk.AcceptAsync(
            Score("old", "2025-01-01", "nps", 3), Score("young", "2025-02-01", "nps", 0), Score("angry", "2025-03-01", "nps", 6), Complaint("angry", "2025-03-01", "c-1"),
            Score("won", "2025-01-01", "nps", 1), Score("won", "2025-02-01", "nps", 7));

        var rows = (await desk.AskAsync("/v1/segments/detractors?asOf=2025-04-01")).Rows;

        rows.Select(row => $"{Text(row, "customer")} {row.GetProperty("score")} {Text(row, "feedbackId")} {row.GetProperty("openComplaints")}").ShouldBe(
            ["angry 6 nps-angry-2025-03-01 1", "old 3 nps-old-2025-01-01 0", "young 0 nps-young-2025-02-01 0"]);
    }

    [Fact]
    public async Task Who_was_asked_lately_is_not_asked_again()
    {
        var shop = service.NewTenant("throttle");
        await shop.AcceptAsync(
            Event("feedback_requested", "a/b", "2025-01-10", new JsonObject { ["requestId"] = "r-1", ["instrument"] = "nps" }),
            Event("feedback_requested", "a/b", "2025-02-10", new JsonObject { ["requestId"] = "r-2", ["instrument"] = "nps" }),
            Event("feedback_bounced", "a/b", "2025-02-10", new JsonObject { ["requestId"] = "r-2", ["instrument"] = "nps" }));

        var soon = (await shop.AskAsync("/v1/customers/a%2Fb/contactable?asOf=2025-04-09")).Root;
        (soon.GetProperty("contactable").GetBoolean(), Text(soon, "contactableFrom"), soon.GetProperty("daysSinceAsked").GetInt32(), Text(soon, "lastAskedAt"))
            .ShouldBe((false, "2025-04-10", 89, "2025-01-10T12:00:00+00:00"));
        (await shop.AskAsync("/v1/customers/a%2Fb/contactable?asOf=2025-04-10")).Root.GetProperty("contactable").GetBoolean().ShouldBeTrue();
        await shop.PutAsync("/v1/settings", """{"askThrottleDays": 10}""");
        (await shop.AskAsync("/v1/customers/a%2Fb/contactable?asOf=2025-04-09")).Root.GetProperty("contactable").GetBoolean().ShouldBeTrue();
        (await shop.GetAsync($"/v1/customers/nobody/contactable?minPosition={shop.Position}")).ShouldBeProblem(404, "unknown_customer");
    }

    [Fact]
    public async Task What_a_complaint_does_to_coming_back_is_compared_with_matched_orders()
    {
        var shop = service.NewTenant("recovery");
        await shop.AcceptAsync(
            Order("solved", "2025-01-01"), Complaint("solved", "2025-01-10", "c-1"), Resolved("solved", "2025-01-12", "c-1"), Order("solved", "2025-02-01"),
            Order("ignored", "2025-01-01"), Complaint("ignored", "2025-01-10", "c-2"), Score("ignored", "2025-01-05", "nps", 9), Score("ignored", "2025-01-15", "nps", 0),
            Order("quiet", "2025-01-01"), Order("quiet", "2025-03-01"), Order("gone", "2025-01-02"));

        var answer = await shop.AskAsync("/v1/metrics/service-recovery?asOf=2025-12-01");

        answer.Rows.Select(row => $"{Text(row, "from")} {Text(row, "outcome")} {row.GetProperty("orderedAgain")}/{row.GetProperty("moments")} {row.GetProperty("repurchaseRate")} "
            + $"{row.GetProperty("controlRate")} {row.GetProperty("difference")}").ShouldBe(
        [
            "2025-01-01 resolved 1/1 1 0.5 0.5", "2025-01-01 unresolved 0/1 0 0.5 -0.5", "2025-01-01 none 1/3 0.5  ",
        ]);
        answer.Rows[1].GetProperty("npsChange").GetProperty("score").GetDouble().ShouldBe(-200);
        answer.Rows.ShouldAllBe(row => Text(row, "outcomeStatus") == "in_progress");
        (await shop.AskAsync("/v1/metrics/service-recovery?asOf=2025-12-01&grain=month&from=2025-01-01&to=2025-02-01")).Rows
            .ShouldAllBe(row => Text(row, "outcomeStatus") == "complete");
    }

    [Fact]
    public async Task Reasons_for_staying_away_are_shares_also_by_segment()
    {
        var shop = service.NewTenant("reasons");
        JsonObject Reason(string customer, string at, string reason) => Event("lapse_reason_given", customer, at, new JsonObject { ["reason"] = reason });
        await shop.AcceptAsync(Order("a", "2025-01-01"), Reason("a", "2025-02-01", "price"), Reason("b", "2025-02-01", "price"), Reason("c", "2025-03-01", "moved"));

        (await ReasonsAsync("")).ShouldBe(["2025-02-01  price 2/3", "2025-02-01  moved 1/3"]);
        (await ReasonsAsync("&grain=month")).ShouldBe(["2025-02-01  price 2/2", "2025-03-01  moved 1/1"]);
        (await ReasonsAsync("&groupBy=segment")).ShouldBe(["2025-02-01 new price 1/1", "2025-02-01  moved 1/2", "2025-02-01  price 1/2"]);
        (await shop.AskAsync("/v1/metrics/lapse-reasons?asOf=2025-01-15")).Rows.ShouldBeEmpty();

        async Task<IEnumerable<string>> ReasonsAsync(string query) => (await shop.AskAsync($"/v1/metrics/lapse-reasons?asOf=2025-06-01{query}")).Rows
            .Select(row => $"{Text(row, "from")} {Text(row, "group")} {Text(row, "reason")} {row.GetProperty("count")}/{row.GetProperty("given")}");
    }

    [Fact]
    public async Task Lapsed_regulars_are_followed_on_their_way_back()
    {
        var shop = service.NewTenant("winback");
        JsonObject[] Regular(string customer) => [Order(customer, "2025-01-01"), Order(customer, "2025-01-31"), Order(customer, "2025-02-28"), Order(customer, "2025-04-01")];
        await shop.AcceptAsync(
            [
                .. Regular("asked"), Event("feedback_requested", "asked", "2025-06-05", new JsonObject { ["requestId"] = "r", ["instrument"] = "nps" }),
                Event("lapse_reason_given", "asked", "2025-06-07", new JsonObject { ["reason"] = "price" }), Order("asked", "2025-07-01"), .. Regular("left"),
            ]);

        var row = (await shop.AskAsync("/v1/metrics/win-back?asOf=2025-08-01")).Rows.Single();

        (Text(row, "from"), row.GetProperty("lapsed").GetInt64(), row.GetProperty("asked").GetInt64(), row.GetProperty("answered").GetInt64(), row.GetProperty("returned").GetInt64())
            .ShouldBe(("2025-06-01", 2, 1, 1, 1));
        (Number(row, "askedReturnedRate"), Number(row, "unaskedReturnedRate")).ShouldBe((1, 0));
        (await shop.AskAsync("/v1/metrics/win-back?grain=month&asOf=2025-08-02")).Rows.Select(month => month.GetProperty("lapsed").GetInt64()).ShouldBe([2, 0, 0]);
    }

    private async Task<TestTenant> TallinnAsync()
    {
        var desk = service.NewTenant("desk");
        (await desk.PutAsync("/v1/settings", """{"timeZone": "Europe/Tallinn"}""")).Status.ShouldBe(200);
        return desk;
    }

    private static JsonObject Step(string step, string customer, string at, string complaint) =>
        Event($"complaint_{step}", customer, at, new JsonObject { ["complaintId"] = complaint });

    private static string Counts(JsonElement row) => string.Join(", ", ((string[])["received", "acknowledged", "replied", "resolved", "reopened", "withdrawn", "open"])
        .Select(name => $"{name} {row.GetProperty(name)}"));

    private static (double Calendar, double Business) Clock(JsonElement row, string name) =>
        (row.GetProperty(name).GetProperty("p50").GetDouble(), row.GetProperty(name).GetProperty("businessP50").GetDouble());

    private static string? Text(JsonElement row, string name) => row.GetProperty(name).GetString();

    private static double Number(JsonElement row, string name) => row.GetProperty(name).GetDouble();
}
