using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Retention.Api.Tests.Replays;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Knowledge;

/// <summary>A replay can be asked what was known within it, who is behind its figures, why they differ, and for a receipt.</summary>
public sealed class ReplayKnowledgeTests(ServiceFixture service)
{
    private const string Settings = """{"activity":{"kind":"window","days":25},"refunds":"refund","minN":1}""";

    private static readonly string[] Questions =
    [
        "/v1/metrics/retention?grain=month&groupBy=country", "/v1/metrics/revenue?grain=week&filter=country:FI", "/v1/cohorts?grain=month", "/v1/metrics/survival?", "/v1/metrics/clv?grain=quarter",
        "/v1/metrics/nps?grain=month&compare=previous", "/v1/metrics/complaints?grain=month", "/v1/metrics/win-back?", "/v1/metrics/service-recovery?", "/v1/segments/rfm?limit=5",
    ];

    private static readonly string[] Cells =
    [
        "retention/lineage?period=2025-04", "revenue/lineage?period=2025-Q2", "cohorts/lineage?cohort=2025-02&k=1", "nps/lineage?period=2025", "complaints/lineage?period=2025",
    ];

    private static readonly string[] Bridged =
    [
        "retention/bridge?grain=month", "revenue/bridge?grain=month&groupBy=channel", "cohorts/bridge?grain=month&periods=3", "nps/bridge?grain=quarter", "complaints/bridge?grain=month",
    ];

    private const string Range = "&from=2025-01-01&to=2026-01-01&asOf=2025-12-31";

    [Theory]
    [InlineData(61)]
    [InlineData(62)]
    public async Task A_replay_answers_what_was_known_within_it_as_a_shorter_replay_does(int seed)
    {
        var (tenant, positions) = await ToldAsync(seed, "within");
        var (half, most) = (positions[positions.Length / 2], positions[positions.Length * 3 / 4]);
        await NamedReplayTests.MakeAsync(tenant, $$"""{"name":"long","until":{{most}},"settings":{{Settings}}}""");
        await NamedReplayTests.MakeAsync(tenant, $$"""{"name":"short","until":{{half}},"settings":{{Settings}}}""");

        foreach (var question in Questions)
        {
            var earlier = await tenant.AskAsync($"{question}&asOf=2025-12-31&replay=long&knownAt={half}");
            earlier.Number("position").ShouldBe(half);
            Apart(earlier).ShouldBe(Apart(await tenant.AskAsync($"{question}&asOf=2025-12-31&replay=short")), question);
        }
        foreach (var cell in Cells)
        {
            var earlier = await tenant.AskAsync($"/v1/metrics/{cell}&asOf=2025-12-31&replay=long&knownAt={half}&limit=1000");
            Apart(earlier).ShouldBe(Apart(await tenant.AskAsync($"/v1/metrics/{cell}&asOf=2025-12-31&replay=short&limit=1000")), cell);
        }
        (await tenant.GetAsync($"/v1/metrics/nps?replay=short&knownAt={most}")).ShouldBeProblem(400, "not_allowed", "knownAt", "short", $"{half}");
    }

    [Theory]
    [InlineData(66)]
    [InlineData(70)]
    public async Task What_was_known_at_a_position_is_what_a_replay_up_to_it_answers(int seed)
    {
        var (tenant, positions) = await ToldAsync(seed, "upto");
        foreach (var (name, until) in new[] { ("third", positions[positions.Length / 3]), ("late", positions[^3]) })
        {
            await NamedReplayTests.MakeAsync(tenant, $$"""{"name":"{{name}}","until":{{until}}}""");
            foreach (var question in KnownAtTests.Questions.Append("/v1/metrics/settling?grain=week"))
            {
                var known = await tenant.AskAsync($"{question}&asOf=2025-12-31&knownAt={until}");
                Apart(known).ShouldBe(Apart(await tenant.AskAsync($"{question}&asOf=2025-12-31&replay={name}")), $"{question} {name}");
            }
        }
    }

