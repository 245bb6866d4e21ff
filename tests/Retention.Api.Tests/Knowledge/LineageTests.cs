using System.Text.Json;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Knowledge;

/// <summary>The customers behind a cell add up to what the cell says.</summary>
public sealed class LineageTests(ServiceFixture service)
{
    // Metric, parameters, the figures whose sums over customers must be those served.
    private static readonly (string Metric, string Parameters, string[] Sums)[] Cells =
    [
        ("retention", "period=2025-04", ["opening", "acquired", "reactivated", "lapsed", "closing", "lost", "retained"]),
        ("retention", "period=2025-Q2&activity=window:30d", ["opening", "retained"]),
        ("retention", "period=2025-W20&groupBy=country&group=FI", ["opening", "retained"]),
        ("lifecycle", "period=2025-05", ["new", "returning", "resurrected", "dormant"]),
        ("revenue", "period=2025-03", ["orders", "customers", "revenue"]),
        ("revenue", "period=2025&refunds=refund&filter=country:SE", ["orders", "customers", "revenue"]),
        ("revenue", "period=2025&groupBy=tier", ["orders", "customers", "revenue"]),
        ("revenue-retention", "period=2025-Q2", ["previous", "current", "new", "reactivated", "expansion", "contraction", "churned"]),
        ("survival", "period=2025-Q1", ["lifetimes.lapsed", "lifetimes.censored"]), ("time-between-purchases", "period=2025-Q1", ["n", "open"]),
        ("clv", "period=2025-02", ["customers", "revenue"]), ("nps", "period=2025", ["responses", "promoters", "passives", "detractors"]),
        ("csat", "period=2025-Q2&dedup=latest", ["responses"]), ("complaints", "period=2025", ["received", "replied", "resolved", "promised", "promiseKept", "orders"]),
        ("cohorts", "cohort=2025-01&k=1", ["size", "period0Repeat", "k0.value", "k1.value", "k2.value"]), ("cohorts", "cohort=2025-02&k=1-3&brackets=1-3,4-7&entry=every", ["size", "k1-3.value"]),
        ("cohorts", "cohort=2025-Q1&k=2&measure=revenue&periods=3", ["size", "k0.value", "k2.value"]),
        ("complaints", "period=2025&groupBy=customerChannel&group=web", ["received", "resolved", "promised"]), ("service-recovery", "period=2025&outcome=resolved", ["moments", "orderedAgain"]),
        ("service-recovery", "period=2025-Q2&outcome=unresolved&filter=country:FI", ["moments", "orderedAgain"]), ("service-recovery", "period=2025-Q1&outcome=none", ["moments", "orderedAgain"]),
        ("lapse-reasons", "period=2025&reason=price", ["count", "given"]), ("lapse-reasons", "period=2025-Q2&groupBy=country&group=SE&reason=moved", ["count", "given"]),
        ("lapse-reasons", "period=2025&reason=boredom", ["count", "given"]), ("win-back", "period=2025", ["lapsed", "asked", "answered", "returned"]), ("win-back", "period=2025-Q2&groupBy=country&group=FI", ["lapsed", "returned"]),
    ];

