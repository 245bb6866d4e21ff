using System.Text.Json.Nodes;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Knowledge;

/// <summary>A closed period keeps its figures, beside those that are known since.</summary>
public sealed class PeriodTests(ServiceFixture service)
{
    [Fact]
    public async Task A_closed_period_is_served_as_closed_and_as_restated_with_the_bridge_between_and_its_late_events()
    {
        var tenant = service.NewTenant("closed");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 100), Order("bob", "2025-01-31T23:30:00Z", 50), Order("cid", "2025-02-02", 30));
        var accepted = tenant.Position;
        var closed = await tenant.PostAsync("/v1/periods/2025-01/close", "");
        (closed.Status, closed.Number("knownAt")).ShouldBe((200, accepted), closed.Text);
        (closed.Root.GetProperty("grain").GetString(), closed.Root.GetProperty("from").GetString(), closed.Root.GetProperty("to").GetString())
            .ShouldBe(("month", "2025-01-01", "2025-02-01"));

        await tenant.AcceptAsync(
            Order("dan", "2025-01-09", 7), Refund("ann", "2025-01-05", "2025-03-10", 40), Order("eve", "2025-03-09", 9),
            Event("event_retracted", "bob", "2025-04-01", new JsonObject { ["eventId"] = "purchase_made-bob-2025-01-31T23:30:00Z" }));
        await tenant.PutAsync("/v1/settings", """{ "timeZone": "Europe/Tallinn" }""");

        var figures = await tenant.AskAsync("/v1/periods/2025-01?metric=revenue");
        figures.Root.GetProperty("asClosed").GetProperty("rows")[0].GetProperty("revenue").GetDecimal().ShouldBe(150);
        figures.Root.GetProperty("restated").GetProperty("rows")[0].GetProperty("revenue").GetDecimal().ShouldBe(67);
        var row = figures.Root.GetProperty("bridge").GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("figure").GetString() == "revenue");
        var steps = row.GetProperty("steps").EnumerateObject().Where(step => step.Value.GetDecimal() != 0).Select(step => $"{step.Name} {step.Value.GetDecimal():0}");
        string.Join(", ", steps).ShouldBe("late 7, refunds -40, retractions -50");

        var late = await tenant.AskAsync("/v1/periods/2025-01/late-events");
        late.Rows.Select(each => $"{each.GetProperty("customer")} {each.GetProperty("type")}").ShouldBe(["dan purchase_made", "bob event_retracted"]);
        (await tenant.AskAsync("/v1/periods/2025-01/late-events?limit=1")).Number("nextAfter").ShouldBe(late.Rows[0].GetProperty("position").GetInt64());
        (await tenant.AskAsync("/v1/periods/2025-01/late-events?format=csv")).Text.ShouldContain("purchase_made,dan,");
        (await tenant.GetAsync("/v1/periods")).List("periods").ShouldHaveSingleItem().GetProperty("period").GetString().ShouldBe("2025-01");
        (await tenant.GetAsync("/v1/periods/2025-01")).Root.GetProperty("knownAt").GetInt64().ShouldBe(closed.Number("knownAt"));
    }

    [Theory]
    [InlineData("2025", "year", "2025-01-01", "2026-01-01")]
    [InlineData("2025-Q3", "quarter", "2025-07-01", "2025-10-01")]
    [InlineData("2025-W01", "week", "2024-12-30", "2025-01-06")]
    [InlineData("2025-02-28", "day", "2025-02-28", "2025-03-01")]
    [InlineData("2025-02-28", "week", "2025-02-24", "2025-03-03")]
    [InlineData("2025-02-01", "month", "2025-02-01", "2025-03-01")]
    public async Task A_period_is_closed_by_its_name_or_its_start(string period, string grain, string from, string to)
    {
        var tenant = service.NewTenant("named");
        var closed = await tenant.PostAsync($"/v1/periods/{period}/close?grain={grain}", "");
        (closed.Status, closed.Root.GetProperty("grain").GetString(), closed.Root.GetProperty("from").GetString(), closed.Root.GetProperty("to").GetString()).ShouldBe((200, grain, from, to));
        (await tenant.GetAsync($"/v1/periods/{period}?metric=retention&grain={grain}")).Status.ShouldBe(200);
        (await tenant.GetAsync($"/v1/periods/{period}?metric=cohorts&grain={grain}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_period_is_closed_once_and_when_it_is_over()
    {
        var tenant = service.NewTenant("once");
        await tenant.AcceptAsync(Order("ann", "2025-01-05", 100));
        var both = await Task.WhenAll(tenant.PostAsync("/v1/periods/2025-01/close", ""), tenant.PostAsync("/v1/periods/2025-01/close", ""));
        both.Select(answer => answer.Status).Order().ShouldBe([200, 409]);
        both.Single(answer => answer.Status == 409).ShouldBeProblem(409, "period_closed", "period", $"position {both.Single(answer => answer.Status == 200).Number("knownAt")}");

        var year = TimeProvider.System.GetUtcNow().Year;
        (await tenant.PostAsync($"/v1/periods/{year}/close", "")).ShouldBeProblem(422, "period_unfinished", "period");
        (await tenant.PostAsync("/v1/periods/2025-13/close", "")).ShouldBeProblem(400, "not_a_period", "period", "2026-Q1");
        (await tenant.PostAsync("/v1/periods/2025-01-01/close", "")).ShouldBeProblem(409, "period_closed", "period");
        (await tenant.PostAsync("/v1/periods/2025-Q1/close?grain=month", "")).ShouldBeProblem(400, "not_a_period", "period");
        (await tenant.PostAsync("/v1/periods/2025-W53/close", "")).ShouldBeProblem(400, "not_a_period", "period");
        (await tenant.GetAsync("/v1/periods/2025-02?metric=revenue")).ShouldBeProblem(404, "not_closed");
        (await tenant.GetAsync("/v1/periods/2025-01?metric=revenue&asOf=2025-02-01")).ShouldBeProblem(400, "not_allowed", "asOf", "follows from the period");
        (await tenant.GetAsync("/v1/periods/2025-01?metric=nothing")).ShouldBeProblem(404, "unknown_metric");
    }
}
