using System.Text.Json;
using Retention.Projections.EventLog;
using Log = Retention.Projections.EventLog.EventLog;

namespace Retention.Projections.Tests;

public sealed class ScanTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);

    private Place Place => fresh.Place;

    private Log Log => new(fresh.Place);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Ranges => ["whole", "middle", "limited", "tenant", "others", "odd", "nobody", "empty", "backwards"];

    public async ValueTask InitializeAsync()
    {
        await fresh.InitializeAsync();
        foreach (var tenant in (string[])["a", "b", "it's {odd}, \"100%\" \\ $1"])
        {
            await Log.AppendAsync(tenant, [.. Enumerable.Range(0, 40).Select(number => Given.Event(tenant, $"c{number % 7}", $"{number}"))], AppendMode.KeepValid, Stop);
            var foreign = new ForeignClient(Place, tenant);
            await foreign.AppendAsync("customer-c1", new ForeignEvent("purchase_made", """{"OrderId":"o","Total":1.10}"""));
            await foreign.AppendAsync("order-1", new ForeignEvent("order_packed", "[]", """{"source":"till"}"""));
            await foreign.LeaveTombstoneAsync();
            await Place.RunAsync("select nextval('{schema}.mt_events_sequence')");
        }
        await Place.RunAsync("update {schema}.mt_events set is_archived = true where seq_id % 10 = 3");
    }

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Theory]
    [MemberData(nameof(Ranges))]
    public async Task A_scan_equals_reading_page_by_page(string name)
    {
        var range = name switch
        {
            "whole" => new LogRange(0, long.MaxValue),
            "middle" => new LogRange(20, 90),
            "limited" => new LogRange(5, long.MaxValue, 13),
            "tenant" => new LogRange(0, long.MaxValue, Tenant: "b"),
            "others" => new LogRange(0, long.MaxValue, ExceptTenants: ["a", "it's {odd}, \"100%\" \\ $1"]),
            "odd" => new LogRange(0, long.MaxValue, Tenant: "it's {odd}, \"100%\" \\ $1"),
            "nobody" => new LogRange(0, long.MaxValue, ExceptTenants: []),
            "empty" => new LogRange(1_000, long.MaxValue),
            _ => new LogRange(90, 20),
        };
        var paged = await PagedAsync(range);

        (await ScanAsync(range)).ShouldBe(paged);
        paged.Count.ShouldBe(name switch { "empty" or "backwards" => 0, "limited" => 13, _ => paged.Count });
        if (name is not ("empty" or "backwards")) paged.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_scan_that_is_left_early_gives_its_connection_back()
    {
        await using var single = new Npgsql.NpgsqlDataSourceBuilder(Place.DataSource.ConnectionString) { ConnectionStringBuilder = { MaxPoolSize = 1 } }.Build();
        await new Log(Place).AppendAsync("big", [.. Enumerable.Range(0, 5_000).Select(number => Given.Event("big", "c", $"{number}"))], AppendMode.KeepValid, Stop);
        var log = new Log(new Place(single));

        for (var round = 0; round < 3; round++)
            await foreach (var stored in log.ScanAsync(new LogRange(0, long.MaxValue), Stop))
                if (stored.Position > 10) break;

        (await log.LastIssuedAsync(Stop)).ShouldBeGreaterThan(5_000);
    }

    [Fact]
    public async Task A_scan_sees_the_log_of_one_moment()
    {
        var seen = new List<long>();
        await foreach (var stored in Log.ScanAsync(new LogRange(0, long.MaxValue), Stop))
        {
            if (seen.Count == 0) await Log.AppendAsync("late", [Given.Event("late", "c", "1")], AppendMode.KeepValid, Stop);
            seen.Add(stored.Position);
        }

        seen.ShouldBe((await PagedAsync(new LogRange(0, long.MaxValue))).Select(line => long.Parse(line.Split(' ')[0])).SkipLast(1));
    }

    private async Task<List<string>> ScanAsync(LogRange range)
    {
        var lines = new List<string>();
        await foreach (var stored in Log.ScanAsync(range, Stop)) lines.Add(Text(stored));
        return lines;
    }

    private async Task<List<string>> PagedAsync(LogRange range)
    {
        var lines = new List<string>();
        var after = range.After;
        while (lines.Count < range.Limit)
        {
            var page = await Log.ReadAsync(range with { After = after, Limit = Math.Min(7, range.Limit - lines.Count) }, Stop);
            lines.AddRange(page.Events.Select(Text));
            if (page.Last >= range.UpTo) break;
            after = page.Last;
        }
        return lines;
    }

    private static string Text(StoredEvent stored) => $"{stored.Position} {JsonSerializer.Serialize(stored)}";
}
