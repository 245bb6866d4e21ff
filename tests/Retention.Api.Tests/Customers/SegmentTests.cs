using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Api.Tests.EndToEnd;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Customers;

/// <summary>RFM and lapsed regulars, by the examples of their definitions.</summary>
public sealed class SegmentTests(ServiceFixture service)
{
    private static readonly DateOnly Today = new(2025, 12, 1);

    [Fact]
    public async Task Ten_customers_are_scored_by_the_edges_that_are_served()
    {
        var shop = await TenAsync();

        var answer = await shop.AskAsync("/v1/segments/rfm?asOf=2025-12-01");

        answer.Root.GetProperty("edges").ToString().ShouldBe("""{"recency":[28,46,64,82],"frequency":[1,1,1,1],"monetary":[28,46,64,82]}""");
        answer.Rows.Select(row => $"{row.Word("customer")} {row.Count("recency")} {row.Count("frequency")} {row.Money("monetary")} {row.Count("r")}{row.Count("f")}{row.Count("m")} {row.Word("segment")}")
            .ShouldBe(
            [
                "c01 10 1 10.00 511 new", "c02 20 1 20.00 511 new", "c03 30 1 30.00 412 promising", "c04 40 1 40.00 412 promising", "c05 50 1 50.00 313 about-to-sleep",
                "c06 60 1 60.00 313 about-to-sleep", "c07 70 1 70.00 214 hibernating", "c08 80 1 80.00 214 hibernating", "c09 90 1 90.00 115 lost", "c10 100 1 100.00 115 lost",
            ]);
        answer.List("warnings").ShouldHaveSingleItem().GetString()!.ShouldStartWith("Frequency has 1 distinct edges of 4");
        answer.List("segments").Select(segment => $"{segment.Word("name")} {segment.Count("customers")}").ShouldBe(
        [
            "champions 0", "loyal 0", "potential-loyal 0", "new 2", "promising 2", "need-attention 0", "about-to-sleep 2", "cannot-lose 0", "at-risk 0", "hibernating 2", "lost 2",
        ]);
        answer.List("segments")[^2].GetProperty("cells").ToString().ShouldBe("""[{"r":[2,2],"f":[1,2]},{"r":[1,1],"f":[2,2]}]""");
        answer.Number("customers").ShouldBe(10);
    }

    [Fact]
    public async Task A_segment_is_listed_alone_and_pages_by_cursor_while_the_counts_stay_those_of_all()
    {
        var shop = await TenAsync();

        var first = await shop.AskAsync("/v1/segments/rfm?asOf=2025-12-01&segment=lost&limit=1");
        var second = await shop.AskAsync($"/v1/segments/rfm?asOf=2025-12-01&segment=lost&limit=1&cursor={first.Root.Word("nextCursor")}");

        (Ids(first), Ids(second)).ShouldBe(("c09", "c10"));
        second.Root.GetProperty("nextCursor").ValueKind.ShouldBe(JsonValueKind.Null);
        foreach (var page in (Answer[])[first, second]) page.List("segments").Sum(segment => segment.Count("customers")).ShouldBe(10);
        var csv = (await shop.AskAsync("/v1/segments/rfm?asOf=2025-12-01&segment=lost&format=csv")).Text;
        csv.ReplaceLineEndings("\n").ShouldBe("customer,recency,frequency,monetary,r,f,m,segment\nc09,90,1,90.00,1,1,5,lost\nc10,100,1,100.00,1,1,5,lost\n");
    }

    [Fact]
    public async Task Filters_choose_whom_the_edges_are_of()
    {
        var shop = await TenAsync();

        var answer = await shop.AskAsync("/v1/segments/rfm?asOf=2025-12-01&filter=spend:<=50");

        answer.Root.GetProperty("edges").GetProperty("recency").ToString().ShouldBe("[18,26,34,42]");
        answer.Rows.Select(row => row.Count("r")).ShouldBe([5, 4, 3, 2, 1]);
    }

