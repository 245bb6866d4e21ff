using System.Text.Json;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Metrics;

/// <summary>Every parameter of <c>/v1/cohorts</c> about A, B and C of the definition's example, who came by other channels and countries.</summary>
public sealed class CohortQuestionTests(ServiceFixture service)
{
    [Fact]
    public async Task Products_and_discount_codes_choose_customers()
    {
        var shop = await OpenAsync();

        Table(await shop.AskAsync($"{Months}&filter=product:tea")).ShouldBe("2025-01-01 2/0: 2 1 1 1");
        Table(await shop.AskAsync($"{Months}&filter=product:cup,mug&filter=discountCode:NEW")).ShouldBe("2025-01-01 1/0: 1 1 0 1");
        Table(await shop.AskAsync("/v1/cohorts?asOf=2025-02-01&filter=product:cup")).ShouldBe("");
    }

    private const string Months = "/v1/cohorts?grain=month&periods=3&asOf=2025-05-01";

    private static readonly JsonObject[] Events =
    [
        Event("customer_registered", "A", "2025-01-01", new JsonObject { ["country"] = "FI", ["attributes"] = new JsonObject { ["tier"] = "gold" } }),
        Event("customer_registered", "D", "2025-01-02", new JsonObject { ["country"] = "SE" }),
        Order("A", "2025-01-05", 20.00m, Bought("web", "tea", "NEW")), Order("A", "2025-02-07", 30.00m, Bought("shop", "cup")), Order("A", "2025-04-01", 10.00m),
        Order("B", "2025-01-20", 40.00m, Bought("shop", "tea")), Order("B", "2025-03-02", 15.50m), Order("C", "2025-02-11", 12.25m),
        Complaint("A", "2025-02-20T09:00:00Z", "c1"), Score("B", "2025-03-05", "nps", 9), Score("C", "2025-03-06", "nps", 2),
        Event("feedback_withdrawn", "C", "2025-04-02", new JsonObject { ["feedbackId"] = "nps-C-2025-03-06" }),
    ];

    [Theory]
    [InlineData("", "2025-01-01 2/0: 2 1 1 1 | 2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&mode=on_or_after", "2025-01-01 2/0: 2 2 2 1 | 2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&mode=on_or_before", "2025-01-01 2/0: 2 1 2 2 | 2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&mode=survival&activity=window:30d", "2025-01-01 2/0: 2 1 1 1 | 2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&entry=every", "2025-01-01 2/0: 2 1 1 1 | 2025-02-01 2/0: 2 0 1 - | 2025-03-01 1/0: 1 0 - - | 2025-04-01 1/0: 1 - - -")]
    [InlineData("&alignment=rolling", "2025-01-01 2/0: 2 2 1 0 | 2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&start=registration", "2025-01-01 2/1: 2 1 0 1")]
    [InlineData("&start=registration&return=any", "2025-01-01 2/1: 2 1 0 1")]
    [InlineData("&return=complaint", "2025-01-01 2/0: 2 1 0 0 | 2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&return=feedback", "2025-01-01 2/0: 2 0 1 0 | 2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&minOrders=2", "2025-01-01 2/0: 2 0 0 0 | 2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&measure=orders", "2025-01-01 2/0: 2 1 1 1 | 2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&measure=revenue", "2025-01-01 2/0: 60.00 30.00 15.50 10.00 | 2025-02-01 1/0: 12.25 0.00 0.00 -")]
    [InlineData("&measure=cumulativeRevenue", "2025-01-01 2/0: 60.00 90.00 105.50 115.50 | 2025-02-01 1/0: 12.25 12.25 12.25 -")]
    [InlineData("&measure=cumulativeRevenuePerCustomer", "2025-01-01 2/0: 30 45 52.75 57.75 | 2025-02-01 1/0: 12.25 12.25 12.25 -")]
    [InlineData("&filter=channel:web", "2025-01-01 1/0: 1 1 0 1")]
    [InlineData("&filter=country:FI,SE&filter=tier:gold", "2025-01-01 1/0: 1 1 0 1")]
    [InlineData("&filter=country:FI&start=registration", "2025-01-01 1/1: 1 1 0 1")]
    [InlineData("&filter=spend:>=50", "2025-01-01 2/0: 2 1 1 1")]
    [InlineData("&filter=spend:<20", "2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&from=2025-02-01", "2025-02-01 1/0: 1 0 0 -")]
    [InlineData("&to=2025-02-01", "2025-01-01 2/0: 2 1 1 1")]
    public async Task Every_parameter_changes_the_table_as_worked_out_by_hand(string more, string table)
    {
        var shop = await OpenAsync();

        Table(await shop.AskAsync(Months + more)).ShouldBe(table);
        // Reykjavik's clocks show UTC; what is maintained is another zone's all the same, so that histories are folded.
        Table(await shop.AskAsync($"{Months}{more}&tz=Atlantic/Reykjavik")).ShouldBe(table);
    }

