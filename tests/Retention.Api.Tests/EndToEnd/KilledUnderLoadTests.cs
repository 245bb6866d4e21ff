using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using Retention.Api.Commands;
using Retention.Api.Tests.Commands;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>
/// Clients that keep a ledger of what was acknowledged, and send again what was not, while the service and its database are killed at
/// random moments.
/// </summary>
public sealed class KilledUnderLoadTests : IDisposable
{
    private const string Tenant = "ledger";
    private const int Clients = 4;
    private const int Customers = 20;

    private readonly TrialFolder folder = new();
    private readonly ConcurrentDictionary<string, bool> ledger = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Answer> refusals = [];
    private readonly Random random = new(7);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Nothing_acknowledged_is_lost_and_nothing_is_doubled()
    {
        using var first = folder.Up();
        await first.UntilAsync("Retention is ready at", Ct);
        using var enough = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(number => Task.Run(() => SendAsync(number, enough.Token), Ct)).ToArray();

        await UntilMoreAsync(clients);
        folder.KillServers();
        await UntilMoreAsync(clients);
        first.Output.ShouldContain("PostgreSQL runs again.");

        using var second = await AgainAsync(first);
        await UntilMoreAsync(clients);
        folder.KillServers();
        using var third = await AgainAsync(second);
        await UntilMoreAsync(clients);
        await enough.CancelAsync();
        await Task.WhenAll(clients);

        refusals.ShouldNotBeEmpty();
        foreach (var refusal in refusals)
        {
            refusal.ShouldBeProblem(503, "database_unavailable");
            refusal.RetryAfter.ShouldBe("1");
        }
        await ShouldHoldTheLedgerAsync();
        await ShouldAnswerAsARebuildAsync();
        await third.SignalAsync("TERM", Ct);
        (await third.EndAsync(Ct)).ShouldBe(0);
        folder.Servers().ShouldBeEmpty();
    }

    /// <summary>Kills the service and starts it again on what it leaves.</summary>
    private async Task<RetentionProcess> AgainAsync(RetentionProcess service)
    {
        await service.SignalAsync("KILL", Ct);
        await service.EndAsync(Ct);
        var again = folder.Up();
        await again.UntilAsync("Retention is ready at", Ct);
        return again;
    }

    /// <summary>Waits until some hundred more events are acknowledged: a moment that no part of the service knows.</summary>
    private async Task UntilMoreAsync(Task[] clients)
    {
        var wanted = ledger.Count + random.Next(200, 600);
        while (ledger.Count < wanted)
        {
            if (Array.Find(clients, client => client.IsFaulted) is { } faulted) await faulted;
            await Task.Delay(5, Ct);
        }
    }

    /// <summary>Sends batches of one to forty events, in both forms, each until it is acknowledged.</summary>
    private async Task SendAsync(int client, CancellationToken enough)
    {
        using var http = RunningInstance.OpenHttp();
        http.BaseAddress = new Uri(folder.Url);
        var tenant = new TestTenant(http, Tenant);
        var own = new Random(client);
        for (var sent = 0; !enough.IsCancellationRequested;)
        {
            var batch = Enumerable.Range(sent, own.Next(3) == 0 ? 1 : own.Next(2, 40)).Select(number => Purchase(client, number, own)).ToList();
            sent += batch.Count;
            while (!await IsAcknowledgedAsync(tenant, batch, lines: own.Next(2) == 0)) await Task.Delay(20, Ct);
            foreach (var purchase in batch) ledger.TryAdd((string)purchase["id"]!, true).ShouldBeTrue();
        }
    }

    private async Task<bool> IsAcknowledgedAsync(TestTenant tenant, List<JsonObject> batch, bool lines)
    {
        try
        {
            var answer = lines
                ? await tenant.PostAsync("/v1/events", string.Join('\n', batch.Select(purchase => purchase.ToJsonString())), "application/x-ndjson")
                : await tenant.SendAsync(batch);
            if (answer.Status == 200)
            {
                (answer.Number("accepted") + answer.Number("duplicates")).ShouldBe(batch.Count, answer.Text);
                return true;
            }
            refusals.Enqueue(answer);
            return false;
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException)
        {
            return false;
        }
    }

    private static JsonObject Purchase(int client, int number, Random random)
    {
        var at = new DateTimeOffset(2025, 1, 1, 12, 0, 0, TimeSpan.Zero).AddDays(random.Next(300)).AddSeconds(number);
        var data = new JsonObject { ["orderId"] = $"o-{client}-{number}", ["currency"] = "EUR", ["total"] = random.Next(100, 9_000) / 100m };
        return Event("purchase_made", $"c-{random.Next(Customers)}", at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), data, $"{client}-{number}");
    }

    private async Task ShouldHoldTheLedgerAsync()
    {
        const string sql = """
            select coalesce(array_agg(headers ->> 'id') filter (where stream_id <> 'settings'), '{}'),
                (select count(*) from (
                    select from retention.mt_streams s left join retention.mt_events e on e.tenant_id = s.tenant_id and e.stream_id = s.id
                    where s.tenant_id = $1 group by s.id, s.version
                    having count(e.version) <> s.version or min(e.version) is distinct from 1 or max(e.version) <> s.version) broken)
            from retention.mt_events where tenant_id = $1
            """;
        await using var database = NpgsqlDataSource.Create($"Host={folder.Data}/postgres/run;Username=retention;Database=retention;Pooling=false");
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(Tenant);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        await reader.ReadAsync(Ct);
        var stored = reader.GetFieldValue<string[]>(0);
        ledger.Keys.Except(stored).ShouldBeEmpty("acknowledged and lost");
        stored.GroupBy(id => id).Where(same => same.Count() > 1).ShouldBeEmpty("doubled");
        stored.Except(ledger.Keys).ShouldBeEmpty("every event was sent until it was acknowledged");
        reader.GetInt64(1).ShouldBe(0, "streams with versions that are not 1, 2, …");
    }

    /// <summary>What was projected meanwhile is what the exported log gives to a tenant without a past.</summary>
    private async Task ShouldAnswerAsARebuildAsync()
    {
        using var http = RunningInstance.OpenHttp();
        http.BaseAddress = new Uri(folder.Url);
        var (lived, rebuilt) = (new TestTenant(http, Tenant), new TestTenant(http, "rebuilt"));
        var log = await lived.GetAsync("/v1/events");
        (await rebuilt.PostAsync("/v1/events", log.Text, "application/x-ndjson")).Number("accepted").ShouldBe(ledger.Count);
        foreach (var question in (string[])["cohorts?grain=month", "cohorts?grain=week&measure=revenue", "metrics/revenue?grain=day", "metrics/retention?grain=week"])
        {
            var path = $"/v1/{question}&asOf=2026-01-01&format=csv&minPosition={rebuilt.Position}";
            var (before, after) = (await lived.GetAsync(path), await rebuilt.GetAsync(path));
            (before.Status, after.Status).ShouldBe((200, 200), before.Text);
            before.Text.ShouldBe(after.Text, path);
        }
    }
}
