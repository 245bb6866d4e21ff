using System.Globalization;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Knowledge;

/// <summary>What was known at a position is what would be answered had nothing been sent after it.</summary>
public sealed class KnownAtTests(ServiceFixture service)
{
    internal static readonly string[] Questions =
    [
        "/v1/cohorts?grain=month", "/v1/cohorts?grain=week&mode=on_or_after&groupBy=country", "/v1/cohorts?grain=month&measure=revenue", "/v1/cohorts?entry=every&start=any&return=any",
        "/v1/metrics/retention?grain=month", "/v1/metrics/retention?grain=week&groupBy=channel", "/v1/metrics/lifecycle?grain=month", "/v1/metrics/revenue?grain=day",
        "/v1/metrics/revenue?groupBy=tier&compare=previous", "/v1/metrics/revenue?filter=spend:>=50", "/v1/metrics/revenue-retention?groupBy=country",
        "/v1/metrics/time-between-purchases?", "/v1/metrics/survival?groupBy=tier", "/v1/metrics/clv?grain=month", "/v1/metrics/nps?grain=month",
        "/v1/metrics/csat?grain=quarter&dedup=latest", "/v1/metrics/ces?grain=year&groupBy=country", "/v1/metrics/complaints?grain=month", "/v1/metrics/service-recovery?",
        "/v1/metrics/lapse-reasons?", "/v1/metrics/win-back?groupBy=country", "/v1/customers?limit=50", "/v1/segments/rfm?", "/v1/segments/lapsed-regulars?misses=5",
        "/v1/segments/detractors?", "/v1/segments/open-complaints?", "/v1/complaints/breaches?", "/v1/dimensions/country/values?",
    ];

    private static readonly string[] Placed = ["position", "knownAt", "eventId", "recordedAt", "timeline", "nextCursor"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_was_known_at_a_position_is_answered_as_by_a_tenant_that_was_told_nothing_else(int seed)
    {
        var shop = new CorrectedShop(seed);
        var whole = service.NewTenant("whole");
        var positions = await CorrectedShop.SendAsync(whole, shop.Sendings);
        await whole.AskAsync("/v1/metrics/revenue");

        foreach (var cut in new[] { 1, shop.Sendings.Count / 3 + 1, shop.Sendings.Count / 2, shop.Sendings.Count - 2, shop.Sendings.Count })
        {
            var part = service.NewTenant("part");
            await CorrectedShop.SendAsync(part, shop.Sendings.Take(cut));
            foreach (var question in Questions.SelectMany(question => new[] { $"{question}&asOf=2025-12-31", $"{question}&asOf=2025-07-15T10:00:00Z&refunds=refund" }))
            {
                var earlier = await whole.AskAsync($"{question}&knownAt={positions[cut - 1]}");
                Apart(earlier).ShouldBe(Apart(await part.AskAsync(question)), $"{cut} of {shop.Sendings.Count}: {question}");
            }
            for (var customer = 0; customer < 9; customer++)
            {
                var (path, moment) = ($"/v1/customers/c{customer}", "asOf=2025-12-31");
                var (then, alone) = (await whole.GetAsync($"{path}?{moment}&knownAt={positions[cut - 1]}"), await part.GetAsync($"{path}?{moment}"));
                (then.Status, Effects(then)).ShouldBe((alone.Status, Effects(alone)), path);
                if (then.Status == 200) Apart(then).ShouldBe(Apart(alone), path);
            }
        }
    }

    [Fact]
    public async Task A_time_stands_for_the_last_position_recorded_by_then()
    {
        var tenant = service.NewTenant("time");
        await tenant.AcceptAsync(Order("c", "2025-01-05", 10));
        await tenant.AskAsync("/v1/metrics/revenue");
        var recorded = (await tenant.GetAsync("/v1/customers/c")).Root.GetProperty("timeline")[0];
        await tenant.AcceptAsync(Order("c", "2025-01-06", 10));

        var (position, at) = (recorded.GetProperty("position").GetInt64(), recorded.GetProperty("recordedAt").GetDateTimeOffset());
        const string Question = "/v1/metrics/revenue?from=2025-01-01&to=2025-02-01";
        var then = await tenant.AskAsync($"{Question}&knownAt={Spelled(at)}");
        (then.Rows[0].GetProperty("orders").GetInt32(), then.Number("position")).ShouldBe((1, position));
        var before = await tenant.AskAsync($"{Question}&knownAt={Spelled(at.AddTicks(-10))}");
        before.Rows[0].GetProperty("orders").GetInt32().ShouldBe(0);
        before.Number("position").ShouldBeLessThan(position);
        (await tenant.AskAsync(Question)).Rows[0].GetProperty("orders").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task A_position_that_was_never_issued_and_a_time_to_come_are_refused()
    {
        var tenant = service.NewTenant("never");
        (await tenant.GetAsync("/v1/metrics/retention?knownAt=999999999999")).ShouldBeProblem(400, "unknown_position", "knownAt", "has not been issued", "from 0 to");
        (await tenant.GetAsync("/v1/cohorts?knownAt=2199-01-01T00:00:00Z")).ShouldBeProblem(400, "in_future", "knownAt", "future");
        (await tenant.GetAsync("/v1/metrics/nps?knownAt=yesterday")).ShouldBeProblem(400, "not_a_position", "knownAt", "position", "RFC 3339");
        (await tenant.GetAsync("/v1/metrics/nps?knownAt=-1")).ShouldBeProblem(400, "not_a_position", "knownAt");
        (await tenant.GetAsync("/v1/metrics/nps?knownAt=")).ShouldBeProblem(400, "empty", "knownAt");
        (await tenant.AskAsync("/v1/metrics/retention?knownAt=0")).Rows.ShouldBeEmpty();
    }

    private static string Spelled(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string Effects(Answer answer) => answer.Status != 200 ? "" : string.Join(
        ", ", answer.List("timeline").Select(entry => $"{entry.GetProperty("id").GetString()} {entry.GetProperty("effect").GetString()}"));

    private static string Apart(Answer answer) => Apart(JsonNode.Parse(answer.Text))!.ToJsonString();

    private static JsonNode? Apart(JsonNode? node)
    {
        if (node is JsonArray items) foreach (var item in items) Apart(item);
        if (node is not JsonObject members) return node;
        foreach (var name in Placed) members.Remove(name);
        foreach (var (_, member) in members) Apart(member);
        return node;
    }
}
