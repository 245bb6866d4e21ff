using System.Globalization;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Ingest;

/// <summary>An event that breaks a rule is refused alone, by a fault that names its member and what is allowed there.</summary>
public sealed class RefusedEventsTests(ServiceFixture service)
{
    private static readonly string Long = $"\"{new string('x', 201)}\"";
    private static readonly string TooMuchText = $"\"{new string('x', 20_001)}\"";

    // The neighbours fix the tenant's currency and the scale of its satisfaction scores.
    private static readonly JsonObject[] Neighbours =
        [Order("good", "2025-01-01"), Score("good", "2025-01-02", "csat", 4), Order("good", "2025-01-03")];

    internal static readonly Dictionary<string, JsonObject> Valid = new()
    {
        ["envelope"] = Order("bad", "2025-01-05", 49.90m),
        ["purchase_made"] = Order("bad", "2025-01-05", 49.90m),
        ["lines"] = Order("bad", "2025-01-05").With("data.total", null).With("data.lines", """[{"sku":"s","quantity":2,"unitPrice":5.00}]"""),
        ["purchase_refunded"] = Refund("bad", "2025-01-05", "2025-01-06", 5),
        ["purchase_cancelled"] = Cancel("bad", "2025-01-05", "2025-01-06"),
        ["complaint_received"] = Complaint("bad", "2025-01-05", "c1"),
        ["complaint_replied"] = Replied("bad", "2025-01-06", "c1"),
        ["complaint_resolved"] = Resolved("bad", "2025-01-07", "c1"),
        ["customer_registered"] = Event("customer_registered", "bad", "2025-01-05", []),
        ["customer_changed"] = Event("customer_changed", "bad", "2025-01-05", new JsonObject { ["attributes"] = new JsonObject() }),
        ["nps"] = Score("bad", "2025-01-05", "nps", 9),
        ["csat"] = Score("bad", "2025-01-05", "csat", 5),
        ["ces"] = Score("bad", "2025-01-05", "ces", 7),
    };

