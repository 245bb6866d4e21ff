using System.Text.Json;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Knowledge;

/// <summary>What has moved since a position is named, and nothing else.</summary>
public sealed class ChangesTests(ServiceFixture service)
{
    private static readonly string[] Metrics =
        ["retention", "lifecycle", "revenue", "revenue-retention", "survival", "time-between-purchases", "clv", "nps", "csat", "ces", "complaints", "service-recovery", "lapse-reasons", "win-back", "cohorts"];

    private static readonly string[] Grains = ["week", "month", "year"];

    private static readonly string[] NoFigures = ["period", "cohort", "from", "to", "status", "group", "interval", "responseRateStatus", "suppressed"];

    [Theory]
    [InlineData(51)]
    [InlineData(52)]
    public async Task Every_period_that_answers_otherwise_is_named(int seed)
    {
        var sendings = new CorrectedShop(seed).Sendings.Where(sending => sending.Settings is null).ToList();
        var tenant = service.NewTenant("changes");
        var positions = await CorrectedShop.SendAsync(tenant, sendings);
        foreach (var cut in new[] { sendings.Count / 2, sendings.Count - 12, sendings.Count - 3 })
        {
            var changes = await tenant.AskAsync($"/v1/changes?after={positions[cut - 1]}&asOf=2025-12-31");
            changes.Root.GetProperty("settingsChanged").GetBoolean().ShouldBeFalse();
            var named = changes.Rows.Select(row => $"{row.GetProperty("metric")} {row.GetProperty("grain")} {row.GetProperty("period")}").ToHashSet();
            foreach (var (metric, grain) in from metric in Metrics from grain in Grains select (metric, grain))
            {
                var path = $"{(metric == "cohorts" ? "/v1/cohorts" : $"/v1/metrics/{metric}")}?grain={grain}&asOf=2025-12-31";
                var (then, now) = (Rows(await tenant.AskAsync($"{path}&knownAt={positions[cut - 1]}")), Rows(await tenant.AskAsync(path)));
                var moved = then.Keys.Union(now.Keys).Where(period => then.GetValueOrDefault(period, "") != now.GetValueOrDefault(period, ""))
                    .Select(period => $"{metric} {grain} {period}").ToList();
                moved.ShouldBeSubsetOf(named);
                // Where one change makes up for another, a period is named whose figures are the same again; and revenue has a rate over the lifetime, service recovery strata that controls alone move.
                if (metric is not ("revenue" or "service-recovery")) named.Count(name => name.StartsWith($"{metric} {grain} ", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(moved.Count + 3, $"{metric} {grain}");
            }
        }
    }

    [Fact]
    public async Task A_change_names_its_periods_and_settings_move_all()
    {
        var tenant = service.NewTenant("moved");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 100), Order("bob", "2025-03-06", 50));
        await tenant.AskAsync("/v1/metrics/revenue");
        var before = tenant.Position;
        (await tenant.AskAsync($"/v1/changes?after={before}")).Rows.ShouldBeEmpty();

        await tenant.AcceptAsync(Order("cid", "2025-02-11", 7));
        var moved = await tenant.AskAsync($"/v1/changes?after={before}&grain=month&metric=revenue&asOf=2025-04-01");
        // The repeat rate over the lifetime of all customers goes on from the new one's month.
        moved.Rows.Select(row => row.GetProperty("period").GetString()).ShouldBe(["2025-02-01", "2025-03-01", "2025-04-01"], moved.Text);
        (await tenant.AskAsync($"/v1/changes?after={before}&grain=month&metric=cohorts&asOf=2025-04-01")).Rows.ShouldHaveSingleItem().GetProperty("period").GetString().ShouldBe("2025-02-01");
        (await tenant.AskAsync($"/v1/changes?after={before}&grain=month&metric=nps")).Rows.ShouldBeEmpty();

        var put = await tenant.PutAsync("/v1/settings", """{ "activity": { "kind": "window", "days": 30 } }""");
        var all = await tenant.AskAsync($"/v1/changes?after={before}");
        all.Root.GetProperty("settingsChanged").GetBoolean().ShouldBeTrue();
        all.Rows.Count.ShouldBe(Metrics.Length * 5);
        all.Rows.ShouldAllBe(row => row.GetProperty("period").ValueKind == JsonValueKind.Null);
        (await tenant.AskAsync($"/v1/changes?after={put.Number("position")}")).Rows.ShouldBeEmpty();

        (await tenant.GetAsync("/v1/changes")).ShouldBeProblem(400, "missing", "after");
        (await tenant.GetAsync("/v1/changes?after=999999999999")).ShouldBeProblem(400, "unknown_position", "after");
        (await tenant.GetAsync("/v1/changes?after=0&metric=rfm")).ShouldBeProblem(400, "not_allowed", "metric", "retention");
    }

