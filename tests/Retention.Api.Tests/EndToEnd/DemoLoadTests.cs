using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;
using Retention.Api.Clv;
using Retention.Api.Demo;
using Retention.Api.Ingest;
using Retention.Api.Ingest.Imports;
using Retention.Projections.Running;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>The demo tenant of a service whose start is cut short.</summary>
public sealed class DemoLoadTests(ServiceFixture service)
{
    private const int Customers = 2_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_load_that_was_cut_short_goes_on_the_next_day_with_the_same_events_and_is_made_once()
    {
        var clock = new TestClock(new(2026, 3, 1, 23, 50, 0, TimeSpan.Zero));
        await using var api = await service.StartAsync("demo", clock);
        var demo = Demo(api.Services, clock);
        using (var cut = CancellationTokenSource.CreateLinkedTokenSource(Ct))
        {
            await Should.ThrowAsync<OperationCanceledException>(demo.LoadAsync(
                import =>
                {
                    if (import.Progress.EventsStored >= 5_000) cut.Cancel();
                },
                cut.Token));
        }
        (await demo.IsMissingAsync(Ct)).ShouldBeTrue();
        (await IdsAsync()).Count.ShouldBe(5_000);

        clock.Now += TimeSpan.FromMinutes(20);
        await demo.LoadAsync(_ => { }, Ct);

        (await demo.IsMissingAsync(Ct)).ShouldBeFalse();
        var once = DemoShop.Events(new DemoOptions(new DateOnly(2026, 2, 28), DateTimeZone.Utc) { Customers = Customers });
        (await IdsAsync()).ShouldBe(once.Select(made => made.Id));
        var revenue = await api.Tenant(DemoTenant.Name).AskAsync("/v1/metrics/revenue?grain=year");
        revenue.Rows.Sum(row => row.Count("orders")).ShouldBeGreaterThan(2_000);
        (await api.Tenant(DemoTenant.Name).AskAsync("/v1/models/clv")).Root.GetProperty("model").GetString().ShouldBe("mbg-nbd");
    }

    // A small shop, of which the first batch is a third.
    private static DemoTenant Demo(IServiceProvider of, TimeProvider clock) => new(
        of.GetRequiredService<Ingestion>(), of.GetRequiredService<ImportTable>(), of.GetRequiredService<Progress>(), of.GetRequiredService<ClvFitting>(), clock)
    {
        Customers = Customers,
    };

    // In the log's order.
    private async Task<List<string>> IdsAsync()
    {
        await using var database = NpgsqlDataSource.Create(service.ConnectionString);
        await using var command = database.CreateCommand(
            "select headers ->> 'id' from demo.mt_events where tenant_id = 'demo' and stream_id like 'customer-%' order by seq_id");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var ids = new List<string>();
        while (await reader.ReadAsync(Ct)) ids.Add(reader.GetString(0));
        return ids;
    }
}
