using Npgsql;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Tenancy;

public sealed class TenantTests(ServiceFixture service)
{
    [Fact]
    public async Task Tenants_are_made_by_name_or_by_speaking_for_them_and_listed()
    {
        var (made, spoken) = (service.NewTenant("made").Name, service.NewTenant("spoken"));

        (await spoken.PostAsync("/v1/tenants", $$"""{"name":"{{made}}"}""")).Status.ShouldBe(201);
        (await spoken.PostAsync("/v1/tenants", $$"""{"name":"{{made}}"}""")).Status.ShouldBe(200);
        await spoken.AcceptAsync(Order("c", "2025-01-01"));

        var tenants = (await spoken.GetAsync("/v1/tenants")).List("tenants");
        var names = tenants.Select(tenant => tenant.GetProperty("name").GetString()).ToList();
        names.ShouldContain(made);
        names.ShouldContain(spoken.Name);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"name":7}""")]
    [InlineData("""{"name":""}""")]
    [InlineData("""{"name":"Acme"}""")]
    [InlineData("""{"name":"acme\n"}""")]
    [InlineData("""{"name":"a123456789b123456789c123456789d123456789e123456789f123456789g123"}""")]
    public async Task Another_name_is_refused_and_the_allowed_letters_are_said(string body) =>
        (await service.NewTenant().PostAsync("/v1/tenants", body)).ShouldBeProblem(422, "invalid_tenant", "name", "1 to 63", "a–z");

    [Fact]
    public async Task Two_tenants_with_equal_ids_do_not_see_each_other()
    {
        var (one, two) = (service.NewTenant("one"), service.NewTenant("two"));
        await one.AcceptAsync(
            Order("c", "2025-01-01", 10.00m), Score("c", "2025-01-02", "nps", 10), Complaint("c", "2025-01-03", "1", "one's words"));
        await two.AcceptAsync(
            Order("c", "2025-01-01", 7).With("data.currency", "\"JPY\""), Score("c", "2025-01-02", "nps", 0),
            Complaint("c", "2025-01-03", "1", "two's words"));

        (await FiguresAsync(one)).ShouldBe("10.00 10.00 100 one's words");
        (await FiguresAsync(two)).ShouldBe("7 7 -100 two's words");
        (await service.NewTenant("three").GetAsync("/v1/customers/c")).ShouldBeProblem(404, "unknown_customer");

        static async Task<string> FiguresAsync(TestTenant tenant)
        {
            var revenue = (await tenant.AskAsync("/v1/metrics/revenue?from=2025-01-01&to=2025-02-01")).Rows.ShouldHaveSingleItem();
            var nps = (await tenant.AskAsync("/v1/metrics/nps?from=2025-01-01&to=2025-02-01")).Rows.ShouldHaveSingleItem();
            var customer = (await tenant.AskAsync("/v1/customers/c")).Root;
            var text = customer.GetProperty("timeline").EnumerateArray().Last().GetProperty("data").GetProperty("text");
            return $"{revenue.GetProperty("revenue").GetRawText()} {customer.GetProperty("revenue").GetRawText()} {nps.GetProperty("score")} {text}";
        }
    }

    [Fact]
    public async Task Deleting_a_tenant_leaves_no_row_of_it_and_all_of_the_others()
    {
        var (gone, kept) = (service.NewTenant("gone"), service.NewTenant("kept"));
        foreach (var tenant in new[] { gone, kept })
        {
            const string File = "customer,date,units,amount\nx,1997-01-01,1,11.77\n";
            (await tenant.PostAsync("/v1/imports?mapping=cdnow", File, "text/csv")).Status.ShouldBe(200);
            await tenant.AcceptAsync(
                Order("c", "2025-01-01").With("data.currency", "\"USD\""), Score("c", "2025-01-02", "nps", 9, "words"),
                Complaint("c", "2025-01-03", "1", "words"));
            await tenant.AskAsync("/v1/metrics/revenue");
        }
        var tables = await TablesHoldingAsync(gone.Name);
        tables.ShouldBeSubsetOf(await TablesHoldingAsync(kept.Name));
        tables.Count.ShouldBeGreaterThan(10);

        (await kept.DeleteAsync($"/v1/tenants/{gone.Name}")).Status.ShouldBe(204);

        (await TablesHoldingAsync(gone.Name)).ShouldBeEmpty();
        tables.ShouldBeSubsetOf(await TablesHoldingAsync(kept.Name));
        (await kept.DeleteAsync($"/v1/tenants/{gone.Name}")).ShouldBeProblem(404, "unknown_tenant", null, gone.Name);
        (await gone.GetAsync("/v1/customers/c")).ShouldBeProblem(404, "unknown_customer");
        (await kept.AskAsync("/v1/customers/c")).List("timeline").Count.ShouldBe(3);
        await gone.AcceptAsync(Order("c", "2025-01-01", 1).With("data.currency", "\"JPY\""));
        (await gone.AskAsync("/v1/customers/c")).List("timeline").ShouldHaveSingleItem();
    }

    /// <summary>The tables that hold rows of a tenant, of all that name one.</summary>
    private async Task<List<string>> TablesHoldingAsync(string tenant)
    {
        await using var database = NpgsqlDataSource.Create(service.ConnectionString);
        var holding = new List<string>();
        foreach (var (table, _, _) in (await Columns.OfAsync(database)).Where(column => column.Name == "tenant_id"))
        {
            await using var command = database.CreateCommand($"select exists (select from retention.{table} where tenant_id = $1)");
            command.Parameters.AddWithValue(tenant);
            if ((bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!) holding.Add(table);
        }
        return holding;
    }
}