    [Theory]
    [InlineData(68, Settings)]
    [InlineData(69, """{"timeZone":"Asia/Kolkata","servicePromise":{"*":"PT1H"}}""")]
    public async Task Every_customer_that_adds_something_else_by_a_replay_is_among_those_that_differ(int seed, string settings)
    {
        var (tenant, positions) = await ToldAsync(seed, "flips");
        await NamedReplayTests.MakeAsync(tenant, $$"""{"name":"then","until":{{positions[positions.Length * 3 / 4]}},"settings":{{settings}}}""");
        string[] cells =
        [
            "retention?grain=quarter", "lifecycle?grain=quarter", "revenue?grain=quarter", "revenue-retention?grain=quarter", "survival?grain=quarter", "time-between-purchases?grain=quarter", "clv?grain=quarter",
            "nps?grain=quarter", "csat?grain=quarter", "complaints?grain=quarter", "win-back?grain=quarter", "cohorts?grain=quarter&k=1", "service-recovery?grain=quarter&outcome=none", "lapse-reasons?grain=quarter&reason=price",
            "rfm?", "detractors?", "open-complaints?", "breaches?",
        ];
        foreach (var cell in cells)
        {
            var (metric, list) = (cell.Split('?')[0], !cell.Contains("grain", StringComparison.Ordinal));
            var parameters = cell.Split('?')[1].Split('&').Where(pair => pair.StartsWith("grain", StringComparison.Ordinal));
            var expected = new SortedSet<string>(StringComparer.Ordinal);
            foreach (var quarter in list ? [""] : new[] { "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4" })
            {
                var period = list ? "" : $"&{(metric == "cohorts" ? "cohort" : "period")}={quarter}";
                var path = $"/v1/metrics/{metric}/lineage?{cell.Split('?')[1]}{period}&asOf=2025-12-31&limit=1000";
                var (live, made) = (Adds(await tenant.AskAsync(path)), Adds(await tenant.AskAsync($"{path}&replay=then")));
                expected.UnionWith(live.Keys.Union(made.Keys).Where(customer => live.GetValueOrDefault(customer) != made.GetValueOrDefault(customer)));
            }
            var range = list ? "" : "&from=2025-01-01&to=2026-01-01";
            var found = new List<string>();
            for (var next = ""; ;)
            {
                var page = (await tenant.AskAsync($"/v1/replays/then/diff?metric={metric}&{string.Join('&', parameters)}{range}&asOf=2025-12-31&limit=3{next}")).Root.GetProperty("customers");
                foreach (var row in page.GetProperty("rows").EnumerateArray())
                {
                    found.Add(row.GetProperty("customer").GetString()!);
                    row.GetProperty("figures").GetArrayLength().ShouldBeGreaterThan(0);
                }
                if (page.GetProperty("nextCursor").GetString() is not { } cursor) break;
                next = $"&cursor={cursor}";
            }
            found.ShouldBe(found.Order(StringComparer.Ordinal));
            // A row that is asked for by outcome or reason tells only of those; the others may differ as well.
            if (cell.Contains("outcome", StringComparison.Ordinal) || cell.Contains("reason=", StringComparison.Ordinal)) expected.ToList().ShouldBeSubsetOf(found, cell);
            else found.ShouldBe([.. expected], cell);
        }
    }

    [Theory]
    [InlineData(63)]
    public async Task The_customers_behind_a_replays_cell_add_up_to_it(int seed)
    {
        var (tenant, positions) = await ToldAsync(seed, "behind");
        await NamedReplayTests.MakeAsync(tenant, $$"""{"name":"then","until":{{positions[positions.Length * 2 / 3]}},"settings":{{Settings}}}""");
        foreach (var cell in Cells)
        {
            var whole = await tenant.AskAsync($"/v1/metrics/{cell}&asOf=2025-12-31&replay=then&limit=1000");
            foreach (var part in new[] { "numerator", "denominator" })
                whole.Rows.Sum(row => row.GetProperty(part).GetDecimal()).ShouldBe(whole.Root.GetProperty(part).GetProperty("value").GetDecimal(), $"{part} {cell}");
            whole.Root.GetProperty("parameters").GetProperty("replay").GetString().ShouldBe("then");
        }
        var narrow = await tenant.AskAsync("/v1/metrics/retention/lineage?period=2025-04&asOf=2025-12-31&limit=1000&replay=then");
        narrow.Root.GetProperty("parameters").GetProperty("activity").GetString().ShouldBe("window:25d");
    }

