using System.Text;
using System.Text.Json.Nodes;
using Npgsql;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Customers;

/// <summary>Free text is stored sealed with the customer's own key: the tables show nothing of it, the timeline shows it.</summary>
public sealed class FreeTextTests(ServiceFixture service)
{
    private const string Canary = "Kanarienvogel-4711";

    [Fact]
    public async Task No_table_holds_free_text_in_the_clear_and_the_timeline_shows_it()
    {
        var shop = service.NewTenant("canary");
        await shop.AcceptAsync(
            Order("canary-control", "2025-01-01"), Complaint("c", "2025-01-02", "1", $"My {Canary} escaped."),
            Score("c", "2025-01-03", "nps", 2, $"{Canary}!"), Score("c", "2025-01-04", "csat", 2, Canary));
        await shop.SendAsync(Complaint("c", "2025-01-02", "1", $"My {Canary} escaped again."));
        var entries = (await shop.AskAsync("/v1/customers/c/timeline")).List("timeline");
        var timeline = entries.Select(entry => entry.GetProperty("data")).ToList();

        timeline[0].GetProperty("text").GetString().ShouldBe($"My {Canary} escaped.");
        timeline[1].GetProperty("comment").GetString().ShouldBe($"{Canary}!");
        timeline[2].GetProperty("comment").GetString().ShouldBe(Canary);
        foreach (var form in Forms(Canary)) (await TablesHoldingAsync(shop.Name, form)).ShouldBeEmpty();
        // The same search finds what is not sealed.
        (await TablesHoldingAsync(shop.Name, Encoding.UTF8.GetBytes("canary-control"))).ShouldContain("mt_events");
    }

    [Theory]
    [InlineData("feedback_revised", "comment", """{"feedbackId":"a","score":1}""")]
    [InlineData("feedback_withdrawn", "comment", """{"feedbackId":"a"}""")]
    [InlineData("lapse_reason_given", "comment", """{"reason":"price"}""")]
    [InlineData("complaint_message", "text", """{"complaintId":"k"}""")]
    [InlineData("complaint_replied", "text", """{"complaintId":"k"}""")]
    [InlineData("customer_departed", "comment", """{"reason":"moved"}""")]
    public async Task Words_are_sealed_in_whichever_event_of_the_customers_voice_they_stand(string type, string member, string data)
    {
        var words = $"Wellensittich-{type}";
        var shop = service.NewTenant("words");
        var sent = JsonNode.Parse(data)!.AsObject();
        sent[member] = words;
        await shop.AcceptAsync(Event(type, "c", "2025-01-01", sent));

        var entry = (await shop.AskAsync("/v1/customers/c/timeline")).List("timeline").ShouldHaveSingleItem();
        entry.GetProperty("data").GetProperty(member).GetString().ShouldBe(words);
        foreach (var form in Forms(words)) (await TablesHoldingAsync(shop.Name, form)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_the_customers_key_the_text_is_gone_and_all_else_remains()
    {
        const string Words = "words of one customer";
        var shop = service.NewTenant("key");
        await shop.AcceptAsync(Complaint("c", "2025-01-02", "1", Words), Complaint("d", "2025-01-02", "2", Words));
        (await shop.AskAsync("/v1/customers/c")).Text.ShouldContain(Words);

        await using var database = NpgsqlDataSource.Create(service.ConnectionString);
        await using var destroy = database.CreateCommand("delete from retention.customer_keys where tenant_id = $1 and customer_id = 'c'");
        destroy.Parameters.AddWithValue(shop.Name);
        (await destroy.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);

        var timeline = await shop.AskAsync("/v1/customers/c/timeline");
        timeline.Text.ShouldNotContain(Words);
        timeline.List("timeline").ShouldHaveSingleItem().GetProperty("data").GetProperty("complaintId").GetString().ShouldBe("1");
        (await shop.AskAsync("/v1/customers/d/timeline")).Text.ShouldContain(Words);
    }

    /// <summary>As it is, in base64 at each of the three alignments, and in hex.</summary>
    private static IEnumerable<byte[]> Forms(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        yield return bytes;
        for (var skipped = 0; skipped < 3; skipped++) yield return Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes[skipped..])[..16]);
        yield return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes));
    }

    /// <summary>Searches every column of every table, byte by byte: the tenant's rows, and all of a table that has no tenants.</summary>
    private async Task<List<string>> TablesHoldingAsync(string tenant, byte[] needle)
    {
        await using var database = NpgsqlDataSource.Create(service.ConnectionString);
        var columns = await Columns.OfAsync(database);
        columns.ShouldContain(column => column.Type == "jsonb");
        columns.ShouldContain(column => column.Type == "bytea");
        var ofTenants = columns.Where(column => column.Name == "tenant_id").Select(column => column.Table).ToHashSet();
        var holding = new List<string>();
        foreach (var (table, column, type) in columns)
        {
            var bytes = type == "bytea" ? column : $"convert_to({column}::text, 'UTF8')";
            var own = ofTenants.Contains(table) ? "tenant_id = $2 and " : "$2::text is not null and ";
            var sql = $"select exists (select from retention.{table} where {own}position($1::bytea in {bytes}) > 0)";
            await using var command = database.CreateCommand(sql);
            command.Parameters.AddWithValue(needle);
            command.Parameters.AddWithValue(tenant);
            if ((bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!) holding.Add(table);
        }
        return holding;
    }
}