    [Fact]
    public async Task Every_score_and_segment_follows_from_what_is_served()
    {
        var shop = service.NewTenant("scores");
        var random = new Random(7);
        await shop.AcceptAsync([.. Enumerable.Range(0, 80).SelectMany(i => Enumerable.Range(0, random.Next(1, 7)).Select(n => Order($"c{i}", $"{Ago(random.Next(1, 300))}T{n:00}:00:00Z", random.Next(1, 90))))]);

        var answer = await shop.AskAsync("/v1/segments/rfm?asOf=2025-12-01");

        answer.Rows.Count.ShouldBe(80);
        var segments = answer.List("segments");
        foreach (var row in answer.Rows)
        {
            (row.Count("r"), row.Count("f"), row.Count("m")).ShouldBe((5 - Below(row, "recency"), 1 + Below(row, "frequency"), 1 + Below(row, "monetary")), row.ToString());
            segments.Single(segment => segment.GetProperty("cells").EnumerateArray().Any(cell => Holds(cell, "r", row) && Holds(cell, "f", row))).Word("name").ShouldBe(row.Word("segment"));
        }
        segments.Select(segment => segment.Count("customers")).ShouldBe(segments.Select(segment => (long)answer.Rows.Count(row => row.Word("segment") == segment.Word("name"))));

        int Below(JsonElement row, string name) => answer.Root.GetProperty("edges").GetProperty(name).EnumerateArray().Count(edge => edge.GetDecimal() < row.Money(name));

        static bool Holds(JsonElement cell, string name, JsonElement row) => cell.GetProperty(name)[0].GetInt32() <= row.Count(name) && row.Count(name) <= cell.GetProperty(name)[1].GetInt32();
    }

    [Fact]
    public async Task Lapsed_regulars_are_told_with_every_criterion()
    {
        var shop = await RegularsAsync();

        var answer = await shop.AskAsync("/v1/segments/lapsed-regulars?asOf=2025-12-01");

        (Ids(answer), answer.Number("customers")).ShouldBe(("regular settled", 2));
        var criteria = answer.Rows[0];
        Told(criteria, "purchaseDays", "daysSinceLast", "onlyOneOff", "openComplaint", "daysSinceAsked").ShouldBe("4 True|61 True|False True|False True| True");
        criteria.GetProperty("variation").GetProperty("value").GetDouble().ShouldBe(2 / 30.0);
        (criteria.Count("medianGap"), criteria.Count("misses")).ShouldBe((30, 0));
        var parameters = answer.Root.GetProperty("parameters");
        (parameters.Count("minPurchaseDays"), parameters.Rate("maxVariation"), parameters.Count("gapMultiple"), parameters.Count("throttleDays")).ShouldBe((3, 0.5, 2, 90));
    }

    [Fact]
    public async Task Who_misses_one_criterion_is_listed_where_asked_for_with_the_one_that_is_missed()
    {
        var shop = await RegularsAsync();

        var answer = await shop.AskAsync("/v1/segments/lapsed-regulars?asOf=2025-12-01&misses=1");

        answer.Rows.Where(row => row.Count("misses") == 1).Select(row => $"{row.Word("customer")} {string.Join(',', row.EnumerateObject().Where(Missed).Select(member => $"{member.Name} {member.Value.GetProperty("value")}"))}")
            .ShouldBe(["asked daysSinceAsked 80", "complains openComplaint True", "irregular variation 1.0606601717798214", "recent daysSinceLast 60"]);
        Ids(await shop.AskAsync("/v1/segments/lapsed-regulars?asOf=2025-12-01&misses=6")).ShouldBe("asked complains irregular once recent regular settled");

        static bool Missed(JsonProperty member) => member.Value.ValueKind == JsonValueKind.Object && !member.Value.GetProperty("met").GetBoolean();
    }

    [Theory]
    [InlineData("throttleDays=80", "asked regular settled")]
    [InlineData("throttleDays=81", "regular settled")]
    [InlineData("throttleDays=0", "asked regular settled")]
    [InlineData("maxVariation=1.1", "irregular regular settled")]
    [InlineData("maxVariation=0", "")]
    [InlineData("gapMultiple=1.9", "recent regular settled")]
    [InlineData("minPurchaseDays=5", "")]
    [InlineData("misses=1&limit=2", "asked complains")]
    public async Task Every_threshold_is_a_parameter(string query, string expected) =>
        Ids(await (await RegularsAsync()).AskAsync($"/v1/segments/lapsed-regulars?asOf=2025-12-01&{query}")).ShouldBe(expected);

    [Fact]
    public async Task The_throttle_is_the_tenants_where_not_given()
    {
        var shop = await RegularsAsync();
        await shop.PutAsync("/v1/settings", """{"askThrottleDays":30}""");

        Ids(await shop.AskAsync("/v1/segments/lapsed-regulars?asOf=2025-12-01")).ShouldBe("asked regular settled");
    }

    [Fact]
    public async Task Criteria_are_two_columns_each_in_csv()
    {
        var csv = (await (await RegularsAsync()).AskAsync("/v1/segments/lapsed-regulars?asOf=2025-12-01&format=csv&limit=1")).Text.ReplaceLineEndings("\n").Split('\n');

        csv[0].ShouldBe(
            "customer,misses,purchaseDays_value,purchaseDays_met,variation_value,variation_met,daysSinceLast_value,daysSinceLast_met,medianGap,onlyOneOff_value,onlyOneOff_met,"
            + "openComplaint_value,openComplaint_met,daysSinceAsked_value,daysSinceAsked_met");
        csv[1].ShouldBe("regular,0,4,true,0.06666666666666667,true,61,true,30,false,true,false,true,,true");
    }

