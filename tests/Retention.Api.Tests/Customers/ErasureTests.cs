using System.Text.Json.Nodes;
using Npgsql;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Customers;

public sealed class ErasureTests(ServiceFixture service)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Figures_are_as_if_the_customer_had_never_been()
    {
        var (shop, other) = (service.NewTenant("with"), service.NewTenant("without"));
        await shop.AcceptAsync([.. Events("gone", "x"), .. Events("stays", "y"), Order("alias", "2025-02-03"), Merged("alias", "gone")]);
        await other.AcceptAsync(Events("stays", "y"));
        await shop.AskAsync("/v1/customers");

        (await shop.DeleteAsync("/v1/customers/alias")).Number("ids").ShouldBe(2);

        foreach (var path in (string[])["/v1/metrics/retention", "/v1/metrics/revenue", "/v1/metrics/nps", "/v1/cohorts", "/v1/metrics/complaints", "/v1/metrics/retention?tz=Asia/Tokyo"])
        {
            var asked = $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}from=2025-01-01&to=2025-04-01&grain=month&asOf=2025-06-01&format=csv";
            (await shop.AskAsync(asked)).Text.ShouldBe((await other.AskAsync(asked)).Text, path);
        }
    }

    [Fact]
    public async Task A_repeat_brings_nothing_back()
    {
        var shop = service.NewTenant("again");
        await shop.AcceptAsync(Events("gone", "x"));
        await shop.AskAsync("/v1/customers/gone");
        await shop.DeleteAsync("/v1/customers/gone");

        var answer = await shop.SendAsync([.. Events("gone", "x"), Order("new", "2025-01-05")]);

        (answer.Number("accepted"), answer.List("rejected").Count).ShouldBe((1, 4), answer.Text);
        answer.ShouldRefuse(0, "customer_erased", "customer");
        (await shop.PostAsync("/v1/events?atomic=true", TestTenant.Json([Order("gone", "2025-01-06"), Order("new", "2025-01-06")]))).Status.ShouldBe(422);
        (await shop.GetAsync("/v1/customers/gone")).Status.ShouldBe(404);
        (await TablesHoldingKeysAsync(shop.Name)).ShouldBe(0);
    }

    private static JsonObject[] Events(string customer, string canary) =>
    [
        Order(customer, "2025-01-01"), Complaint(customer, "2025-01-02", "1", canary), Score(customer, "2025-01-03", "nps", 2, canary),
        Event("customer_changed", customer, "2025-01-04", new JsonObject { ["attributes"] = new JsonObject { ["nickname"] = canary } }),
    ];

    private static JsonObject Merged(string customer, string into) => Event("customer_merged", customer, "2025-02-04", new JsonObject { ["into"] = into });

    /// <summary>Keys that could open something.</summary>
    private async Task<long> TablesHoldingKeysAsync(string tenant)
    {
        await using var database = NpgsqlDataSource.Create(service.ConnectionString);
        await using var command = database.CreateCommand("select count(*) from retention.customer_keys where tenant_id = $1 and customer_id = 'gone' and length(key) > 0");
        command.Parameters.AddWithValue(tenant);
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}
