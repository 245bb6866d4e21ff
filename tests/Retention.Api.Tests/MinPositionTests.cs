using Npgsql;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests;

/// <summary>Whoever has sent something can ask for an answer that reflects it.</summary>
public sealed class MinPositionTests(ServiceFixture service)
{
    [Theory]
    [InlineData("/v1/cohorts", "cohorts")]
    [InlineData("/v1/metrics/retention", "rows")]
    [InlineData("/v1/metrics/revenue", "rows")]
    [InlineData("/v1/metrics/clv", "rows")]
    [InlineData("/v1/metrics/nps", "rows")]
    [InlineData("/v1/metrics/csat", "rows")]
    [InlineData("/v1/metrics/ces", "rows")]
    [InlineData("/v1/metrics/complaints", "rows")]
    [InlineData("/v1/customers/c/timeline", "timeline")]
    public async Task Every_answer_reflects_what_was_sent_before_it(string endpoint, string rows)
    {
        for (var round = 0; round < 3; round++)
        {
            var shop = service.NewTenant("own");
            var sent = await shop.AcceptAsync(
                Order("c", "2025-01-01"), Complaint("c", "2025-01-03", "1"),
                Score("c", "2025-01-02", "nps", 9), Score("c", "2025-01-02", "csat", 5), Score("c", "2025-01-02", "ces", 7));

            var answer = await shop.GetAsync($"{endpoint}?minPosition={sent.Number("position")}");

            (answer.Status, answer.Number("position")).ShouldBe((200, sent.Number("position")), answer.Text);
            answer.List(rows).ShouldNotBeEmpty();
        }
    }

    [Fact]
    public async Task A_position_that_was_never_issued_is_refused_even_by_a_tenant_without_events() =>
        (await service.NewTenant("empty").GetAsync("/v1/metrics/nps?minPosition=900000000"))
            .ShouldBeProblem(400, "unknown_position", "minPosition", "answered");

    [Fact]
    public async Task A_projection_that_stands_still_is_503_behind_after_30_seconds_and_answers_again_when_it_moves()
    {
        var clock = new TestClock(TimeProvider.System.GetUtcNow());
        await using var api = await service.StartAsync("held", clock);
        var shop = api.Tenant("shop");
        await shop.AcceptAsync(Order("c", "2025-01-01"));
        await shop.AskAsync("/v1/metrics/revenue");

        await using var holder = NpgsqlDataSource.Create(service.ConnectionString);
        await using (var connection = await holder.OpenConnectionAsync(TestContext.Current.CancellationToken))
        await using (var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using var hold = new NpgsqlCommand("select from held.projection_progress for update", connection);
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await shop.AcceptAsync(Order("c", "2025-01-02"));

            var waiting = shop.GetAsync($"/v1/metrics/revenue?minPosition={shop.Position}");
            (await shop.GetAsync("/v1/customers/c")).List("timeline").ShouldHaveSingleItem();
            waiting.IsCompleted.ShouldBeFalse();
            while (!waiting.IsCompleted)
            {
                clock.Now += TimeSpan.FromSeconds(10);
                await Task.WhenAny(waiting, Task.Delay(50, TestContext.Current.CancellationToken));
            }

            var answer = await waiting;
            answer.ShouldBeProblem(503, "behind", null, "30 s");
            answer.RetryAfter.ShouldBe("5");
        }
        (await shop.AskAsync("/v1/customers/c")).List("timeline").Count.ShouldBe(2);
    }
}
