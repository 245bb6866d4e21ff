using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Chaos.Fuzzing;
using Retention.Projections.Security;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Security;

/// <summary>Two tenants whose every text says whose it is: no question of the one is answered with anything of the other.</summary>
public sealed class TenantIsolationTests(ServiceFixture service)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_question_of_a_tenant_is_answered_with_anything_of_another()
    {
        await using var api = await service.StartAsync($"apart_{Guid.NewGuid():n}"[..20], TimeProvider.System);
        await using var keyed = new KeyedService(api);
        var (anna, bert) = (new Shop(keyed, "anna-shop", "annaskanarie"), new Shop(keyed, "bert-shop", "bertskanarie"));
        await anna.FillAsync();
        await bert.FillAsync();
        var operations = (await Operation.AllAsync(api.Client, TestContext.Current.CancellationToken)).Where(operation => operation.Method == "GET" && operation.Path.StartsWith("/v1/", StringComparison.Ordinal)).ToList();
        operations.Count.ShouldBeGreaterThan(50);

        var (asked, telling) = (0, new HashSet<string>());
        foreach (var operation in operations)
        {
            foreach (var path in PathsOf(operation, anna))
            {
                // The one whose it is asks first, so that an answer that is kept for one would be given to the other.
                var own = await anna.AskAsync(path);
                own.Status.ShouldBeLessThan(500, path);
                if (own.Text.Contains(anna.Canary, StringComparison.OrdinalIgnoreCase)) telling.Add(operation.ToString());
                var other = await bert.AskAsync(path);
                Impersonal(other.Text, path, anna).ShouldNotContain(anna.Canary, Case.Insensitive, $"{path} as {bert.Tenant}");
                asked++;
            }
        }
        asked.ShouldBeGreaterThan(150);
        // Without these the test would say nothing.
        telling.Count.ShouldBeGreaterThan(25, string.Join(", ", telling));
    }

    [Fact]
    public async Task The_log_as_it_grows_is_of_one_tenant()
    {
        await using var api = await service.StartAsync($"apart_{Guid.NewGuid():n}"[..20], TimeProvider.System);
        await using var keyed = new KeyedService(api);
        var (anna, bert) = (new Shop(keyed, "anna-shop", "annaskanarie"), new Shop(keyed, "bert-shop", "bertskanarie"));
        await anna.FillAsync();
        await bert.FillAsync();
        await using var stream = await keyed.OpenAsync(bert.Key, "/v1/events/stream?after=0");
        var read = new StringBuilder();
        var buffer = new byte[1 << 16];
        while (!read.ToString().Contains("purchase_cancelled", StringComparison.Ordinal)) read.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, Cancellation)));

        read.ToString().ShouldContain(bert.Canary);
        read.ToString().ShouldNotContain(anna.Canary);
    }

    /// <summary>An operation asked as plainly as can be, and with all that its parameters let somebody ask about a shop.</summary>
    private static IEnumerable<string> PathsOf(Operation operation, Shop shop)
    {
        var path = operation.At(shop.Words, shop.Customer);
        string[] plain = operation.Path switch
        {
            "/v1/metrics/{metric}/lineage" => ["period=2025-01&role=any", "period=2025-01&role=any&format=csv"],
            "/v1/metrics/{metric}/bridge" => [string.Create(CultureInfo.InvariantCulture, $"period=2025-01&fromPosition={shop.Before}&toPosition={shop.Position}")],
            "/v1/replays/{name}/diff" => ["metric=retention"],
            "/v1/events" => ["", "format=csv", $"customer={shop.Customer}"],
            "/v1/changes" => ["", "after=0"],
            "/v1/models/clv/what-if" => ["points=0.01"],
            _ => [""],
        };
        (string Parameter, string Value)[] more =
        [
            ("format", "csv"), ("format", "ndjson"), ("groupBy", "channel"), ("groupBy", "campaign"), ("groupBy", "country"), ("groupBy", "tier"), ("groupBy", "team"),
            ("filter", $"channel:{shop.Canary}"), ("filter", $"team:{shop.Canary}"), ("filter", $"product:{shop.Canary}"), ("filter", $"discountCode:{shop.Canary}"),
            ("replay", shop.Replay), ("receipt", "true"), ("knownAt", shop.Position.ToString(CultureInfo.InvariantCulture)), ("tz", "Asia/Tokyo"), ("model", "bg-nbd"),
        ];
        foreach (var query in plain.Concat(more.Where(item => operation.Parameters.Contains(item.Parameter)).Select(item => $"{item.Parameter}={item.Value}"))) yield return query.Length == 0 ? path : $"{path}?{query}";
    }

    /// <summary>An answer without what the question itself says, which answers repeat.</summary>
    private static string Impersonal(string text, string path, Shop shop)
    {
        foreach (var said in new[] { shop.Customer, shop.Replay, shop.Import, $"channel:{shop.Canary}", $"team:{shop.Canary}", $"product:{shop.Canary}", $"discountCode:{shop.Canary}", shop.Canary })
            if (path.Contains(said, StringComparison.Ordinal)) text = text.Replace(said, "", StringComparison.Ordinal);
        return text;
    }

    /// <summary>A tenant that uses everything, and puts its canary into every text.</summary>
    private sealed class Shop(KeyedService keyed, string tenant, string canary)
    {
        public string Tenant => tenant;

        public string Canary => canary;

        public string Key { get; private set; } = "";

        public string Customer => $"{canary}-c1";

        public string Replay => $"{canary}-replay";

        public string Import { get; private set; } = "";

        public long Before { get; private set; }

        public long Position { get; private set; }

        public Dictionary<string, string> Words => new()
        {
            ["metric"] = "retention",
            ["period"] = "2025-01",
            ["type"] = "purchase_made",
            ["model"] = "cohorts",
            ["dimensions name"] = "channel",
            ["replays name"] = Replay,
            ["imports id"] = Import,
        };

        public Task<Said> AskAsync(string path) => keyed.AskAsync(Key, "GET", path);

        public async Task FillAsync()
        {
            Key = await keyed.KeyAsync(tenant, [.. Scopes.All]);
            while ((await AskAsync("/v1/status")).Status != 200) await Task.Delay(20, Cancellation);
            (await AskAsync("/v1/tenants")).Text.ShouldContain(tenant);
            Before = await SendAsync(Customers().ToArray());
            Position = await SendAsync([.. Voices()]);
            Import = (await DoAsync("POST", "/v1/imports?mapping=cdnow", $"customer,date,amount\n{canary},19970101,9.99\n{canary},{canary},1\n", "text/csv")).GetProperty("id").GetString()!;
            await DoAsync("POST", "/v1/models/clv/fit", """{"model":"bg-nbd","observationEnd":"2025-12-31","timeUnit":"week"}""", until: 422);
            await DoAsync("POST", "/v1/periods/2025-01/close", "{}");
            await DoAsync("POST", "/v1/replays", $$"""{"name":"{{Replay}}"}""");
            while (!(await AskAsync($"/v1/replays/{Replay}")).Text.Contains("\"ready\"", StringComparison.Ordinal)) await Task.Delay(50, Cancellation);
            Position = await SendAsync(Cancel(Customer, "2025-02-01", "2025-02-03").With("data.reason", $"\"{canary}\""));
            (await AskAsync($"/v1/metrics/retention?minPosition={Position}")).Status.ShouldBe(200);
        }

        private IEnumerable<JsonObject> Customers()
        {
            var own = new JsonObject { ["team"] = canary, ["tier"] = canary, ["email"] = $"{canary}@example.com" };
            for (var number = 1; number <= 12; number++)
            {
                var customer = $"{canary}-c{number}";
                yield return Event("customer_registered", customer, "2025-01-01", new JsonObject { ["channel"] = canary, ["campaign"] = canary, ["country"] = canary, ["attributes"] = own.DeepClone() });
                for (var month = 1; month <= 1 + number % 4; month++)
                {
                    yield return Order(customer, $"2025-{month:d2}-01", 10 + number, new JsonObject
                    {
                        ["channel"] = canary,
                        ["note"] = canary,
                        ["discounts"] = new JsonArray(new JsonObject { ["code"] = canary, ["kind"] = "percent", ["amount"] = 1 }),
                        ["lines"] = new JsonArray(new JsonObject { ["sku"] = canary, ["category"] = canary, ["quantity"] = 1, ["unitPrice"] = 10 + number }),
                    }).With("data.total", null);
                }
            }
        }

        private IEnumerable<JsonObject> Voices()
        {
            yield return Complaint(Customer, "2025-01-03", canary, canary).With("data.category", $"\"{canary}\"").With("data.channel", $"\"{canary}\"");
            yield return Complaint($"{canary}-c2", "2025-01-04", $"{canary}-2", canary);
            yield return Resolved($"{canary}-c2", "2025-01-09", $"{canary}-2").With("data.remedy", $"\"{canary}\"");
            foreach (var instrument in new[] { "nps", "csat", "ces" })
                for (var number = 1; number <= 6; number++) yield return Score($"{canary}-c{number}", "2025-01-05", instrument, 1 + number % 5, canary).With("data.touchpoint", $"\"{canary}\"");
            yield return Event("lapse_reason_given", $"{canary}-c3", "2025-06-05", new JsonObject { ["reason"] = canary, ["comment"] = canary });
            yield return Event("customer_merged", $"{canary}-c11", "2025-06-06", new JsonObject { ["into"] = $"{canary}-c12" });
            yield return Event("customer_departed", $"{canary}-c10", "2025-06-06", new JsonObject { ["reason"] = canary });
        }

        private async Task<long> SendAsync(params IReadOnlyList<JsonObject> events)
        {
            var answer = await DoAsync("POST", "/v1/events", TestTenant.Json(events));
            answer.GetProperty("rejected").GetArrayLength().ShouldBe(0, answer.ToString());
            return answer.GetProperty("position").GetInt64();
        }

        /// <param name="until">The highest status that is fine.</param>
        private async Task<JsonElement> DoAsync(string method, string path, string body, string mediaType = "application/json", int until = 202)
        {
            var said = await keyed.AskAsync(Key, method, path, body: body, mediaType: mediaType);
            said.Status.ShouldBeLessThanOrEqualTo(until, $"{method} {path}: {said.Text}");
            return JsonSerializer.Deserialize<JsonElement>(said.Text);
        }
    }
}