    [Fact]
    public async Task A_bracket_is_a_column_named_as_it_was_given()
    {
        var answer = await (await OpenAsync()).AskAsync("/v1/cohorts?brackets=1-2,3-6&asOf=2025-05-01");

        answer.List("columns").Select(column => column.GetProperty("k").GetRawText()).ShouldBe(["0", "\"1-2\"", "\"3-6\""]);
        answer.List("summary").Select(column => column.ToString()).ShouldBe(
            ["""{"k":0,"rate":1,"cohorts":2}""", """{"k":"1-2","rate":0.6666666666666666,"cohorts":2}""", """{"k":"3-6","rate":null,"cohorts":0}"""]);
        answer.List("cohorts")[0].GetProperty("cells").EnumerateArray().Select(cell => cell.ToString()).ShouldBe(
        [
            """{"k":0,"value":2,"rate":1,"status":"complete"}""", """{"k":"1-2","value":2,"rate":1,"status":"complete"}""",
            """{"k":"3-6","value":1,"rate":0.5,"status":"in_progress"}""",
        ]);
        var echo = answer.Root.GetProperty("parameters");
        (echo.GetProperty("brackets").GetString(), echo.GetProperty("periods").ValueKind).ShouldBe(("1-2,3-6", JsonValueKind.Null));
    }

    [Fact]
    public async Task Groups_have_cohorts_and_a_summary_each_and_make_up_the_whole()
    {
        var answer = await (await OpenAsync()).AskAsync($"{Months}&groupBy=channel&summary=simple");

        Table(answer).ShouldBe("shop 2025-01-01 1/0: 1 0 1 0 | web 2025-01-01 1/0: 1 1 0 1 | 2025-02-01 1/0: 1 0 0 -");
        Rates(answer.List("summary")).ShouldBe("1 0.25 0.25 0.5");
        answer.List("groups").Select(group => $"{group.GetProperty("group")}: {Rates(group.GetProperty("summary").EnumerateArray())}")
            .ShouldBe(["shop: 1 0 1 0", "web: 1 1 0 1", ": 1 0 0 -"]);
        answer.Root.GetProperty("parameters").GetProperty("groupBy").GetString().ShouldBe("channel");
    }

    [Fact]
    public async Task Who_is_in_no_cohort_makes_no_group()
    {
        // D has registered and never ordered.
        var answer = await (await OpenAsync()).AskAsync($"{Months}&groupBy=country");

        answer.List("groups").Select(group => group.GetProperty("group").ToString()).ShouldBe(["FI", ""]);
    }