    [Fact]
    public async Task A_merge_moves_the_periods_of_both_customers()
    {
        var tenant = service.NewTenant("changes-merge");
        await tenant.AcceptAsync(Order("bob", "2025-01-10"), Order("ann", "2025-03-05"));
        await tenant.AskAsync("/v1/metrics/revenue");
        var before = tenant.Position;
        await tenant.AcceptAsync(Event("customer_merged", "bob", "2025-04-01", new() { ["into"] = "ann" }));

        // Bob's cohort of January has come back in March, and nobody is of March's any more: the event is of Bob's stream alone.
        (await PeriodsAsync(before)).ShouldBe(["2025-01-01", "2025-03-01"]);

        var merged = tenant.Position;
        await tenant.AcceptAsync(Event("event_retracted", "bob", "2025-04-02", new() { ["eventId"] = "customer_merged-bob-2025-04-01" }));
        (await PeriodsAsync(merged)).ShouldBe(["2025-01-01", "2025-03-01"]);

        async Task<IEnumerable<string?>> PeriodsAsync(long after) =>
            (await tenant.AskAsync($"/v1/changes?after={after}&grain=month&metric=cohorts&asOf=2025-05-01")).Rows.Select(row => row.GetProperty("period").GetString());
    }

    [Fact]
    public async Task Orders_move_rows_of_complaints_that_their_customer_has_none_in()
    {
        var tenant = service.NewTenant("changes-orders");
        await tenant.AcceptAsync(Complaint("zoe", "2025-01-05", "k-1"), Complaint("cid", "2025-03-03", "k-2"));
        await tenant.AskAsync("/v1/metrics/revenue");
        var before = tenant.Position;
        await tenant.AcceptAsync(Order("cid", "2025-01-20"));

        var moved = await tenant.AskAsync($"/v1/changes?after={before}&grain=month&metric=complaints&asOf=2025-04-01");

        // January's complaint by somebody else is now set in proportion to one order.
        moved.Rows.Select(row => row.GetProperty("period").GetString()).ShouldBe(["2025-01-01"]);
    }

    private static Dictionary<string, string> Rows(Answer answer) =>
        answer.List(answer.Root.TryGetProperty("cohorts", out _) ? "cohorts" : answer.Root.TryGetProperty("curves", out _) ? "curves" : "rows").GroupBy(
            row => (row.TryGetProperty("cohort", out var cohort) ? cohort : row.GetProperty("period")).GetString()!).ToDictionary(rows => rows.Key, rows => string.Concat(rows.Select(Figures)));

    private static string Figures(JsonElement row) => string.Concat(row.EnumerateObject().Where(member => !NoFigures.Contains(member.Name)).Select(member => Text(member.Name, member.Value)));

    // 0 and unknown are like a row that is not there.
    private static string Text(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDecimal() == 0 ? "" : $"{name}={value}",
        JsonValueKind.Object => string.Concat(value.EnumerateObject().Where(member => member.Name is not ("k" or "status")).Select(member => Text(member.Name, member.Value))),
        JsonValueKind.Array => string.Concat(value.EnumerateArray().Select((item, i) => Text($"{name}{i}", item))),
        _ => "",
    };
}
