using System.Text;
using System.Text.Json.Nodes;
using Npgsql;
using Retention.Api.Tests.Replays;
using Retention.Domain.Metrics;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Customers;

/// <summary>One word wherever a sender may put one about a customer: where it is found before the erasure, and that it is nowhere after it.</summary>
public sealed class CanaryTests(ServiceFixture service)
{
    private const string Customer = "someone";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_erased_stands_in_no_table_view_export_or_answer()
    {
        var (shop, word) = (service.NewTenant("canary"), $"canary{Guid.NewGuid():n}");
        await shop.AcceptAsync(Sung(Customer, word));
        await shop.AcceptAsync([.. Sung("stays", "sparrow"), Event("customer_merged", "alias", "2025-02-10", new() { ["into"] = Customer }, "merge-alias")]);
        await shop.AskAsync("/v1/customers");
        await NamedReplayTests.MakeAsync(shop, """{"name":"then"}""");

        // The controls: it was answered and exported, stands in clear where it may, and what is sealed can be read.
        var before = await AnsweredAsync(shop, word);
        before.ShouldContain("/v1/events?after=0");
        before.ShouldContain("/v1/exports/revenue_by_period?format=csv");
        before.ShouldContain("/v1/customers?filter=nickname:WORD");
        before.ShouldContain("/v1/customers?filter=nickname:WORD&replay=then");
        before.Count.ShouldBeGreaterThan(12, string.Join(", ", before));
        var held = await HeldAsync(word);
        held.ShouldContain("retention.mt_events");
        held.ShouldContain("retention.customer_history");
        held.ShouldContain("retention.revenue_cells");
        held.ShouldContain(table => table.StartsWith("bi.", StringComparison.Ordinal));
        held.ShouldContain(table => table.StartsWith("retention_replay_", StringComparison.Ordinal));

        var receipt = await shop.DeleteAsync($"/v1/customers/{Customer}");

        receipt.Status.ShouldBe(200, receipt.Text);
        receipt.Text.ShouldNotContain(word);
        receipt.Root.EnumerateObject().Select(member => member.Name).ShouldBe(["receipt", "customer", "ids", "events", "erasedAt", "replays", "position"]);
        (receipt.Number("ids"), receipt.Number("events"), receipt.List("replays").Single().GetString()).ShouldBe((2, Sung("", "").Length + 1, "then"), receipt.Text);
        (await shop.GetAsync($"/v1/customers?minPosition={receipt.Number("position")}")).Rows.Count.ShouldBe(1);
        (await shop.DeleteAsync("/v1/customers/nobody")).ShouldBeProblem(404, "unknown_customer");
        (await AnsweredAsync(shop, word)).ShouldBeEmpty();
        (await HeldAsync(word)).ShouldBeEmpty();
        (await AnsweredAsync(shop, "sparrow")).Count.ShouldBeGreaterThan(12, "who stays is there still");
    }

    [Fact]
    public async Task An_event_that_comes_late_is_refused_under_every_id_and_erasing_again_is_fine()
    {
        var (shop, word) = (service.NewTenant("late"), $"canary{Guid.NewGuid():n}");
        await shop.AcceptAsync(Order(Customer, "2025-01-01"), Order("alias", "2025-01-02"), Event("customer_merged", "alias", "2025-02-10", new() { ["into"] = Customer }));
        await shop.AskAsync("/v1/customers");
        var first = await shop.DeleteAsync("/v1/customers/alias");
        (first.Number("ids"), first.Number("events")).ShouldBe((2, 3), first.Text);

        var late = await shop.SendAsync(
            Order(Customer, "2025-03-01"), Complaint("alias", "2025-03-02", "k", word),
            Event("customer_merged", "other", "2025-03-03", new() { ["into"] = Customer }), Order("other", "2025-03-04"));

        late.ShouldRefuse(0, "customer_erased", "customer");
        late.ShouldRefuse(1, "customer_erased", "customer");
        (late.Number("accepted"), late.List("rejected").Count).ShouldBe((2, 2), late.Text);
        var other = await shop.AskAsync("/v1/customers/other");
        (other.Number("orders"), other.Root.GetProperty("members").GetArrayLength()).ShouldBe((1, 2), other.Text);
        (await HeldAsync(word)).ShouldBeEmpty();

        var again = await shop.DeleteAsync($"/v1/customers/{Customer}");
        (again.Status, again.Number("events")).ShouldBe((200, 2), again.Text);
        (await shop.GetAsync("/v1/customers/other")).Status.ShouldBe(404, "it was merged into the erased one, and is erased as one with it");
        var third = await shop.DeleteAsync("/v1/customers/alias");
        (third.Number("events"), third.Root.GetProperty("erasedAt").GetDateTimeOffset()).ShouldBe((0, first.Root.GetProperty("erasedAt").GetDateTimeOffset()), third.Text);
        third.Root.GetProperty("receipt").GetString().ShouldNotBe(first.Root.GetProperty("receipt").GetString(), "each act is in the audit");
    }