    [Fact]
    public async Task Beyond_the_ten_largest_groups_the_others_are_one_and_in_an_export_all_are_named()
    {
        var shop = service.NewTenant("groups");
        // Of channel c01 one customer, of c12 twelve; every other one orders again.
        await shop.AcceptAsync([.. Enumerable.Range(1, 12).SelectMany(channel => Enumerable.Range(1, channel).SelectMany(number => Customer($"c{channel:00}", number)))]);

        var answer = await shop.AskAsync("/v1/cohorts?grain=month&periods=1&asOf=2025-05-01&groupBy=channel");

        var sizes = answer.List("cohorts").ToDictionary(cohort => cohort.GetProperty("group").GetString()!, cohort => cohort.GetProperty("size").GetInt64());
        sizes.Keys.Order(StringComparer.Ordinal).ShouldBe([.. Enumerable.Range(3, 10).Select(channel => $"c{channel:00}"), "other"]);
        (sizes["other"], sizes.Values.Sum()).ShouldBe((3, 78));
        (await shop.AskAsync("/v1/cohorts?grain=month&periods=1&asOf=2025-05-01")).List("summary")[1].ToString()
            .ShouldBe(answer.List("summary")[1].ToString());
        var lines = (await shop.AskAsync("/v1/cohorts?grain=month&periods=1&asOf=2025-05-01&groupBy=channel&format=csv")).Text.TrimEnd().Split('\n');
        lines.Length.ShouldBe(1 + 12 * 2);
        lines[1].TrimEnd().ShouldBe("2025-01-01,c01,0,complete,1,1,1");

        static JsonObject[] Customer(string channel, int number)
        {
            var (name, data) = ($"{channel}-{number}", new JsonObject { ["channel"] = channel });
            return number % 2 == 1 ? [Order(name, "2025-01-05", 10, data)] : [Order(name, "2025-01-05", 10, data), Order(name, "2025-02-05")];
        }
    }

    [Fact]
    public async Task A_value_named_other_is_among_the_others()
    {
        var shop = service.NewTenant("groups");
        string[] channels = ["other", "other", .. Enumerable.Range(1, 11).Select(channel => $"c{channel:00}")];
        await shop.AcceptAsync([.. channels.Select((channel, number) => Order($"{number}", "2025-01-05", 10, new() { ["channel"] = channel }))]);

        var rows = (await shop.AskAsync("/v1/metrics/revenue?from=2025-01-01&to=2025-02-01&asOf=2025-02-01&groupBy=channel")).Rows;

        rows.Select(row => $"{row.GetProperty("group")} {row.GetProperty("orders")}")
            .ShouldBe([.. Enumerable.Range(1, 10).Select(channel => $"c{channel:00} 1"), "other 3"]);
    }

    [Fact]
    public async Task A_long_history_has_cohorts_of_hours()
    {
        var shop = service.NewTenant("long");
        await shop.AcceptAsync(Order("A", "2009-12-01"), Order("A", "2009-12-01T13:30:00Z"), Order("B", "2025-01-05"));

        var answer = await shop.AskAsync("/v1/cohorts?grain=hour&periods=1");

        Table(answer).ShouldBe("2009-12-01T12:00:00+00:00 1/0: 1 1 | 2025-01-05T12:00:00+00:00 1/0: 1 0");
    }

    [Theory]
    [InlineData("2025-01-05T12:30", "2025-01-05T13:00")]
    [InlineData("2025-01-05T12:30:00", "2025-01-05T12:30:01")]
    [InlineData("2025-01-05T12:30Z", "2025-01-05T12:31Z")]
    [InlineData("2025-01-05T14:30+02:00", "2025-01-05T10:31-02:00")]
    [InlineData("2025-01-05T14:30:00+02:00", "2025-01-05T14:30:00.5+02:00")]
    public async Task A_range_of_hours_is_of_local_times_with_or_without_an_offset(string from, string to)
    {
        var shop = service.NewTenant("hours");
        await shop.AcceptAsync(Order("A", "2025-01-05T11:59:59Z"), Order("B", "2025-01-05T12:00:00Z"), Order("C", "2025-01-05T13:00:00Z"));

        var rows = (await shop.AskAsync($"/v1/metrics/revenue?grain=hour&from={Uri.EscapeDataString(from)}&to={Uri.EscapeDataString(to)}")).Rows;

        rows.Select(row => $"{row.GetProperty("period")} {row.GetProperty("orders")}").ShouldBe(["2025-01-05T12:00:00+00:00 1"]);
    }

    [Fact]
    public async Task A_bracket_in_csv_is_named_too() =>
        (await (await OpenAsync()).AskAsync("/v1/cohorts?brackets=1-2&asOf=2025-05-01&format=csv")).Text.ReplaceLineEndings("|")
            .ShouldStartWith("cohort,group,k,status,size,value,rate|2025-01-01,,0,complete,2,2,1|2025-01-01,,1-2,complete,2,2,1|");