    [Theory]
    [InlineData(64)]
    public async Task A_bridge_leads_through_a_replay_or_from_it_to_what_is_live_and_sums_exactly(int seed)
    {
        var (tenant, positions) = await ToldAsync(seed, "bridged");
        var (early, until) = (positions[positions.Length / 3], positions[positions.Length * 2 / 3]);
        await NamedReplayTests.MakeAsync(tenant, $$"""{"name":"then","until":{{until}},"settings":{{Settings}}}""");
        foreach (var question in Bridged)
        {
            var path = question.StartsWith("cohorts", StringComparison.Ordinal) ? $"/v1/{question.Replace("/bridge", "", StringComparison.Ordinal)}" : $"/v1/metrics/{question.Replace("/bridge", "", StringComparison.Ordinal)}";
            var within = await tenant.AskAsync($"/v1/metrics/{question}{Range}&replay=then&fromPosition={early}");
            within.Number("toPosition").ShouldBe(until);
            Sums(within, question);
            var out_ = await tenant.AskAsync($"/v1/metrics/{question}{Range}&fromReplay=then");
            (out_.Number("fromPosition"), out_.Root.GetProperty("fromReplay").GetString()).ShouldBe((until, "then"));
            Sums(out_, question);
            if (!question.StartsWith("revenue", StringComparison.Ordinal)) continue;
            foreach (var (bridge, end, served) in new[] { (within, "after", await tenant.AskAsync($"{path}{Range}&replay=then")), (out_, "before", await tenant.AskAsync($"{path}{Range}&replay=then")), (out_, "after", await tenant.AskAsync($"{path}{Range}")) })
                foreach (var row in bridge.Rows.Where(row => row.GetProperty("figure").GetString() == "revenue"))
                {
                    var same = served.Rows.SingleOrDefault(other => Key(other) == Key(row));
                    row.GetProperty(end).GetDecimal().ShouldBe(same.ValueKind == JsonValueKind.Undefined ? 0 : same.GetProperty("revenue").GetDecimal(), $"{end} {row}");
                }
        }
        var windows = await tenant.AskAsync($"/v1/metrics/retention/bridge?grain=month{Range}&fromReplay=then");
        windows.Rows.Where(row => row.GetProperty("figure").GetString() == "closing").Sum(row => Math.Abs(row.GetProperty("steps").GetProperty("settings").GetDecimal())).ShouldBeGreaterThan(0);
        (await tenant.GetAsync($"/v1/metrics/revenue/bridge?period=2025-01&replay=then&fromPosition={positions[^1]}")).ShouldBeProblem(400, "not_allowed", "fromPosition", "then");
        (await tenant.GetAsync("/v1/metrics/revenue/bridge?period=2025-01&fromReplay=then&fromPosition=0")).ShouldBeProblem(400, "not_allowed", "fromPosition", "fromReplay");
        (await tenant.GetAsync("/v1/metrics/revenue/bridge?period=2025-01&fromReplay=none")).ShouldBeProblem(400, "unknown_replay", "fromReplay", "then");
    }