    // Lists, and what their answers call the number of customers or rows in them.
    private static readonly (string Path, string Lineage, string Count)[] Lists =
    [
        ("/v1/segments/rfm?", "rfm/lineage?", "customers"), ("/v1/segments/rfm?segment=hibernating", "rfm/lineage?segment=hibernating", ""), ("/v1/segments/rfm?segment=champions&filter=country:FI", "rfm/lineage?segment=champions&filter=country:FI", ""),
        ("/v1/segments/lapsed-regulars?misses=2", "lapsed-regulars/lineage?misses=2", "customers"), ("/v1/segments/lapsed-regulars?minPurchaseDays=2&maxVariation=5", "lapsed-regulars/lineage?minPurchaseDays=2&maxVariation=5", "customers"),
        ("/v1/segments/detractors?", "detractors/lineage?", "count"), ("/v1/segments/open-complaints?", "open-complaints/lineage?", "count"), ("/v1/complaints/breaches?from=2025-01-01&to=2025-08-01", "breaches/lineage?from=2025-01-01&to=2025-08-01", "count"),
    ];

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    public async Task What_customers_add_sums_to_the_figures_served(int seed)
    {
        var shop = new CorrectedShop(seed, customers: 14);
        var tenant = service.NewTenant("lineage");
        var positions = await CorrectedShop.SendAsync(tenant, shop.Sendings);
        foreach (var (metric, parameters, sums) in Cells)
        {
            foreach (var known in new[] { "", $"&knownAt={positions[shop.Sendings.Count / 2]}" })
            {
                var path = $"/v1/metrics/{metric}/lineage?{parameters}&asOf=2025-12-31{known}";
                var rows = await PagesAsync(tenant, $"{path}&limit=3");
                var whole = await tenant.AskAsync($"{path}&limit=1000");
                rows.Select(row => row.GetRawText()).ShouldBe(whole.Rows.Select(row => row.GetRawText()), path);

                var served = await ServedAsync(tenant, metric, parameters, $"&asOf=2025-12-31{known}");
                foreach (var sum in sums)
                    rows.Sum(row => Adds(row, sum)).ShouldBe(served(sum), $"{sum} of {path}");
                foreach (var part in new[] { "numerator", "denominator" })
                {
                    rows.Sum(row => row.GetProperty(part).GetDecimal()).ShouldBe(whole.Root.GetProperty(part).GetProperty("value").GetDecimal(), $"{part} {path}");
                    var alone = await tenant.AskAsync($"{path}&limit=1000&role={part}");
                    alone.Rows.Count.ShouldBe(rows.Count(row => row.GetProperty(part).GetDecimal() != 0), path);
                }
                foreach (var row in rows) row.GetProperty("events").GetArrayLength().ShouldBeGreaterThan(0, $"{path} {row}");
            }
        }
    }

    [Theory]
    [InlineData(33)]
    public async Task Who_is_on_a_list_is_named_with_the_events_that_put_it_there(int seed)
    {
        var tenant = service.NewTenant("lists");
        var shop = new CorrectedShop(seed, customers: 14);
        var positions = await CorrectedShop.SendAsync(tenant, shop.Sendings);
        foreach (var (list, lineage, count) in Lists)
        {
            foreach (var known in new[] { "", $"&knownAt={positions[shop.Sendings.Count / 2]}" })
            {
                var path = $"/v1/metrics/{lineage}&asOf=2025-12-31{known}";
                var rows = await PagesAsync(tenant, $"{path}&limit=2");
                var listed = await tenant.AskAsync($"{list}&asOf=2025-12-31{known}&limit=1000");
                rows.Select(row => row.GetProperty("customer").GetString()).ShouldBe(
                    listed.Rows.Select(row => row.GetProperty("customer").GetString()).Distinct().Order(StringComparer.Ordinal), path);
                rows.Sum(row => row.GetProperty("numerator").GetDecimal()).ShouldBe(listed.Rows.Count, path);
                if (count != "") listed.Number(count).ShouldBe(listed.Rows.Count);
                var first = await tenant.AskAsync($"{path}&limit=1");
                first.Root.GetProperty("numerator").GetProperty("value").GetDecimal().ShouldBe(listed.Rows.Count, path);
                foreach (var row in rows) row.GetProperty("events").GetArrayLength().ShouldBeGreaterThan(0, $"{path} {row}");
                var others = await PagesAsync(tenant, $"{path}&role=excluded&limit=1000");
                others.Select(row => row.GetProperty("customer").GetString()).Intersect(rows.Select(row => row.GetProperty("customer").GetString())).ShouldBeEmpty(path);
                others.ShouldAllBe(row => row.GetProperty("excluded").GetString() != null);
            }
        }
    }

