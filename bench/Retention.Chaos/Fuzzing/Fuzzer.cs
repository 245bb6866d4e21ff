using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;

namespace Retention.Chaos.Fuzzing;

/// <summary>A client that sends hostile requests, one at a time, and judges what comes back. Its seed decides what it sends.</summary>
internal sealed partial class Fuzzer(Node node, IReadOnlyList<Operation> operations, Findings findings, (int Number, int Seed) client) : IDisposable
{
    private const int Size = 50;
    private const int Least = 36;

    // What is asked changes nothing for others; what is torn at is nobody's.
    private readonly string tenant = $"fuzz-{client.Number}";
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AutomaticDecompression = DecompressionMethods.All, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 })
    {
        Timeout = TimeSpan.FromSeconds(60),
    };

    private readonly HashSet<string> owed = new(StringComparer.Ordinal);
    private long stored;

    private Operation PostEvents => operations.First(operation => operation.ToString() == "POST /v1/events");

    private Operation PostImports => operations.First(operation => operation.ToString() == "POST /v1/imports");

    /// <summary>Gives the tenant something to be asked about.</summary>
    public async Task SetUpAsync(CancellationToken ct)
    {
        foreach (var of in (string[])[tenant, $"torn-{client.Number}"])
        {
            var settings = new Operation("PUT", "/v1/settings", [], "application/json", null, PostEvents.Statuses);
            await SendAsync(new Shot(settings, of, "/v1/settings") { Body = "{\"currency\":\"EUR\"}"u8.ToArray(), MediaType = "application/json" }, "settings", ct);
            var valid = Enumerable.Range(0, 5).SelectMany(round => HostileEvents.Valid($"v{client.Number}-{round}").Select((sent, place) => Varied(sent, (round * 31) + place))).ToList();
            var shot = new Shot(PostEvents, of, "/v1/events") { Body = Encoding.UTF8.GetBytes(string.Join('\n', valid)), MediaType = "application/x-ndjson", Events = new SentEvents(valid.Count, [], []) };
            await FireAsync(shot with { Tenant = of }, "valid events", of == tenant, ct);
        }
    }

    /// <summary>Sends until time is up, and on a busy machine some more.</summary>
    public async Task RunAsync(TimeSpan duration, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var number = 0; number < Least || TimeProvider.System.GetElapsedTime(started) < duration; number++)
        {
            var (kind, shots) = (number % 6) switch
            {
                0 or 3 => ("events", HostileEvents.Of(PostEvents, tenant, $"{client.Number}-{number}")),
                1 => ("files", HostileFiles.Of(PostImports, $"files-{client.Number}", $"{number}")),
                _ => ("questions", HostileQuestions.Of(operations, tenant, $"torn-{client.Number}")),
            };
            var shot = shots.Sample(1, new Rnd((ulong)((client.Seed * 1_000_003L) + (client.Number * 100_003L) + number)), Size).Single();
            await FireAsync(shot, kind, shot.Events is not null, ct);
        }
    }

    /// <summary>Holds the log against what was acknowledged.</summary>
    public async Task SettleAsync(CancellationToken ct)
    {
        var export = await SendAsync(new Shot(new Operation("GET", "/v1/events", [], null, null, PostEvents.Statuses), tenant, "/v1/events"), "log", ct);
        var ids = Encoding.UTF8.GetString(export.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))
            .Where(line => line.TryGetProperty("id", out _)).Select(line => line.GetProperty("id").GetString()!).ToList();
        if (ids.Count != stored) findings.Add("events in the log that are not those accepted", "", $"{ids.Count} instead of {stored} in {tenant}");
        findings.Spare(owed.Intersect(ids).Count());
        foreach (var id in owed.Except(ids)) findings.Add("valid neighbours that are not in the log", "", id);
    }

    public void Dispose() => http.Dispose();

    private async Task FireAsync(Shot shot, string kind, bool owes, CancellationToken ct)
    {
        var reply = await SendAsync(shot, kind, ct);
        foreach (var fault in Judge.Faults(shot, reply)) findings.Add(fault, $"{shot.Operation} {reply.Status}", $"{shot}\n      → {reply.Status} {reply.MediaType} {Encoding.UTF8.GetString(reply.Body, 0, Math.Min(reply.Body.Length, 500))}");
        if (shot.Events is not { } events || !owes) return;
        if (reply.Status == 200)
        {
            owed.UnionWith(events.Good);
            stored += JsonElement.Parse(reply.Body).GetProperty("accepted").GetInt64();
        }
        else if (StoredNow().Match(Encoding.UTF8.GetString(reply.Body)) is { Success: true } partly) stored += long.Parse(partly.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<Reply> SendAsync(Shot shot, string kind, CancellationToken ct)
    {
        var reply = await AnswerAsync(shot, ct);
        findings.Count(kind, reply.Status);
        return reply;
    }

    private async Task<Reply> AnswerAsync(Shot shot, CancellationToken ct)
    {
        using var request = shot.ToRequest(node.Client.BaseAddress!);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            var media = response.Content.Headers.ContentType?.MediaType;
            // A stream of the log has no end.
            var body = media == "text/event-stream" ? [] : await response.Content.ReadAsByteArrayAsync(ct);
            return new Reply((int)response.StatusCode, media, body, response.Headers.RetryAfter is not null);
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return new Reply((int)HttpStatusCode.InternalServerError, null, Encoding.UTF8.GetBytes($"no answer: {gone.Message}"), false);
        }
    }

    /// <summary>The event of somebody else, at another time, with names that a spreadsheet would run.</summary>
    private static string Varied(System.Text.Json.Nodes.JsonObject sent, int number)
    {
        sent["customer"] = number % 5 == 0 ? "=1+1" : $"c-{number % 9}";
        sent["occurredAt"] = $"2025-{1 + (number % 12):d2}-{1 + (number % 28):d2}T08:00:00Z";
        if (number % 3 == 0 && sent["data"]!["channel"] is not null) sent["data"]!["channel"] = "@SUM(A1)";
        return sent.ToJsonString();
    }

    [GeneratedRegex(" ([0-9]+) are stored now and ")]
    private static partial Regex StoredNow();
}
