using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retention.Chaos;

/// <summary>
/// Clients that keep a ledger of what was acknowledged, and send again what was not, to any of the nodes. Purchases lie anywhere in 300 days,
/// so that most are late.
/// </summary>
/// <param name="careless">
/// Stands for a service that acknowledges before it commits: what was sent counts as acknowledged, and what got no answer is told anew.
/// </param>
public sealed class Load(IReadOnlyList<Node> nodes, string tenant, int seed, bool careless = false) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, bool> ledger = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> refusals = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource enough = new();
    private Task[] clients = [];
    private volatile bool abandoned;
    private long answers;

    public string Tenant => tenant;

    public IReadOnlyCollection<string> Acknowledged => [.. ledger.Keys];

    public int Count => ledger.Count;

    /// <summary>Answers 200 so far.</summary>
    public long Answers => Interlocked.Read(ref answers);

    /// <summary>What else was answered, as status and code, and how often; <c>none</c> for no answer.</summary>
    public IReadOnlyDictionary<string, int> Refusals => refusals;

    /// <summary>Sends only this many events a second, all clients together; null for as many as possible.</summary>
    public double? Rate { get; init; }

    public int MostInBatch { get; init; } = 40;

    public int Customers { get; init; } = 50;

    public Load Start(int count)
    {
        clients = [.. Enumerable.Range(0, count).Select(number => Task.Run(() => SendAsync(number, count)))];
        return this;
    }

    /// <summary>Waits for some more events to be acknowledged: a moment that no part of the service knows.</summary>
    public async Task MoreAsync(int events, CancellationToken ct)
    {
        for (var wanted = Count + events; Count < wanted;)
        {
            if (Array.Find(clients, client => client.IsFaulted) is { } faulted) await faulted;
            await Task.Delay(5, ct);
        }
    }

    /// <summary>Sends nothing new; returns when everything that was begun is acknowledged.</summary>
    public async Task StopAsync()
    {
        await enough.CancelAsync();
        await Task.WhenAll(clients);
    }

    public async ValueTask DisposeAsync()
    {
        abandoned = true;
        await enough.CancelAsync();
        await Task.WhenAll(clients).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        enough.Dispose();
    }

    private async Task SendAsync(int client, int count)
    {
        var random = new Random(seed + client);
        var started = TimeProvider.System.GetTimestamp();
        for (var sent = 0; !enough.IsCancellationRequested;)
        {
            var batch = Enumerable.Range(sent, random.Next(1, MostInBatch + 1)).Select(number => Purchase($"{seed}-{client}-{number}", number, random)).ToList();
            var first = batch;
            sent += batch.Count;
            for (var tries = 0; !await IsAcknowledgedAsync(nodes[random.Next(nodes.Count)], batch); tries++)
            {
                if (careless) batch = [.. first.Select(purchase => Renamed(purchase, $"{(string)purchase["id"]!}-{tries}"))];
                // A service that does not come back is given up on at the end of the trial.
                if (abandoned || (enough.IsCancellationRequested && tries > 1_500)) throw new TimeoutException("Nothing is acknowledged any more.");
                await Task.Delay(20);
            }
            foreach (var purchase in batch) ledger.TryAdd((string)purchase["id"]!, true);
            if (Rate is { } rate && TimeSpan.FromSeconds(sent * count / rate) - TimeProvider.System.GetElapsedTime(started) is { Ticks: > 0 } ahead) await Task.Delay(ahead);
        }
    }

    private async Task<bool> IsAcknowledgedAsync(Node node, List<JsonObject> batch)
    {
        if (careless) foreach (var purchase in batch) ledger.TryAdd((string)purchase["id"]!, true);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events")
            {
                Content = new StringContent($"[{string.Join(',', batch.Select(purchase => purchase.ToJsonString()))}]", Encoding.UTF8, "application/json"),
                Headers = { { "Retention-Tenant", tenant } },
            };
            using var response = await node.Client.SendAsync(request);
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
            if (response.StatusCode == HttpStatusCode.OK)
            {
                Interlocked.Increment(ref answers);
                if (answer.GetProperty("accepted").GetInt32() + answer.GetProperty("duplicates").GetInt32() == batch.Count) return true;
                throw new InvalidDataException($"Not all {batch.Count} events were accepted: {answer.ToString()[..Math.Min(500, answer.ToString().Length)]}");
            }
            var when = response.StatusCode == HttpStatusCode.ServiceUnavailable && response.Headers.RetryAfter is null ? ", not saying when to try again" : "";
            Refuse($"{(int)response.StatusCode} {answer.GetProperty("code").GetString()}{when}");
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or TaskCanceledException)
        {
            Refuse("none");
        }
        catch (Exception odd) when (odd is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            Refuse("not a problem document");
        }
        return false;
    }

    private void Refuse(string how) => refusals.AddOrUpdate(how, 1, (_, times) => times + 1);

    private JsonObject Purchase(string id, int number, Random random)
    {
        var at = new DateTimeOffset(2025, 1, 1, 12, 0, 0, TimeSpan.Zero).AddDays(random.Next(300)).AddSeconds(number);
        return new JsonObject
        {
            ["id"] = id,
            ["source"] = "chaos",
            ["type"] = "purchase_made",
            ["customer"] = $"c-{random.Next(Customers)}",
            ["occurredAt"] = at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["data"] = new JsonObject { ["orderId"] = $"o-{id}", ["currency"] = "EUR", ["total"] = random.Next(100, 9_000) / 100m },
        };
    }

    private static JsonObject Renamed(JsonObject purchase, string id)
    {
        var again = purchase.DeepClone().AsObject();
        again["id"] = id;
        return again;
    }
}