    /// <summary>What is changed in a valid event, the value that it gets (null: it is left out), and the fault; | parts its words.</summary>
    public static TheoryData<string, string, string?, string, string, string> Cases => new()
    {
        { "envelope", "id", null, "required", "id", "non-empty string" },
        { "envelope", "id", "7", "wrong_type", "id", "string" },
        { "envelope", "id", "\"\"", "wrong_length", "id", "1 to 200" },
        { "envelope", "id", Long, "wrong_length", "id", "1 to 200" },
        { "envelope", "id", "\"a\\nb\"", "control_character", "id", "control" },
        { "envelope", "id", "\"a\\u0000b\"", "not_storable", "id", "NUL" },
        { "envelope", "source", null, "required", "source", "non-empty string" },
        { "envelope", "customer", "null", "required", "customer", "non-empty string" },
        { "envelope", "type", null, "required", "type", "non-empty string" },
        { "envelope", "type", "\"\"", "unknown_type", "type", "purchase_made|feedback_given" },
        { "envelope", "type", "\"purchase\"", "unknown_type", "type", "purchase_made|feedback_given" },
        { "envelope", "occurredAt", null, "not_a_time", "occurredAt", "RFC 3339|offset" },
        { "envelope", "occurredAt", "\"2025-01-05T10:00:00\"", "not_a_time", "occurredAt", "offset" },
        { "envelope", "occurredAt", "\"2025-02-30T10:00:00Z\"", "not_a_time", "occurredAt", "RFC 3339" },
        { "envelope", "occurredAt", "1736071200", "not_a_time", "occurredAt", "RFC 3339" },
        { "envelope", "occurredAt", "\"2999-01-01T00:00:00Z\"", "in_future", "occurredAt", "24 hours" },
        { "envelope", "occurredAt", "\"1899-12-31T00:00:00Z\"", "out_of_range", "occurredAt", "1900" },
        { "envelope", "data", null, "required", "data", "object" },
        { "envelope", "data", "[]", "required", "data", "object" },
        { "envelope", "ocurredAt", "\"2025-01-05T10:00:00Z\"", "unknown_member", "ocurredAt", "id, source, type, customer, occurredAt, data" },

        { "purchase_made", "data.orderId", null, "required", "data.orderId", "non-empty string" },
        { "purchase_made", "data.orderId", "77", "wrong_type", "data.orderId", "string" },
        { "purchase_made", "data.orderId", Long, "too_long", "data.orderId", "200" },
        { "purchase_made", "data.currency", null, "required", "data.currency", "non-empty string" },
        { "purchase_made", "data.currency", "\"eur\"", "unknown_currency", "data.currency", "ISO 4217" },
        { "purchase_made", "data.currency", "\"USD\"", "currency_mismatch", "data.currency", "EUR" },
        { "purchase_made", "data.total", null, "required", "data.total", "lines" },
        { "purchase_made", "data.total", "\"49.90\"", "wrong_type", "data.total", "number" },
        { "purchase_made", "data.total", "-0.01", "out_of_range", "data.total", "negative" },
        { "purchase_made", "data.total", "100000000000.01", "out_of_range", "data.total", "100000000000" },
        { "purchase_made", "data.total", "49.901", "too_precise", "data.total", "2 decimals of EUR" },
        { "purchase_made", "data.total", "12345678901234567890123456789", "out_of_range", "data.total", "28 digits" },
        { "purchase_made", "data.gross", "-1", "out_of_range", "data.gross", "negative" },
        { "purchase_made", "data.gross", "1.005", "too_precise", "data.gross", "2 decimals of EUR" },
        { "purchase_made", "data.tax", "\"high\"", "wrong_type", "data.tax", "number" },
        { "purchase_made", "data.shipping", "[]", "wrong_type", "data.shipping", "number" },
        { "purchase_made", "data.storeCredit", "-5", "out_of_range", "data.storeCredit", "negative" },
        { "purchase_made", "data.margin", "0.001", "too_precise", "data.margin", "2 decimals of EUR" },
        { "purchase_made", "data.channel", "5", "wrong_type", "data.channel", "string" },
        { "purchase_made", "data.discounts", """[{"code":"X","amount":-1}]""", "out_of_range", "data.discounts[0].amount", "negative" },
        { "purchase_made", "data.discounts", """[5]""", "wrong_type", "data.discounts[0]", "object" },
        { "purchase_made", "data.lines", """{"sku":"s"}""", "wrong_type", "data.lines", "array" },
        { "lines", "data.lines", "[]", "required", "data.total", "lines" },
        { "lines", "data.lines", """[{"quantity":1}]""", "required", "data.lines[0]", "quantity|unitPrice" },
        { "lines", "data.lines", """[{"quantity":"1","unitPrice":1}]""", "wrong_type", "data.lines[0].quantity", "number" },
        { "lines", "data.lines", """[{"quantity":1,"unitPrice":1,"oneOff":"yes"}]""", "wrong_type", "data.lines[0].oneOff", "true or false" },
        { "lines", "data.lines", """[{"quantity":1,"unitPrice":1},{"quantity":3,"unitPrice":0.333}]""", "too_precise", "data.lines", "2 decimals of EUR" },
        { "lines", "data.discounts", """[{"amount":10.01}]""", "out_of_range", "data.lines", "negative|-0.01" },

        { "purchase_refunded", "data.orderId", null, "required", "data.orderId", "non-empty string" },
        { "purchase_refunded", "data.amount", null, "required", "data.amount", "number" },
        { "purchase_refunded", "data.amount", "\"5\"", "wrong_type", "data.amount", "number" },
        { "purchase_refunded", "data.amount", "0", "out_of_range", "data.amount", "greater than 0" },
        { "purchase_refunded", "data.amount", "-5", "out_of_range", "data.amount", "greater than 0" },
        { "purchase_refunded", "data.amount", "0.005", "too_precise", "data.amount", "2 decimals of EUR" },
        { "purchase_refunded", "data.reason", "5", "wrong_type", "data.reason", "string" },
        { "purchase_cancelled", "data.orderId", null, "required", "data.orderId", "non-empty string" },
        { "purchase_cancelled", "data.reason", "{}", "wrong_type", "data.reason", "string" },

        { "complaint_received", "data.complaintId", null, "required", "data.complaintId", "non-empty string" },
        { "complaint_received", "data.channel", "5", "wrong_type", "data.channel", "string" },
        { "complaint_received", "data.category", "[]", "wrong_type", "data.category", "string" },
        { "complaint_received", "data.severity", "{}", "wrong_type", "data.severity", "string" },
        { "complaint_received", "data.orderId", "5", "wrong_type", "data.orderId", "string" },
        { "complaint_received", "data.text", TooMuchText, "too_long", "data.text", "20000" },
        { "complaint_replied", "data.complaintId", null, "required", "data.complaintId", "non-empty string" },
        { "complaint_resolved", "data.complaintId", "\"\"", "required", "data.complaintId", "non-empty string" },
        { "complaint_resolved", "data.remedy", "5", "wrong_type", "data.remedy", "string" },

        { "customer_registered", "data.channel", "5", "wrong_type", "data.channel", "string" },
        { "customer_registered", "data.campaign", "5", "wrong_type", "data.campaign", "string" },
        { "customer_registered", "data.country", "[]", "wrong_type", "data.country", "string" },
        { "customer_registered", "data.acquisitionCost", "-1", "out_of_range", "data.acquisitionCost", "negative" },
        { "customer_registered", "data.acquisitionCost", "0.001", "too_precise", "data.acquisitionCost", "2 decimals of EUR" },
        { "customer_registered", "data.attributes", "[]", "wrong_type", "data.attributes", "object" },
        { "customer_registered", "data.attributes", """{"tier":{}}""", "wrong_type", "data.attributes.tier", "string, a number, true, false or null" },
        { "customer_changed", "data.attributes", null, "required", "data.attributes", "object" },
        { "customer_changed", "data.attributes", $$"""{"tier":{{Long}}}""", "too_long", "data.attributes.tier", "200" },

        { "nps", "data.instrument", null, "required", "data.instrument", "non-empty string" },
        { "nps", "data.instrument", "\"stars\"", "not_allowed", "data.instrument", "nps, csat, ces" },
        { "nps", "data.instrument", "\"NPS\"", "not_allowed", "data.instrument", "nps, csat, ces" },
        { "nps", "data.score", null, "required", "data.score", "whole number" },
        { "nps", "data.score", "\"9\"", "wrong_type", "data.score", "number" },
        { "nps", "data.score", "8.5", "wrong_type", "data.score", "whole number" },
        { "nps", "data.score", "11", "out_of_range", "data.score", "0 to 10" },
        { "nps", "data.score", "-1", "out_of_range", "data.score", "0 to 10" },
        { "nps", "data.scaleMax", "5", "instrument_mismatch", "data.instrument", "0 to 10" },
        { "nps", "data.requestId", "5", "wrong_type", "data.requestId", "string" },
        { "nps", "data.touchpoint", "5", "wrong_type", "data.touchpoint", "string" },
        { "nps", "data.channel", "5", "wrong_type", "data.channel", "string" },
        { "nps", "data.comment", TooMuchText, "too_long", "data.comment", "20000" },
        { "csat", "data.score", "6", "out_of_range", "data.score", "1 to 5" },
        { "csat", "data.scaleMax", "10", "instrument_mismatch", "data.instrument", "1 to 5" },
        { "csat", "data.topBox", "1", "instrument_mismatch", "data.instrument", "topBox 2" },
        { "csat", "data.scaleMin", "1.5", "wrong_type", "data.scaleMin", "whole number" },
        { "ces", "data.score", "0", "out_of_range", "data.score", "1 to 7" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_event_is_refused_and_its_neighbours_are_stored(
        string of, string member, string? value, string code, string path, string words)
    {
        var shop = service.NewTenant("refused");

        var answer = await shop.SendAsync([Neighbours[0], Neighbours[1], Valid[of].With(member, value), Neighbours[2]]);

        (answer.Status, answer.Number("accepted"), answer.Number("duplicates")).ShouldBe((200, 3, 0), answer.Text);
        answer.List("rejected").ShouldHaveSingleItem(answer.Text);
        answer.ShouldRefuse(2, code, path, words.Split('|'));
    }

    [Fact]
    public async Task Without_the_change_every_one_of_them_is_accepted()
    {
        var valid = Valid.Values.Skip(2).Select((sent, index) => sent.With("id", $"\"{index}\""));

        await service.NewTenant("valid").AcceptAsync([.. Neighbours, .. valid]);
    }

    [Fact]
    public async Task Nothing_of_a_refused_event_is_stored_and_all_of_its_neighbours_are()
    {
        var shop = service.NewTenant("mixed");
        var bad = Cases.Select((row, index) => Valid[row.Data.Item1].With("id", $"\"{index}\"").With(row.Data.Item2, row.Data.Item3)).ToList();
        var good = bad.Select((_, index) => Order("good", "2025-03-01").With("id", $"\"g{index}\"").With("data.orderId", $"\"g{index}\"")).ToList();
        var mixed = bad.Zip(good).SelectMany(pair => new[] { pair.First, pair.Second });

        var answer = await shop.SendAsync([Neighbours[0], Neighbours[1], .. mixed]);

        (answer.Number("accepted"), answer.List("rejected").Count).ShouldBe((2 + good.Count, bad.Count), answer.Text);
        answer.List("rejected").Select(refused => refused.GetProperty("index").GetInt32())
            .ShouldBe(Enumerable.Range(0, bad.Count).Select(index => 2 + 2 * index));
        answer.List("rejected")[^1].GetProperty("id").GetString().ShouldBe((bad.Count - 1).ToString(CultureInfo.InvariantCulture));
        (await shop.GetAsync($"/v1/customers/bad?minPosition={answer.Number("position")}")).ShouldBeProblem(404, "unknown_customer");
        (await shop.AskAsync("/v1/customers/good/timeline")).List("timeline").Count.ShouldBe(2 + good.Count);
        var march = (await shop.AskAsync("/v1/metrics/revenue?from=2025-03-01&to=2025-04-01")).Rows.ShouldHaveSingleItem();
        (march.GetProperty("orders").GetInt64(), march.GetProperty("customers").GetInt64()).ShouldBe((good.Count, 1));
    }

    [Fact]
    public async Task Every_fault_of_an_event_is_named_at_once()
    {
        var answer = await service.NewTenant("faults").SendAsync(
            Order("c", "2025-01-01").With("id", null).With("occurredAt", "\"soon\"").With("extra", "1"),
            Order("c", "2025-01-01").With("data.orderId", null).With("data.total", "\"1\"").With("data.channel", "1"));

        answer.ShouldRefuse(0, "unknown_member", "extra");
        Paths(0).ShouldBe(["extra", "id", "occurredAt"], ignoreOrder: true);
        Paths(1).ShouldBe(["data.orderId", "data.total", "data.channel"], ignoreOrder: true);

        IEnumerable<string?> Paths(int index) =>
            answer.List("rejected")[index].GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("path").GetString());
    }

    [Fact]
    public async Task A_member_that_the_vocabulary_does_not_know_is_kept_and_counted()
    {
        var shop = service.NewTenant("extra");

        var answer = await shop.AcceptAsync(
            Order("c", "2025-01-01").With("data.gift", """{"wrap":[1,2.50]}""").With("data.lines", """[{"sku":"s","size":"L"}]"""));

        answer.Number("warnings").ShouldBe(2);
        var data = (await shop.AskAsync("/v1/customers/c/timeline")).List("timeline")[0].GetProperty("data");
        data.GetProperty("gift").GetRawText().Replace(" ", "", StringComparison.Ordinal).ShouldBe("""{"wrap":[1,2.50]}""");
    }

    [Fact]
    public async Task A_time_up_to_24_hours_ahead_is_accepted_and_beyond_it_refused()
    {
        var now = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        await using var api = await service.StartAsync("future", new TestClock(now));
        var shop = api.Tenant("shop");

        var answer = await shop.SendAsync(Order("c", "2026-03-02T14:00:00+02:00"), Order("c", "2026-03-02T14:00:01+02:00"));

        answer.Number("accepted").ShouldBe(1);
        answer.ShouldRefuse(1, "in_future", "occurredAt", "24 hours", "2026-03-01T12:00:00");
    }

    [Fact]
    public async Task A_refused_first_order_fixes_no_currency()
    {
        var shop = service.NewTenant("unfixed");

        await shop.SendAsync(Order("c", "2025-01-01", -1));

        (await shop.GetAsync("/v1/settings")).Root.GetProperty("currency").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        await shop.AcceptAsync(Order("c", "2025-01-01").With("data.currency", "\"JPY\""));
        (await shop.GetAsync("/v1/settings")).Root.GetProperty("currency").GetString().ShouldBe("JPY");
        (await shop.SendAsync(Order("d", "2025-01-01", 0.5m).With("data.currency", "\"JPY\"")))
            .ShouldRefuse(0, "too_precise", "data.total", "0 decimals of JPY");
    }
}
