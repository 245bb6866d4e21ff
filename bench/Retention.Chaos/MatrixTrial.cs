using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Npgsql;
using Retention.Chaos.Fuzzing;
using Retention.Projections.EventLog;
using Retention.Projections.Security;

namespace Retention.Chaos;

/// <summary>
/// Every operation that the service describes, asked by whoever may not: without a key, by what is none, by a revoked one, by one without the
/// scope, by one of another tenant; and every question of another tenant, whose answers are searched for what only the first one has sent.
/// Without protection no key was ever made.
/// </summary>
public static class MatrixTrial
{
    private const string Canary = "canary-7f3a";
    private const string Asked = "c-1";
    private const string Mine = "mine";
    private const string Others = "others";

    private static readonly Dictionary<string, string> Words = new() { ["metric"] = "retention", ["period"] = "2025-01", ["type"] = "purchase_made", ["model"] = "customers", ["dimensions name"] = "channel", ["tenants name"] = Mine };

    public static async Task<Verdict> RunAsync(Store store, TrialOptions options, CancellationToken ct)
    {
        var connection = await store.NewDatabaseAsync(ct);
        await using var node = new Node(connection);
        await node.StartAsync(ct);
        await TellAsync(node, ct);
        await using var database = NpgsqlDataSource.Create(connection);
        var callers = await CallersAsync(new ApiKeys(new Place(database)), options.Control, ct);
        while (!options.Control && (await AskAsync(node, "GET", "/v1/status", (null, null), ct)).Status != HttpStatusCode.Unauthorized) await Task.Delay(20, ct);

        var (asked, let, told, own) = (0, 0, 0, 0);
        var operations = (await Operation.AllAsync(node.Client, ct)).Where(operation => operation.Scope is not null).ToList();
        foreach (var operation in operations)
        {
            foreach (var (who, keyTo, tenant) in callers.TurnedAway)
            {
                if (keyTo(operation) is not { } key) continue;
                var (status, text) = await AskAsync(node, operation.Method, operation.At(Words, Asked), (key, tenant), ct);
                asked++;
                if (status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden && !text.Contains(Canary, StringComparison.Ordinal)) continue;
                let++;
                options.Say($"{operation} with {who}: {(int)status}");
            }
        }
        foreach (var operation in operations.Where(operation => operation.Reads))
        {
            // Where its own tenant is not told the word either, the search would find nothing in any case.
            own += (await AskAsync(node, "GET", operation.At(Words, Asked), (callers.Own, options.Control ? Mine : null), ct)).Text.Contains(Canary, StringComparison.Ordinal) ? 1 : 0;
            var (_, text) = await AskAsync(node, "GET", operation.At(Words, Asked), (callers.Stranger, options.Control ? Others : null), ct);
            asked++;
            if (!text.Contains(Canary, StringComparison.Ordinal)) continue;
            told++;
            options.Say($"{operation} tells another tenant {Canary}");
        }
        return new Verdict().AtLeast("operations", operations.Count, 70).Tell("questions and orders of who may not", asked)
            .Zero("that were not turned away", let).Zero("that told what another tenant has sent", told).AtLeast("that tell it to the tenant itself", own, 5);
    }

    /// <summary>A customer of each tenant, with a word of its own wherever no question names it.</summary>
    private static async Task TellAsync(Node node, CancellationToken ct)
    {
        foreach (var (tenant, id, word) in ((string, string, string)[])[(Mine, Asked, Canary), (Others, "c-2", "ordinary")])
        {
            object Event(string type, object data) => new { id = $"{type}-1", source = word, type, customer = id, occurredAt = "2025-01-01T00:00:00Z", data };
            object[] events =
            [
                Event("customer_registered", new { channel = word, country = word, attributes = new { note = word } }),
                Event("purchase_made", new { orderId = id, total = 10, currency = "EUR" }),
                Event("complaint_received", new { complaintId = id, category = word, text = word }),
                Event("feedback_given", new { instrument = "nps", score = 3, comment = word }),
            ];
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events?atomic=true") { Content = JsonContent.Create(events), Headers = { { "Retention-Tenant", tenant } } };
            using var response = await node.Client.SendAsync(request, ct);
            response.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Who is turned away, with a key for each operation, which is empty for none and null where whoever has any may ask; and the good keys of both tenants.</summary>
    private static async Task<(IReadOnlyList<(string Who, Func<Operation, string?> Key, string? Tenant)> TurnedAway, string? Own, string? Stranger)> CallersAsync(ApiKeys keys, bool control, CancellationToken ct)
    {
        if (control) return ([("no key", _ => "", Mine)], null, null);
        var lacking = new Dictionary<string, string>();
        foreach (var scope in Scopes.All)
            lacking[scope] = (await keys.CreateAsync(Mine, "lacking", [.. Scopes.All.Where(held => held != scope && !(scope == Scopes.Read && held == Scopes.ReadPersonal))], ct)).Text;
        var (key, revoked) = await keys.CreateAsync(Mine, "revoked", Scopes.All, ct);
        await keys.RevokeAsync(key.Prefix, ct);
        var own = (await keys.CreateAsync(Mine, "own", Scopes.All, ct)).Text;
        var stranger = (await keys.CreateAsync(Others, "stranger", Scopes.All, ct)).Text;
        return (
            [
                ("no key", _ => "", null), ("no key, for a tenant", _ => "", Mine), ("what is no key", _ => $"rtn_{new string('a', 73)}", null), ("a revoked key", _ => revoked, null),
                ("a key without the scope", operation => lacking.GetValueOrDefault(operation.Scope!), null), ("another tenant's key", _ => stranger, Mine),
            ], own, stranger);
    }

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(Node node, string method, string path, (string? Key, string? Tenant) caller, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
        if (caller.Key is { Length: > 0 } key) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (caller.Tenant is not null) request.Headers.Add("Retention-Tenant", caller.Tenant);
        if (method is "POST" or "PUT") request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await node.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        // The log as it grows has no end to wait for.
        var endless = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
        return (response.StatusCode, endless ? "" : await response.Content.ReadAsStringAsync(ct));
    }
}
