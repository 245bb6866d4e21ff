using Microsoft.Extensions.DependencyInjection;
using Retention.Api.Ingest;
using Retention.Api.Ingest.Imports;
using Retention.Api.Tests.Ingest.Webhooks;

namespace Retention.Api.Tests.Ingest;

/// <summary>A whole import is taken back, and can be sent again.</summary>
public sealed class ImportRetractionTests(ServiceFixture service)
{
    private const string File = """
        Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem price,Id
        #1,a@example.com,paid,EUR,10.00,2026-01-15 10:00:00 +0000,1,10.00,1
        #2,b@example.com,paid,EUR,20.00,2026-01-16 10:00:00 +0000,1,20.00,2
        """;

    [Fact]
    public async Task Figures_are_as_if_it_had_never_been_and_the_file_can_be_imported_anew()
    {
        var tenant = service.NewTenant("import");
        await tenant.AcceptAsync(Given.Order("c-1", "2026-01-03T10:00:00Z"));
        var before = await RevenueAsync(tenant);
        var import = await ImportAsync(tenant);
        (await RevenueAsync(tenant)).ShouldBe(before + 30);

        var retracted = await tenant.DeleteAsync($"/v1/imports/{import}");
        (retracted.Status, retracted.Number("retracted"), retracted.Root.GetProperty("status").GetString()).ShouldBe((200, 2, "retracted"), retracted.Text);
        (await RevenueAsync(tenant)).ShouldBe(before);
        (await tenant.GetAsync($"/v1/imports/{import}")).Root.GetProperty("status").GetString().ShouldBe("retracted");
        (await tenant.DeleteAsync($"/v1/imports/{import}")).Status.ShouldBe(200);
        (await RevenueAsync(tenant)).ShouldBe(before);

        await ImportAsync(tenant);
        (await RevenueAsync(tenant)).ShouldBe(before + 30);
    }

    [Fact]
    public async Task What_an_earlier_import_had_stored_stays()
    {
        var tenant = service.NewTenant("import");
        await ImportAsync(tenant);
        var again = await ImportAsync(tenant);
        (await tenant.DeleteAsync($"/v1/imports/{again}")).Number("retracted").ShouldBe(0);
        (await RevenueAsync(tenant)).ShouldBe(30);
    }

    [Fact]
    public async Task What_a_webhook_of_the_same_source_stored_meanwhile_stays()
    {
        var tenant = service.NewTenant("import");
        await tenant.SetSecretAsync();
        var first = await ImportAsync(tenant);
        var told = await service.Api.ShopifyAsync(tenant, "orders/create", ShopifyPosts.Order.Replace("2024-01-15", "2026-01-15", StringComparison.Ordinal));
        var second = await ImportAsync(tenant, File + "\n#3,c@example.com,paid,EUR,40.00,2026-01-17 10:00:00 +0000,1,40.00,3");
        (await RevenueAsync(tenant)).ShouldBe(30 + 50 + 40);

        // As if it had come while the first import ran.
        var imports = service.Api.Services.GetRequiredService<ImportTable>();
        var stretched = (await imports.FindAsync(tenant.Name, Guid.Parse(first), TestContext.Current.CancellationToken))!;
        stretched.Report!.Store([], new IngestOutcome(0, 0, [], told.Number("position"), 0));
        await using (var entry = await imports.EnterAsync(tenant.Name, stretched)) await entry.WriteAsync(stretched);

        (await tenant.DeleteAsync($"/v1/imports/{first}")).Number("retracted").ShouldBe(2);
        (await RevenueAsync(tenant)).ShouldBe(50 + 40);
        (await tenant.DeleteAsync($"/v1/imports/{second}")).Number("retracted").ShouldBe(1);
        (await tenant.GetAsync("/v1/imports")).List("imports").Select(import => import.GetProperty("id").GetString()).ShouldBe([second, first]);
    }

    [Fact]
    public async Task An_unknown_import_is_not_found() =>
        (await service.NewTenant().DeleteAsync($"/v1/imports/{Guid.NewGuid()}")).ShouldBeProblem(404, "unknown_import");

    private static async Task<string> ImportAsync(TestTenant tenant, string file = File)
    {
        var answer = await tenant.PostAsync("/v1/imports?mapping=shopify", file, "text/csv");
        (answer.Status, answer.Root.GetProperty("status").GetString()).ShouldBe((200, "done"), answer.Text);
        var position = answer.Root.GetProperty("report").GetProperty("position").GetInt64();
        (await tenant.GetAsync($"/v1/metrics/revenue?minPosition={position}")).Status.ShouldBe(200);
        return answer.Root.GetProperty("id").GetString()!;
    }

    private static async Task<decimal> RevenueAsync(TestTenant tenant) =>
        (await tenant.AskAsync("/v1/metrics/revenue?from=2026-01-01&to=2026-02-01&grain=month")).Rows[0].GetProperty("revenue").GetDecimal();
}