    [Fact]
    public async Task Events_beyond_the_latest_are_asked_for_customer_by_customer()
    {
        var tenant = service.NewTenant("beyond");
        var days = Enumerable.Range(0, 150).Select(day => new DateOnly(2025, 1, 1).AddDays(day).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)).ToList();
        await tenant.AcceptAsync([.. days.Select(day => Order("ann", day, 10)), Order("bob", "2025-03-01", 5)]);
        const string Cell = "/v1/metrics/revenue/lineage?period=2025&asOf=2025-12-31";

        var page = await tenant.AskAsync(Cell);
        page.Rows.Select(row => (row.GetProperty("customer").GetString(), row.GetProperty("events").GetArrayLength(), row.GetProperty("earlierEvents").ValueKind == JsonValueKind.Null))
            .ShouldBe([("ann", 64, false), ("bob", 1, true)]);
        var (told, row) = (new List<string>(), page.Rows[0]);
        while (true)
        {
            told.InsertRange(0, row.GetProperty("events").EnumerateArray().Select(each => each.GetProperty("id").GetString()!));
            if (row.GetProperty("earlierEvents").GetString() is not { } earlier) break;
            row = (await tenant.AskAsync($"{Cell}&customer=ann&events={earlier}")).Rows.ShouldHaveSingleItem();
            row.GetProperty("numerator").GetDecimal().ShouldBe(1500);
        }
        told.ShouldBe(days.Select(day => $"purchase_made-ann-{day}"));

