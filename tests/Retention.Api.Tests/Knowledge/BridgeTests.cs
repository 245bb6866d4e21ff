using System.Text.Json;
using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Knowledge;

/// <summary>A bridge leads from the old figure to the new one by causes, and sums exactly.</summary>
public sealed class BridgeTests(ServiceFixture service)
{
    private static readonly string[] Questions =
    [
        "retention?grain=month", "retention?grain=month&groupBy=country", "lifecycle?grain=quarter", "revenue?grain=month", "revenue?grain=month&groupBy=channel", "revenue-retention?grain=month",
        "survival?", "time-between-purchases?", "clv?grain=quarter", "nps?grain=month", "csat?grain=quarter&dedup=latest", "complaints?grain=month", "ces?grain=quarter", "nps?grain=year&groupBy=country", "service-recovery?grain=quarter", "lapse-reasons?grain=quarter", "lapse-reasons?grain=year&groupBy=country", "lapse-reasons?groupBy=segment", "win-back?grain=quarter", "cohorts?grain=month&periods=4", "cohorts?measure=revenue&groupBy=tier&periods=3",
    ];

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Before_and_all_steps_sum_to_after_for_every_figure(int seed)
    {
        var shop = new CorrectedShop(seed);
        var tenant = service.NewTenant("bridge");
        var positions = await CorrectedShop.SendAsync(tenant, shop.Sendings);
        int[] cuts = [shop.Sendings.Count / 4, shop.Sendings.Count / 2, shop.Sendings.Count * 3 / 4];
        foreach (var (cut, question) in from cut in cuts from question in Questions select (cut, question))
        {
            var path = question.Split('?')[0] == "cohorts" ? $"/v1/{question}" : $"/v1/metrics/{question}";
            var (from, to) = (positions[cut - 1], positions[^1]);
            const string Range = "&from=2025-01-01&to=2026-01-01&asOf=2025-12-31";
            var bridge = await tenant.AskAsync($"/v1/metrics/{question.Replace("?", "/bridge?", StringComparison.Ordinal)}{Range}&fromPosition={from}&toPosition={to}");
            var (then, now) = (await tenant.AskAsync($"{path}{Range}&knownAt={from}"), await tenant.AskAsync($"{path}{Range}"));
            bridge.Rows.ShouldNotBeEmpty(question);
            foreach (var row in bridge.Rows)
            {
                if (row.GetProperty("before").ValueKind == JsonValueKind.Null || row.GetProperty("after").ValueKind == JsonValueKind.Null) continue;
                var steps = row.GetProperty("steps").EnumerateObject().Sum(step => step.Value.GetDecimal());
                (row.GetProperty("before").GetDecimal() + steps).ShouldBe(row.GetProperty("after").GetDecimal(), $"{question} {row}");
            }
            if (question == "revenue?grain=month")
                foreach (var row in bridge.Rows.Where(row => row.GetProperty("figure").GetString() is "revenue" or "orders" or "customers"))
                {
                    var (period, figure) = (row.GetProperty("period").GetString()!, row.GetProperty("figure").GetString()!);
                    row.GetProperty("before").GetDecimal().ShouldBe(then.Row(period).GetProperty(figure).GetDecimal());
                    row.GetProperty("after").GetDecimal().ShouldBe(now.Row(period).GetProperty(figure).GetDecimal());
                }
        }
    }

    [Theory]
    [InlineData(21)]
    public async Task Where_settings_stay_they_are_no_cause(int seed)
    {
        var sendings = new CorrectedShop(seed).Sendings.Where(sending => sending.Settings is null).ToList();
        var tenant = service.NewTenant("stay");
        var positions = await CorrectedShop.SendAsync(tenant, sendings);
        foreach (var question in Questions)
        {
            var bridge = await tenant.AskAsync(
                $"/v1/metrics/{question.Replace("?", "/bridge?", StringComparison.Ordinal)}&from=2025-01-01&to=2026-01-01&asOf=2025-12-31&fromPosition={positions[sendings.Count / 3]}");
            foreach (var row in bridge.Rows)
                if (row.GetProperty("steps").GetProperty("settings") is { ValueKind: JsonValueKind.Number } step) step.GetDecimal().ShouldBe(0, $"{question} {row}");
        }
    }

    [Fact]
    public async Task Each_cause_is_credited_with_what_it_did()
    {
        var tenant = service.NewTenant("causes");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 100), Order("bob", "2025-01-06", 50), Order("cid", "2025-01-07", 30), Order("dan", "2025-01-08", 20));
        await tenant.AskAsync("/v1/metrics/revenue");
        var before = tenant.Position;
        await tenant.AcceptAsync(
            Order("eve", "2025-01-09", 7), Refund("ann", "2025-01-05", "2025-01-10", 40), Event("customer_merged", "bob", "2025-02-01", new JsonObject { ["into"] = "ann" }),
            Event("event_retracted", "dan", "2025-02-01", new JsonObject { ["eventId"] = "purchase_made-dan-2025-01-08" }),
            Event("event_retracted", "cid", "2025-02-01", new JsonObject { ["eventId"] = "purchase_made-cid-2025-01-07" }));
        await tenant.AcceptAsync(Order("cid", "2025-01-07", 33));
        await tenant.PutAsync("/v1/settings", """{ "refunds": "refund" }""");

        var bridge = await tenant.AskAsync($"/v1/metrics/revenue/bridge?period=2025-01&fromPosition={before}");

        Steps(bridge, "revenue").ShouldBe("200.00: late 7.00, corrections 3.00, refunds -40.00, retractions -20.00 = 150.00");
        Steps(bridge, "customers").ShouldBe("4: late 1, merges -1, retractions -1 = 3");
        Steps(bridge, "orders").ShouldBe("4: late 1, retractions -1 = 4");
        bridge.Root.GetProperty("events").GetProperty("corrections").GetInt64().ShouldBe(2);
        (await tenant.GetAsync($"/v1/metrics/revenue/bridge?period=2025-01&fromPosition={before}&format=csv")).Text.ShouldStartWith("period,group,figure,before,steps_time,steps_new,steps_late");
    }

    [Fact]
    public async Task What_cannot_be_bridged_is_refused()
    {
        var tenant = service.NewTenant("refused");
        (await tenant.GetAsync("/v1/metrics/revenue/bridge?period=2025-01")).ShouldBeProblem(400, "missing", "fromPosition");
        (await tenant.GetAsync("/v1/metrics/revenue/bridge?period=2025-13&fromPosition=0")).ShouldBeProblem(400, "not_a_period", "period", "2026-Q1");
        (await tenant.GetAsync("/v1/metrics/revenue/bridge?period=2025-01&fromPosition=1&toPosition=0")).ShouldBeProblem(400, "not_allowed", "toPosition");
        (await tenant.GetAsync("/v1/metrics/nothing/bridge?period=2025-01&fromPosition=0")).ShouldBeProblem(404, "unknown_metric");
        (await tenant.GetAsync("/v1/metrics/revenue/bridge?period=2025-01&fromPosition=0&wrong=1")).ShouldBeProblem(400, "unknown_parameter", "wrong");
    }

    private static string Steps(Answer bridge, string figure)
    {
        var row = bridge.Rows.Single(row => row.GetProperty("figure").GetString() == figure);
        var steps = row.GetProperty("steps").EnumerateObject().Where(step => step.Value.GetDecimal() != 0).Select(step => $"{step.Name} {step.Value}");
        return $"{row.GetProperty("before")}: {string.Join(", ", steps)} = {row.GetProperty("after")}";
    }
}