    [Theory]
    [InlineData(65)]
    public async Task A_replays_receipt_is_verified_after_the_replay_is_gone(int seed)
    {
        var (tenant, positions) = await ToldAsync(seed, "receipts");
        var until = positions[positions.Length / 2];
        await NamedReplayTests.MakeAsync(tenant, $$"""{"name":"then","until":{{until}},"settings":{{Settings}}}""");
        var answers = new List<string>();
        foreach (var question in Questions)
        {
            answers.Add((await tenant.AskAsync($"{question}&receipt=true&replay=then")).Text);
            answers.Add((await tenant.AskAsync($"{question}&receipt=true&replay=then&knownAt={positions[positions.Length / 3]}")).Text);
        }
        var replay = JsonNode.Parse(answers[0])!["receipt"]!["replay"]!;
        (replay["name"]!.GetValue<string>(), replay["until"]!.GetValue<long>(), replay["settings"]!["refunds"]!.GetValue<string>()).ShouldBe(("then", until, "refund"));
        (await tenant.DeleteAsync("/v1/replays/then")).Status.ShouldBe(204);
        await NamedReplayTests.MakeAsync(tenant, """{"name":"then","settings":{"activity":{"kind":"window","days":7}}}""");

        foreach (var answer in answers)
        {
            var verdict = await tenant.PostAsync("/v1/receipts/verify", answer);
            (verdict.Status, verdict.Status == 200 && verdict.Root.GetProperty("verified").GetBoolean(), verdict.Status == 200 ? verdict.List("differs").Count : -1).ShouldBe((200, true, 0), $"{answer} {verdict.Text}");
        }
        var altered = JsonNode.Parse(answers[0])!;
        altered["receipt"]!["replay"]!["settings"]!["activity"]!["days"] = 60;
        (await tenant.PostAsync("/v1/receipts/verify", altered.ToJsonString())).Root.GetProperty("verified").GetBoolean().ShouldBeFalse();
        altered["receipt"]!["replay"]!["settings"] = JsonNode.Parse("""{"phaseOfTheMoon":"full"}""");
        (await tenant.PostAsync("/v1/receipts/verify", altered.ToJsonString())).ShouldBeProblem(422, "unknown_settings", null, "settings of its replay", "phaseOfTheMoon");
    }

    [Fact]
    public async Task A_receipt_of_another_store_is_gone()
    {
        await using var api = await service.StartAsync("restored", TimeProvider.System);
        var tenant = api.Tenant("shop");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 10));
        var answer = (await tenant.AskAsync("/v1/metrics/revenue?receipt=true")).Text;
        (await tenant.PostAsync("/v1/receipts/verify", answer)).Root.GetProperty("verified").GetBoolean().ShouldBeTrue();

        // What restoring a backup does.
        await using var source = NpgsqlDataSource.Create(service.ConnectionString);
        await using var command = source.CreateCommand("update restored.store_epoch set epoch = gen_random_uuid()");
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        (await tenant.PostAsync("/v1/receipts/verify", answer)).ShouldBeProblem(410, "other_epoch", "receipt.epoch", "restored from a backup");
        var old = JsonNode.Parse(answer)!;
        old["receipt"]!.AsObject().Remove("epoch");
        (await tenant.PostAsync("/v1/receipts/verify", old.ToJsonString())).Root.GetProperty("verified").GetBoolean().ShouldBeTrue("receipts of before epochs were part of them");
    }

    private async Task<(TestTenant Tenant, long[] Positions)> ToldAsync(int seed, string word)
    {
        var tenant = service.NewTenant(word);
        var positions = await CorrectedShop.SendAsync(tenant, new CorrectedShop(seed, customers: 12).Sendings);
        await tenant.AskAsync("/v1/metrics/revenue");
        // Positions of sendings that were duplicates may be lower than those before them.
        for (var i = 1; i < positions.Length; i++) positions[i] = Math.Max(positions[i], positions[i - 1]);
        return (tenant, positions);
    }

    private static void Sums(Answer bridge, string question)
    {
        bridge.Rows.ShouldNotBeEmpty(question);
        foreach (var row in bridge.Rows)
        {
            if (row.GetProperty("before").ValueKind == JsonValueKind.Null || row.GetProperty("after").ValueKind == JsonValueKind.Null) continue;
            (row.GetProperty("before").GetDecimal() + row.GetProperty("steps").EnumerateObject().Sum(step => step.Value.GetDecimal()))
                .ShouldBe(row.GetProperty("after").GetDecimal(), $"{question} {row}");
        }
    }

    private static Dictionary<string, string> Adds(Answer lineage) => lineage.Rows.ToDictionary(row => row.GetProperty("customer").GetString()!, row => row.GetProperty("adds").GetRawText());

    private static string Key(JsonElement row) => $"{row.GetProperty("period")} {row.GetProperty("group")}";

    private static string Apart(Answer answer)
    {
        var node = JsonNode.Parse(answer.Text)!;
        var parameters = node["parameters"]!.AsObject();
        foreach (var name in new[] { "knownAt", "replay" }) parameters.Remove(name);
        return node.ToJsonString();
    }
}