        (await tenant.AskAsync($"{Cell}&customer=bob")).Rows.ShouldHaveSingleItem().GetProperty("customer").GetString().ShouldBe("bob");
        (await tenant.AskAsync("/v1/metrics/revenue/lineage?period=2024&asOf=2025-12-31&customer=bob")).Rows.ShouldHaveSingleItem().GetProperty("excluded").GetString().ShouldBe("acquired_later");
        (await tenant.GetAsync($"{Cell}&customer=cid")).ShouldBeProblem(404, "unknown_customer");
        (await tenant.GetAsync($"{Cell}&customer=ann&role=any")).ShouldBeProblem(400, "not_allowed", "role");
        (await tenant.GetAsync($"{Cell}&events=abc")).ShouldBeProblem(400, "unknown_cursor", "events");
    }

    [Fact]
    public async Task A_cell_names_its_customers_why_others_are_not_among_them_and_the_events_that_decide()
    {
        var tenant = service.NewTenant("names");
        await tenant.AcceptAsync(
            Order("ann", "2025-01-05", 10), Order("ann", "2025-02-07", 10), Order("ann", "2025-02-08", 10), Order("bob", "2025-01-20", 10), Order("cid", "2025-02-11", 10),
            Order("dan", "2025-01-11", 10), Cancel("dan", "2025-01-11", "2025-01-12"), Score("eve", "2025-01-01", "nps", 9));

        var cell = await tenant.AskAsync("/v1/metrics/cohorts/lineage?cohort=2025-01&k=1&asOf=2025-04-01");
        cell.Rows.Select(Spelled).ShouldBe(
        [
            "ann 1/1 test/purchase_made-ann-2025-01-05 test/purchase_made-ann-2025-02-07", "bob 0/1 test/purchase_made-bob-2025-01-20",
        ]);
        (await tenant.AskAsync("/v1/metrics/cohorts/lineage?cohort=2025-01-01&k=1&asOf=2025-04-01")).Text.ShouldBe(cell.Text);
        (await tenant.AskAsync("/v1/metrics/cohorts/lineage?cohort=2025-01-01&grain=day&k=1&asOf=2025-04-01")).Rows.ShouldBeEmpty();
        (await tenant.AskAsync("/v1/metrics/retention/lineage?period=2025-03-01&grain=quarter&asOf=2025-04-01")).Root.GetProperty("parameters").GetProperty("from").GetString().ShouldBe("2025-01-01");
        (await tenant.AskAsync("/v1/metrics/revenue/lineage?period=2025-01-05T12:00:00Z&grain=hour&asOf=2025-04-01")).Rows.Select(row => row.GetProperty("customer").GetString()).ShouldBe(["ann"]);
        cell.Root.GetProperty("denominator").GetRawText().ShouldBe("""{"figure":"size","value":2}""");
        var others = await tenant.AskAsync("/v1/metrics/cohorts/lineage?cohort=2025-01&k=1&asOf=2025-04-01&role=excluded");
        others.Rows.Select(row => $"{row.GetProperty("customer")} {row.GetProperty("excluded")}").ShouldBe(["cid other_cohort", "dan no_valid_order", "eve no_order"]);

        var csv = await tenant.GetAsync("/v1/metrics/retention/lineage?period=2025-03&asOf=2025-04-01&format=csv");
        csv.Text.ReplaceLineEndings("\n").ShouldStartWith("customer,numerator,denominator,excluded,adds_opening");
        csv.Text.ShouldContain("test/purchase_made-bob-2025-01-20");
    }

    [Fact]
    public async Task What_names_no_cell_is_refused()
    {
        var tenant = service.NewTenant("nocell");
        (await tenant.GetAsync("/v1/metrics/retention/lineage")).ShouldBeProblem(400, "missing", "period", "2026-Q1");
        (await tenant.GetAsync("/v1/metrics/retention/lineage?from=2025-01-01&to=2025-03-01&grain=month")).ShouldBeProblem(400, "not_allowed", "to", "more than one period");
        (await tenant.GetAsync("/v1/metrics/cohorts/lineage?cohort=2025-01")).ShouldBeProblem(400, "missing", "k");
        (await tenant.GetAsync("/v1/metrics/retention/lineage?period=2025-01&k=1")).ShouldBeProblem(400, "not_allowed", "k");
        (await tenant.GetAsync("/v1/metrics/retention/lineage?period=2025-01&group=FI")).ShouldBeProblem(400, "not_allowed", "group", "groupBy");
        (await tenant.GetAsync("/v1/metrics/retention/lineage?period=2025-01&role=nobody")).ShouldBeProblem(400, "not_allowed", "role", "numerator");
        (await tenant.GetAsync("/v1/metrics/retention/lineage?period=2025-01&cursor=abc")).ShouldBeProblem(400, "unknown_cursor", "cursor");
        (await tenant.GetAsync("/v1/metrics/rfm/lineage?period=2025-01")).ShouldBeProblem(400, "not_allowed", "period", "lists");
        (await tenant.GetAsync("/v1/metrics/rfm/lineage?groupBy=country")).ShouldBeProblem(400, "not_allowed", "groupBy", "filter");
        (await tenant.GetAsync("/v1/metrics/settling/lineage?period=2025-01")).ShouldBeProblem(404, "unknown_metric", null, "retention");
        (await tenant.GetAsync("/v1/metrics/service-recovery/lineage?period=2025-01")).ShouldBeProblem(400, "missing", "outcome");
        (await tenant.GetAsync("/v1/metrics/service-recovery/lineage?period=2025-01&outcome=sad")).ShouldBeProblem(400, "not_allowed", "outcome", "unresolved");
        (await tenant.GetAsync("/v1/metrics/lapse-reasons/lineage?period=2025-01&reason=price&outcome=none")).ShouldBeProblem(400, "not_allowed", "outcome", "service-recovery");
        (await tenant.GetAsync("/v1/metrics/complaints/lineage?period=2025-01&groupBy=touchpoint")).ShouldBeProblem(400, "not_allowed", "groupBy", "customerChannel");
        (await tenant.GetAsync("/v1/metrics/revenue/lineage?period=2025-01&groupBy=touchpoint")).ShouldBeProblem(400, "not_allowed", "groupBy", "country");
    }

    [Fact]
    public async Task Groups_of_what_answers_have_of_their_own_name_their_customers()
    {
        var tenant = service.NewTenant("own-answers");
        await tenant.AcceptAsync(
            Asked("ann", "2025-01-05", 9, "delivery"), Asked("ann", "2025-01-06", 3, "support"), Asked("bob", "2025-01-07", 2, "delivery"), Asked("cid", "2025-01-08", 10, null));

        (await NamedAsync("groupBy=touchpoint&group=delivery")).ShouldBe(["ann 1/1 test/ann-delivery", "bob 0/1 test/bob-delivery"]);
        (await NamedAsync("groupBy=touchpoint&group=support")).ShouldBe(["ann 0/1 test/ann-support"]);
        (await NamedAsync("groupBy=touchpoint")).ShouldBe(["cid 1/1 test/cid-"]);
        // A filter by its value says the same, and the sum is told however few have answered.
        (await NamedAsync("filter=touchpoint:delivery")).ShouldBe(["ann 1/1 test/ann-delivery", "bob 0/1 test/bob-delivery"]);
        // Ann's last answer is of another group.
        (await NamedAsync("groupBy=touchpoint&group=delivery&dedup=latest")).ShouldBe(["bob 0/1 test/bob-delivery"]);

        static System.Text.Json.Nodes.JsonObject Asked(string customer, string at, int score, string? touchpoint) =>
            Event("feedback_given", customer, at, new() { ["instrument"] = "nps", ["score"] = score, ["touchpoint"] = touchpoint }, $"{customer}-{touchpoint}");

        async Task<IEnumerable<string>> NamedAsync(string parameters)
        {
            var lineage = await tenant.AskAsync($"/v1/metrics/nps/lineage?period=2025-01&asOf=2025-03-01&{parameters}");
            lineage.Root.GetProperty("numerator").GetProperty("value").GetDecimal().ShouldBe(lineage.Rows.Sum(row => row.GetProperty("numerator").GetDecimal()), parameters);
            lineage.Root.GetProperty("denominator").GetProperty("value").GetDecimal().ShouldBe(lineage.Rows.Sum(row => row.GetProperty("denominator").GetDecimal()), parameters);
            return lineage.Rows.Select(Spelled);
        }
    }

    [Fact]
    public async Task The_satisfied_and_those_who_agree_are_named_by_their_answers()
    {
        var tenant = service.NewTenant("satisfied");
        await tenant.AcceptAsync(
            Wide("ann", 9), Wide("ann", 10), Wide("bob", 8), Wide("cid", 7), Score("ann", "2025-01-05", "ces", 5), Score("bob", "2025-01-05", "ces", 4), Score("cid", "2025-01-05", "ces", 7));

        // The three highest of this tenant's scale.
        (await NamedAsync("csat", "distribution.8 + distribution.9 + distribution.10", 0.75)).ShouldBe(["ann 2/2 test/ann9 test/ann10", "bob 1/1 test/bob8", "cid 0/1 test/cid7"]);
        (await NamedAsync("ces", "distribution.5 + distribution.6 + distribution.7", 2 / 3.0, "agree")).ShouldBe(["ann 1/1 test/ces-ann-2025-01-05", "bob 0/1 test/ces-bob-2025-01-05", "cid 1/1 test/ces-cid-2025-01-05"]);

        static System.Text.Json.Nodes.JsonObject Wide(string customer, int score) => Event(
            "feedback_given", customer, $"2025-01-{score:00}", new() { ["instrument"] = "csat", ["score"] = score, ["scaleMin"] = 1, ["scaleMax"] = 10, ["topBox"] = 3 }, $"{customer}{score}");

        async Task<IEnumerable<string>> NamedAsync(string metric, string numerator, double share, string figure = "score")
        {
            var row = (await tenant.AskAsync($"/v1/metrics/{metric}?from=2025-01-01&to=2025-02-01&grain=month&asOf=2025-03-01")).Rows.ShouldHaveSingleItem();
            row.GetProperty(figure).GetDouble().ShouldBe(share, 1e-12);
            var lineage = await tenant.AskAsync($"/v1/metrics/{metric}/lineage?period=2025-01&asOf=2025-03-01");
            lineage.Root.GetProperty("numerator").GetProperty("figure").GetString().ShouldBe(numerator);
            (lineage.Root.GetProperty("numerator").GetProperty("value").GetDouble() / lineage.Root.GetProperty("denominator").GetProperty("value").GetDouble()).ShouldBe(share, 1e-12);
            return lineage.Rows.Select(Spelled);
        }
    }

    [Fact]
    public async Task Groups_of_what_complaints_have_of_their_own_name_their_customers()
    {
        var tenant = service.NewTenant("own-complaints");
        await tenant.AcceptAsync(
            Order("ann", "2025-01-02", 10, new() { ["lines"] = Lines("kettle", "cup") }), Order("bob", "2025-01-03", 10, new() { ["lines"] = Lines("cup") }),
            About("ann", "2025-01-05", "k-1", "chat", "ann-2025-01-02"), About("bob", "2025-01-06", "k-2", "email", "bob-2025-01-03"), About("cid", "2025-01-07", "k-3", null, null),
            Replied("bob", "2025-01-07", "k-2"));

        (await NamedAsync("channel", "email")).ShouldBe(["bob 1/1 received 1 orders 1"]);
        (await NamedAsync("channel", "")).ShouldBe(["cid 0/1 received 1 orders 0"]);
        // An order and a complaint of two products are of both.
        (await NamedAsync("product", "cup")).ShouldBe(["ann 0/1 received 1 orders 1", "bob 1/1 received 1 orders 1"]);
        (await NamedAsync("product", "kettle")).ShouldBe(["ann 0/1 received 1 orders 1"]);
        (await NamedAsync("product", "")).ShouldBe(["cid 0/1 received 1 orders 0"]);
        (await NamedAsync("category", "late")).ShouldBe(["ann 0/1 received 1 orders 1", "bob 1/1 received 1 orders 1", "cid 0/1 received 1 orders 0"]);

        static System.Text.Json.Nodes.JsonArray Lines(params string[] skus) =>
            [.. skus.Select(sku => new System.Text.Json.Nodes.JsonObject { ["sku"] = sku, ["quantity"] = 1, ["unitPrice"] = 5 })];

        static System.Text.Json.Nodes.JsonObject About(string customer, string at, string complaint, string? channel, string? order) =>
            Event("complaint_received", customer, at, new() { ["complaintId"] = complaint, ["channel"] = channel, ["category"] = "late", ["orderId"] = order });

        // Those whose orders alone are in the row are no complainants.
        async Task<IEnumerable<string>> NamedAsync(string dimension, string value) =>
            (await tenant.AskAsync($"/v1/metrics/complaints/lineage?period=2025-01&asOf=2025-03-01&groupBy={dimension}&group={value}&role=denominator")).Rows
                .Select(row => $"{Spelled(row).Split(" test")[0]} received {Adds(row, "received")} orders {Adds(row, "orders")}");
    }

    [Fact]
    public async Task Pages_and_earlier_events_go_on_in_the_furthest_zone_and_are_of_one_epoch()
    {
        var tenant = service.NewTenant("furthest");
        await tenant.AcceptAsync([.. Enumerable.Range(0, 70).Select(day => Order("ann", $"2025-01-01T00:{day % 60:00}:{day / 60:00}Z")), Order("bob", "2025-01-02")]);
        const string Cell = "/v1/metrics/revenue/lineage?period=2025&asOf=2025-12-31&tz=Pacific/Kiritimati";

        (await PagesAsync(tenant, $"{Cell}&limit=1")).Select(row => row.GetProperty("customer").GetString()).ShouldBe(["ann", "bob"]);

        var earlier = (await tenant.AskAsync($"{Cell}&customer=ann")).Rows.ShouldHaveSingleItem().GetProperty("earlierEvents").GetString()!;
        (await tenant.AskAsync($"{Cell}&customer=ann&events={earlier}")).Rows.ShouldHaveSingleItem().GetProperty("events").GetArrayLength().ShouldBe(6);
        var other = $"00000000~{earlier.Split('~')[1]}";
        (await tenant.GetAsync($"{Cell}&customer=ann&events={other}")).ShouldBeProblem(410, "other_epoch");
    }

    private static async Task<List<JsonElement>> PagesAsync(TestTenant tenant, string path)
    {
        var rows = new List<JsonElement>();
        for (var next = path; ;)
        {
            var page = await tenant.AskAsync(next);
            rows.AddRange(page.Rows);
            if (page.Root.GetProperty("nextCursor").GetString() is not { } cursor) return rows;
            next = $"{path}&cursor={cursor}";
        }
    }

    private static async Task<Func<string, decimal>> ServedAsync(TestTenant tenant, string metric, string parameters, string more)
    {
        var given = parameters.Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        var (from, to, grain) = given.TryGetValue("period", out var period) || given.TryGetValue("cohort", out period) ? Days(period) : throw new ArgumentException(parameters);
        var (dimension, group) = (given.GetValueOrDefault("groupBy"), given.GetValueOrDefault("group"));
        var others = given.Where(pair => pair.Key is not ("period" or "cohort" or "k" or "group" or "outcome" or "reason")).Select(pair => $"&{pair.Key}={pair.Value}");
        var path = metric == "cohorts" ? "/v1/cohorts" : $"/v1/metrics/{metric}";
        var answer = await tenant.AskAsync($"{path}?from={from}&to={to}&grain={grain}{string.Concat(others)}{more}");
        var rows = answer.List(metric == "cohorts" ? "cohorts" : answer.Root.TryGetProperty("curves", out _) ? "curves" : "rows")
            .Where(row => dimension is null || row.GetProperty("group").GetString() == group).ToList();
        if (given.TryGetValue("outcome", out var outcome)) rows = rows.Where(row => row.GetProperty("outcome").GetString() == outcome).ToList();
        if (given.TryGetValue("reason", out var reason))
            return name => name == "given" ? rows.Select(row => row.GetProperty(name).GetDecimal()).FirstOrDefault()
                : rows.Where(row => row.GetProperty("reason").GetString() == reason).Sum(row => row.GetProperty(name).GetDecimal());
        return name => rows is not [var row] ? 0 : name.Split('.') switch
        {
            [var k, "value"] => row.GetProperty("cells").EnumerateArray().Single(cell => $"k{cell.GetProperty("k")}" == k).GetProperty("value") is { ValueKind: JsonValueKind.Number } value ? value.GetDecimal() : 0,
            [var outer, var inner] => row.GetProperty(outer).GetProperty(inner).GetDecimal(),
            _ => row.GetProperty(name).GetDecimal(),
        };
    }

    private static (string From, string To, string Grain) Days(string period) => period switch
    {
        "2025" => ("2025-01-01", "2026-01-01", "year"),
        "2025-Q1" => ("2025-01-01", "2025-04-01", "quarter"),
        "2025-Q2" => ("2025-04-01", "2025-07-01", "quarter"),
        "2025-W20" => ("2025-05-12", "2025-05-19", "week"),
        "2025-12" => ("2025-12-01", "2026-01-01", "month"),
        _ => ($"{period}-01", $"{period[..6]}{(char)(period[6] + 1)}-01", "month"),
    };

    private static decimal Adds(JsonElement row, string figure) => row.GetProperty("adds").TryGetProperty(figure, out var value) ? value.GetDecimal() : 0;

    private static string Spelled(JsonElement row) =>
        $"{row.GetProperty("customer")} {row.GetProperty("numerator")}/{row.GetProperty("denominator")} "
        + string.Join(' ', row.GetProperty("events").EnumerateArray().Select(each => $"{each.GetProperty("source")}/{each.GetProperty("id")}"));
}