    [Theory]
    [InlineData("rfm?segment=best", "not_allowed", "segment", "champions, loyal, potential-loyal")]
    [InlineData("rfm?limit=0", "out_of_range", "limit", "1 to 1000")]
    [InlineData("rfm?limit=1001", "out_of_range", "limit", "1 to 1000")]
    [InlineData("rfm?cursor=c01", "unknown_cursor", "cursor", "nextCursor")]
    [InlineData("rfm?cursor=%2F%2F", "unknown_cursor", "cursor", "nextCursor")]
    [InlineData("rfm?grain=month", "unknown_parameter", "grain", "asOf, cursor, filter, format, knownAt, limit, minPosition, receipt, refunds, replay, segment, tz")]
    [InlineData("rfm?from=2025-01-01", "unknown_parameter", "from", "asOf")]
    [InlineData("rfm?groupBy=channel", "unknown_parameter", "groupBy", "asOf")]
    [InlineData("rfm?tz=Mars/Base", "unknown_time_zone", "tz", "Europe/Helsinki")]
    [InlineData("rfm?asOf=2199-01-01", "in_future", "asOf", "future")]
    [InlineData("lapsed-regulars?maxVariation=much", "out_of_range", "maxVariation", "0 to 100")]
    [InlineData("lapsed-regulars?maxVariation=-1", "out_of_range", "maxVariation", "0 to 100")]
    [InlineData("lapsed-regulars?gapMultiple=NaN", "out_of_range", "gapMultiple", "0 to 100")]
    [InlineData("lapsed-regulars?minPurchaseDays=0", "out_of_range", "minPurchaseDays", "1 to 1000")]
    [InlineData("lapsed-regulars?throttleDays=-1", "out_of_range", "throttleDays", "0 to")]
    [InlineData("lapsed-regulars?misses=7", "out_of_range", "misses", "0 to 6")]
    public async Task What_is_wrong_is_refused_with_what_is_allowed(string query, string code, string path, string words) =>
        (await service.NewTenant("asked").GetAsync($"/v1/segments/{query}")).ShouldBeProblem(400, code, path, words);

    [Fact]
    public async Task Without_data_the_lists_are_empty_and_have_no_edges()
    {
        var nobody = service.NewTenant("nobody");

        var rfm = await nobody.AskAsync("/v1/segments/rfm");
        var regulars = await nobody.AskAsync("/v1/segments/lapsed-regulars?misses=6");

        (rfm.Rows.Count, rfm.Number("customers"), rfm.Root.GetProperty("edges").ValueKind, rfm.List("warnings").Count).ShouldBe((0, 0, JsonValueKind.Null, 0));
        (regulars.Rows.Count, regulars.Number("customers")).ShouldBe((0, 0));
    }

    /// <summary>Who last bought 10, 20, … 100 days ago, for as much.</summary>
    private async Task<TestTenant> TenAsync()
    {
        var shop = service.NewTenant("ten");
        await shop.AcceptAsync([.. Enumerable.Range(1, 10).Select(i => Order($"c{i:00}", Ago(i * 10), i * 10)), Complaint("no customer", Ago(20), "k-1")]);
        return shop;
    }

    /// <summary>Gaps of 30, 28 and 32 days; 61 since the last one.</summary>
    private async Task<TestTenant> RegularsAsync()
    {
        var shop = service.NewTenant("regulars");
        await shop.AcceptAsync(
        [
            .. Regular("regular", 61), .. Regular("recent", 60), .. Regular("complains", 61), Complaint("complains", Ago(70), "k-1"),
            .. Regular("settled", 61), Complaint("settled", Ago(70), "k-2"), Resolved("settled", Ago(69), "k-2"),
            .. Regular("asked", 61), Event("feedback_requested", "asked", Ago(80), new JsonObject { ["requestId"] = "r-1", ["instrument"] = "nps" }),
            Order("irregular", Ago(200)), Order("irregular", Ago(195)), Order("irregular", Ago(160)), Order("once", Ago(300)),
        ]);
        return shop;
    }

    private static JsonObject[] Regular(string customer, int since) => [.. ((int[])[90, 60, 32, 0]).Select(before => Order(customer, Ago(since + before)))];

    private static string Ago(int days) => Today.AddDays(-days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Ids(Answer answer) => string.Join(' ', answer.Rows.Select(row => row.Word("customer")));

    private static string Told(JsonElement row, params string[] names) =>
        string.Join('|', names.Select(name => $"{row.GetProperty(name).GetProperty("value")} {row.GetProperty(name).GetProperty("met")}"));
}
