using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Knowledge;

/// <summary>An answer with a receipt can be made again, byte by byte, whatever became known since.</summary>
public sealed class ReceiptTests(ServiceFixture service)
{
    private static readonly string[] Questions =
    [
        "/v1/metrics/retention?grain=month&groupBy=country", "/v1/metrics/revenue?grain=week&filter=country:FI&filter=spend:>=10", "/v1/cohorts?grain=month&groupBy=channel", "/v1/metrics/survival?",
        "/v1/metrics/clv?grain=quarter", "/v1/metrics/nps?grain=month&compare=previous", "/v1/metrics/complaints?grain=month", "/v1/segments/rfm?limit=3", "/v1/metrics/revenue?from=2025-01-01&to=2025-03-05",
        "/v1/metrics/win-back?", "/v1/segments/open-complaints?", "/v1/metrics/lapse-reasons?",
    ];

    [Theory]
    [InlineData(41)]
    public async Task An_answer_is_verified_after_everything_that_was_told_later(int seed)
    {
        var shop = new CorrectedShop(seed);
        var tenant = service.NewTenant("receipt");
        var half = shop.Sendings.Count / 2;
        await CorrectedShop.SendAsync(tenant, shop.Sendings.Take(half));
        var answers = new List<(string Question, string Text)>();
        foreach (var question in Questions) answers.Add((question, (await tenant.AskAsync($"{question}&receipt=true")).Text));
        await CorrectedShop.SendAsync(tenant, shop.Sendings.Skip(half));
        await tenant.AskAsync("/v1/metrics/revenue");

        foreach (var (question, text) in answers)
        {
            var verdict = await tenant.PostAsync("/v1/receipts/verify", text);
            (verdict.Status, verdict.Root.GetProperty("verified").GetBoolean(), verdict.List("differs").Count).ShouldBe((200, true, 0), $"{question} {verdict.Text}");
            var alone = await tenant.PostAsync("/v1/receipts/verify", JsonNode.Parse(text)!["receipt"]!.ToJsonString());
            alone.Root.GetProperty("verified").GetBoolean().ShouldBeTrue(question);
        }
    }

    [Fact]
    public async Task An_altered_answer_is_told_from_its_receipt_and_every_difference_is_named()
    {
        var tenant = service.NewTenant("altered");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 10), Order("bob", "2025-01-06", 20));
        var answer = JsonNode.Parse((await tenant.AskAsync("/v1/metrics/revenue?from=2025-01-01&to=2025-02-01&receipt=true")).Text)!;
        answer["rows"]![0]!["revenue"] = 99.5m;

        var verdict = await tenant.PostAsync("/v1/receipts/verify", answer.ToJsonString());
        verdict.Root.GetProperty("verified").GetBoolean().ShouldBeFalse();
        verdict.List("differs").Select(name => name.GetString()).ShouldBe(["answer"]);
        var difference = verdict.List("differences").ShouldHaveSingleItem();
        (difference.GetProperty("path").GetString(), difference.GetProperty("was").GetDecimal(), difference.GetProperty("is").GetDecimal()).ShouldBe(("/rows/0/revenue", 99.5m, 30m));

        answer["receipt"]!["position"] = 0;
        var other = await tenant.PostAsync("/v1/receipts/verify", answer.ToJsonString());
        other.List("differs").Select(name => name.GetString()).ShouldBe(["answer", "hash", "settings"]);
    }

    [Fact]
    public async Task What_is_no_receipt_is_refused()
    {
        var tenant = service.NewTenant("noreceipt");
        (await tenant.PostAsync("/v1/receipts/verify", "{}")).ShouldBeProblem(422, "not_a_receipt", "receipt");
        (await tenant.PostAsync("/v1/receipts/verify", "[]")).ShouldBeProblem(422, "not_a_receipt", "receipt");
        (await tenant.PostAsync("/v1/receipts/verify", """{"receipt":{"path":7}}""")).ShouldBeProblem(422, "not_a_receipt", "receipt");
        (await tenant.PostAsync("/v1/receipts/verify", "{")).ShouldBeProblem(400, "malformed_json");
        (await tenant.GetAsync("/v1/metrics/revenue?receipt=true&format=csv")).ShouldBeProblem(400, "not_allowed", "receipt", "JSON");
        (await tenant.GetAsync("/v1/customers?receipt=true")).ShouldBeProblem(400, "unknown_parameter", "receipt");
        var answer = JsonNode.Parse((await tenant.AskAsync("/v1/metrics/revenue?receipt=true")).Text)!;
        answer["receipt"]!["position"] = 999_999_999_999;
        (await tenant.PostAsync("/v1/receipts/verify", answer.ToJsonString())).ShouldBeProblem(400, "unknown_position", "knownAt");
    }
}
