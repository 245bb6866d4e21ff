using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;

namespace Retention.Chaos;

/// <summary>
/// An event that cannot be read, in one of three tenants under load: that one stops, by name, and the others go on; skipped, it catches up.
/// Without protection a second tenant stops as well.
/// </summary>
public static class PoisonTrial
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task<Verdict> RunAsync(Store store, TrialOptions options, CancellationToken ct)
    {
        var connection = await store.NewDatabaseAsync(ct);
        await using var node = new Node(connection);
        await node.StartAsync(ct);
        await using var database = NpgsqlDataSource.Create(connection);
        var (verdict, reckoning, loads) = (new Verdict(), new Reckoning(database), new List<Load>());
        try
        {
            foreach (var tenant in (string[])["first", "poisoned", "third"]) loads.Add(new Load([node], tenant, options.Seed) { Rate = 200 }.Start(2));
            foreach (var load in loads) await load.MoreAsync(100, ct);
            await PoisonAsync(database, "poisoned", ct);
            if (options.Control) await PoisonAsync(database, "third", ct);
            await Task.Delay(options.Duration, ct);
            foreach (var load in loads) await load.MoreAsync(100, ct);
            foreach (var load in loads) await load.StopAsync();

            verdict.Zero("unnamed pauses", await IsNamedAsync(node, "poisoned", ct) ? 0 : 1);
            foreach (var load in loads)
            {
                var behind = await BehindAsync(reckoning, load, ct);
                if (load.Tenant == "poisoned") verdict.AtLeast("orders that the poisoned tenant is behind", behind, 1);
                else verdict.Zero($"orders that tenant {load.Tenant} is behind", behind);
            }
            if (options.Control) return verdict;
            await SkipAsync(node, "poisoned", ct);
            verdict.Zero("orders that it is behind once the event is skipped", await BehindAsync(reckoning, loads[1], ct));
            foreach (var load in loads) await reckoning.AddAsync(verdict, load, ct);
            return verdict;
        }
        finally
        {
            foreach (var load in loads) await load.DisposeAsync();
        }
    }

    private static async Task PoisonAsync(NpgsqlDataSource database, string tenant, CancellationToken ct)
    {
        const string sql = """
            with stream as (insert into retention.mt_streams (tenant_id, id, version) values ($1, 'customer-poison', 1))
            insert into retention.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type)
            values (nextval('retention.mt_events_sequence'), gen_random_uuid(), 'customer-poison', 1, '{"orderId": 7, "total": "poison"}', 'purchase_made', now(), $1, 'X, Y')
            """;
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(tenant);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Waits for what was acknowledged to be in the figures, for a while.</summary>
    private static async Task<long> BehindAsync(Reckoning reckoning, Load load, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var behind = load.Count - await reckoning.OrdersAsync(load.Tenant, ct);
            if (behind == 0 || TimeProvider.System.GetElapsedTime(started) > Patience) return behind;
            await Task.Delay(50, ct);
        }
    }

    private static async Task<bool> IsNamedAsync(Node node, string tenant, CancellationToken ct)
    {
        var status = await node.Client.GetFromJsonAsync<JsonElement>("/v1/status", ct);
        return status.GetProperty("paused").EnumerateArray().Any(paused => paused.GetProperty("tenant").GetString() == tenant && paused.GetProperty("event").GetString() is not null);
    }

    private static async Task SkipAsync(Node node, string tenant, CancellationToken ct)
    {
        var status = await node.Client.GetFromJsonAsync<JsonElement>("/v1/status", ct);
        var paused = status.GetProperty("paused").EnumerateArray().Single(row => row.GetProperty("tenant").GetString() == tenant);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/skips")
        {
            Content = JsonContent.Create(new { eventId = paused.GetProperty("event").GetString(), reason = "poison" }),
            Headers = { { "Retention-Tenant", tenant } },
        };
        using var response = await node.Client.SendAsync(request, ct);
        response.EnsureSuccessStatusCode();
    }
}