    [Fact]
    public async Task A_cohort_of_an_hour_is_named_by_its_local_time()
    {
        var shop = service.NewTenant("hours");
        // In Kolkata 03:40 and 04:10 UTC are both between 09:00 and 10:00, 05:00 is 10:30.
        await shop.AcceptAsync(Order("A", "2025-01-05T03:40:00Z"), Order("B", "2025-01-05T04:10:00Z"), Order("A", "2025-01-05T05:00:00Z"));

        var answer = await shop.AskAsync("/v1/cohorts?grain=hour&tz=Asia/Kolkata&asOf=2025-01-05T07:00:00Z");

        Table(answer).ShouldStartWith("2025-01-05T09:00:00+05:30 2/0: 2 1 0 0 - -");
        answer.List("columns").Count.ShouldBe(25);
        Table(await shop.AskAsync("/v1/cohorts?grain=hour&tz=Asia/Kolkata&asOf=2025-01-05T07:00:00Z&alignment=rolling&periods=2"))
            .ShouldBe("2025-01-05T09:00:00+05:30 2/0: 2 1 0");
    }

    [Fact]
    public async Task Without_data_there_are_columns_and_summaries_and_no_cohort()
    {
        foreach (var more in (string[])["", "&groupBy=tier", "&grain=hour", "&brackets=1-3&mode=survival", "&measure=cumulativeRevenuePerCustomer", "&entry=every&start=any"])
        {
            var answer = await service.NewTenant("empty").AskAsync($"/v1/cohorts?asOf=2025-05-01{more}");

            answer.List("cohorts").ShouldBeEmpty();
            answer.List("columns").Count.ShouldBe(answer.List("summary").Count);
            answer.List("columns").Count.ShouldBeGreaterThan(1);
            answer.List("summary").ShouldAllBe(column => column.GetProperty("rate").ValueKind == JsonValueKind.Null && column.GetProperty("cohorts").GetInt32() == 0);
        }
    }

    [Theory]
    [InlineData("hour", 24)]
    [InlineData("day", 30)]
    [InlineData("week", 12)]
    [InlineData("month", 12)]
    [InlineData("quarter", 8)]
    [InlineData("year", 5)]
    public async Task Every_grain_has_columns_of_its_own_number(string grain, int last) =>
        (await service.NewTenant("empty").AskAsync($"/v1/cohorts?grain={grain}")).List("columns").Select(column => column.GetProperty("k").GetInt32())
            .ShouldBe(Enumerable.Range(0, last + 1));

    private static JsonObject Bought(string channel, string sku, string? code = null)
    {
        var data = new JsonObject { ["channel"] = channel, ["lines"] = new JsonArray(new JsonObject { ["sku"] = sku, ["quantity"] = 1, ["unitPrice"] = 1 }) };
        if (code is not null) data["discounts"] = new JsonArray(new JsonObject { ["code"] = code, ["kind"] = "voucher", ["amount"] = 0 });
        return data;
    }

    private async Task<TestTenant> OpenAsync()
    {
        var shop = service.NewTenant("cohorts");
        await shop.AcceptAsync(Events);
        return shop;
    }

    /// <summary>Each cohort as its group if it has one, start, size/period0Repeat and values.</summary>
    private static string Table(Answer answer) => string.Join(" | ", answer.List("cohorts").Select(cohort =>
        $"{cohort.GetProperty("group")} {cohort.GetProperty("cohort")} {cohort.GetProperty("size")}/{cohort.GetProperty("period0Repeat")}: ".TrimStart()
        + string.Join(' ', cohort.GetProperty("cells").EnumerateArray().Select(cell => Text(cell.GetProperty("value"))))));

    private static string Rates(IEnumerable<JsonElement> summary) => string.Join(' ', summary.Select(column => Text(column.GetProperty("rate"))));

    private static string Text(JsonElement number) => number.ValueKind == JsonValueKind.Null ? "-" : number.GetRawText();
}