    /// <summary>A customer of whom every text, name and id is one word.</summary>
    private static JsonObject[] Sung(string customer, string word)
    {
        var number = 0;
        return
        [
            Told("customer_registered", new() { ["channel"] = word, ["campaign"] = word, ["country"] = word, ["attributes"] = new JsonObject { ["tier"] = word, ["nickname"] = word, [word] = 1 } }),
            Told("purchase_made", new()
            {
                ["orderId"] = word, ["currency"] = "EUR", ["channel"] = word, ["note"] = word,
                ["lines"] = new JsonArray(new JsonObject { ["sku"] = word, ["category"] = word, ["quantity"] = 1, ["unitPrice"] = 10 }),
                ["discounts"] = new JsonArray(new JsonObject { ["code"] = word, ["kind"] = word, ["amount"] = 1 }),
            }),
            Told("purchase_refunded", new() { ["orderId"] = word, ["amount"] = 1, ["reason"] = word }),
            Told("complaint_received", new() { ["complaintId"] = word, ["channel"] = word, ["category"] = word, ["severity"] = word, ["text"] = word }),
            Told("complaint_resolved", new() { ["complaintId"] = word, ["remedy"] = word, ["comment"] = word }),
            Told("feedback_requested", new() { ["requestId"] = word, ["instrument"] = "nps", ["channel"] = word, ["touchpoint"] = word }),
            Told("feedback_given", new() { ["instrument"] = "nps", ["score"] = 2, ["requestId"] = word, ["touchpoint"] = word, ["channel"] = word, ["comment"] = word }),
            Told("lapse_reason_given", new() { ["reason"] = word, ["comment"] = word }),
            Told("customer_changed", new() { ["attributes"] = new JsonObject { ["nickname"] = $"{word} again", ["nickname2"] = word } }),
            Told("customer_departed", new() { ["reason"] = word, ["text"] = word }),
            Told("event_retracted", new() { ["eventId"] = word, ["reason"] = word, ["comment"] = word }),
        ];

        JsonObject Told(string type, JsonObject data) => Event(type, customer, $"2025-01-{++number:00}", data, $"{word}-{number}");
    }

    /// <summary>What tells a word: every metric, list, export and form of the log that a reader with all scopes has.</summary>
    private static async Task<List<string>> AnsweredAsync(TestTenant shop, string word)
    {
        var models = (await shop.GetAsync("/v1/exports")).List("models").Select(model => model.GetProperty("href").GetString()!).ToList();
        string[] paths =
        [
            "/v1/events?after=0", "/v1/events?after=0&format=csv", .. models, .. models.Select(model => $"{model}?format=csv"),
            .. Catalogue.All.Concat(VoiceCatalogue.All).Select(metric => metric.Path),
            $"/v1/customers/{Customer}", "/v1/customers/stays", "/v1/customers", "/v1/customers?format=csv", "/v1/customers?filter=nickname:WORD", "/v1/customers?filter=nickname2:WORD", "/v1/customers?filter=nickname:WORD&replay=then",
            "/v1/dimensions/nickname/values", "/v1/dimensions/product/values", "/v1/dimensions/discountCode/values", "/v1/dimensions/tier/values",
            "/v1/metrics/revenue?groupBy=tier&asOf=2025-06-01", "/v1/metrics/revenue?groupBy=country&format=csv", "/v1/metrics/complaints?groupBy=category", "/v1/metrics/lapse-reasons",
            "/v1/segments/detractors", "/v1/segments/open-complaints", "/v1/audit",
        ];
        var told = new List<string>();
        foreach (var path in paths.Distinct())
        {
            var answer = await shop.GetAsync(path.Replace("WORD", word, StringComparison.Ordinal));
            answer.Status.ShouldBeLessThan(500, answer.Text);
            // A question that is echoed tells nothing.
            if (answer.Text.Replace($"nickname:{word}", "", StringComparison.Ordinal).Replace($"nickname2:{word}", "", StringComparison.Ordinal).Contains(word, StringComparison.Ordinal)) told.Add(path);
        }
        return told;
    }

    /// <summary>The tables and views of every schema of the service in which a row shows a word: as text, or in bytes, also compressed or moved out of the row.</summary>
    private async Task<List<string>> HeldAsync(string word)
    {
        await using var database = NpgsqlDataSource.Create(service.ConnectionString);
        var (relations, held) = (new List<string>(), new List<string>());
        await using (var listing = database.CreateCommand("""
            select format('%s.%s', nspname, relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'v', 'm') and (nspname in ('retention', 'bi', 'public') or nspname like 'retention\_replay\_%') order by 1
            """))
        await using (var reader = await listing.ExecuteReaderAsync(Cancellation))
            while (await reader.ReadAsync(Cancellation)) relations.Add(reader.GetString(0));
        foreach (var relation in relations)
        {
            await using var command = database.CreateCommand($"select exists (select from {relation} t where t::text like $1 or t::text like $2)");
            command.Parameters.AddWithValue($"%{word}%");
            command.Parameters.AddWithValue($"%{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(word))}%");
            try
            {
                if ((bool)(await command.ExecuteScalarAsync(Cancellation))!) held.Add(relation);
            }
            catch (PostgresException gone) when (gone.SqlState == PostgresErrorCodes.UndefinedTable)
            {
                // A replay of another test has been removed meanwhile.
            }
        }
        return held;
    }
}
