using System.Globalization;
using Npgsql;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Knowledge;

public sealed class SettlingTests(ServiceFixture service)
{
    [Fact]
    public async Task Recent_periods_say_how_complete_they_are_by_how_late_events_have_come()
    {
        var (tenant, now) = (service.NewTenant("settling"), TimeProvider.System.GetUtcNow());
        await tenant.AcceptAsync(Late("a", 0.1), Late("b", 0.2), Late("c", 1.2), Late("d", 3.5));
        (await tenant.AskAsync("/v1/metrics/settling")).Root.GetProperty("curve").EnumerateArray().ShouldBeEmpty("it occurred before the tenant was made");

        // The tenant is a month old; its events came now.
        await using (var source = NpgsqlDataSource.Create(service.ConnectionString))
        await using (var command = source.CreateCommand("update retention.tenants set created_at = created_at - interval '30 days' where tenant_id = $1"))
        {
            command.Parameters.AddWithValue(tenant.Name);
            (await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        }
        var settling = await tenant.AskAsync("/v1/metrics/settling?grain=day");
        settling.List("curve").Select(step => (step.GetProperty("days").GetInt32(), step.GetProperty("events").GetInt64())).ShouldBe([(0, 2), (1, 1), (2, 0), (3, 1)]);
        settling.List("curve")[^1].GetProperty("share").GetDouble().ShouldBe(1);
        settling.Rows.Count.ShouldBe(6);
        var (old, today) = (settling.Rows[0], settling.Rows[^1]);
        (old.GetProperty("elapsed").GetDouble(), old.GetProperty("arrived").GetDouble(), old.GetProperty("completeness").GetDouble()).ShouldBe((1, 1, 1));
        (today.GetProperty("status").GetString(), today.GetProperty("elapsed").GetDouble()).ShouldBe(("in_progress", 0));
        settling.Rows[^2].GetProperty("arrived").GetDouble().ShouldBeLessThan(1);
        (await tenant.AskAsync("/v1/metrics/settling?format=csv")).Text.ShouldStartWith("period,from,to,status,elapsed,arrived,completeness");
        (await tenant.GetAsync("/v1/metrics/settling?filter=country:FI")).ShouldBeProblem(400, "unknown_parameter", "filter");

        foreach (var metric in new[] { "revenue", "retention", "lifecycle", "nps", "complaints", "clv", "service-recovery" })
        {
            var rows = (await tenant.AskAsync($"/v1/metrics/{metric}?grain=day&from={old.GetProperty("from").GetString()}&to={today.GetProperty("to").GetString()}&completeness=true")).Rows;
            rows.Where(row => !row.TryGetProperty("outcome", out var outcome) || outcome.GetString() == "none").Select(Completeness).ShouldBe(settling.Rows.Select(Completeness), metric);
            (await tenant.AskAsync($"/v1/metrics/{metric}?grain=day")).Text.ShouldNotContain("completeness");
        }
        var cohorts = await tenant.AskAsync($"/v1/cohorts?grain=day&periods=2&completeness=true&from={old.GetProperty("from").GetString()}");
        var first = cohorts.List("cohorts")[0];
        first.GetProperty("cells")[0].GetProperty("completeness").GetDouble().ShouldBe(Completeness(settling.Rows.Single(row => row.GetProperty("period").GetString() == first.GetProperty("cohort").GetString()))!.Value);
        var csv = await tenant.AskAsync("/v1/metrics/revenue?grain=day&completeness=true&format=csv");
        csv.Text.Split('\n')[0].TrimEnd('\r').ShouldEndWith(",completeness");
        (await tenant.AskAsync("/v1/metrics/revenue?grain=day&completeness=true&format=ndjson")).Text.ShouldContain("\"completeness\":");
        (await tenant.AskAsync("/v1/metrics/revenue?grain=hour&completeness=true")).Rows.ShouldAllBe(row => row.GetProperty("completeness").ValueKind == System.Text.Json.JsonValueKind.Null);

        static double? Completeness(System.Text.Json.JsonElement row) => row.GetProperty("completeness") is { ValueKind: System.Text.Json.JsonValueKind.Number } share ? share.GetDouble() : null;

        System.Text.Json.Nodes.JsonObject Late(string customer, double days) =>
            Order(customer, now.AddDays(-days).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }
}
