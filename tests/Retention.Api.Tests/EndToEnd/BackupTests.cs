using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Retention.Api.Commands;
using Retention.Api.Tests.Commands;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>The drill: a backup of a running service, brought back on another server.</summary>
public sealed class BackupTests : IDisposable
{
    private static readonly string[] Questions =
    [
        "/v1/cohorts?grain=month&asOf=2026-01-01&format=csv", "/v1/metrics/retention?grain=week&asOf=2026-01-01&format=csv", "/v1/metrics/revenue?grain=day&asOf=2026-01-01&format=csv",
        "/v1/metrics/nps?asOf=2026-01-01&format=csv", "/v1/metrics/retention?tz=Asia/Tokyo&asOf=2026-01-01&format=csv", "/v1/customers?limit=1000&asOf=2026-01-01&format=csv", "/v1/customers/c-1/timeline?asOf=2026-01-01",
        "/v1/metrics/revenue?knownAt=40&asOf=2026-01-01&format=csv", "/v1/settings", "/v1/events",
    ];

    private readonly TrialFolder lived = new();
    private readonly TrialFolder restored = new();
    private readonly string folder = Directory.CreateTempSubdirectory("retention-backup-").FullName;

    private string Target => Path.Combine(folder, "first");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        lived.Dispose();
        restored.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_is_restored_answers_byte_for_byte_as_before_under_another_epoch()
    {
        using var service = await UpAsync(lived);
        using var http = Open(lived);
        var position = await SendAsync(http);
        var before = await AskAsync(http, position);
        var page = JsonNode.Parse(await http.GetStringAsync(Local($"/v1/customers?limit=2&minPosition={position}"), Ct))!;
        var kept = await http.GetAsync(Local($"/v1/customers?limit=2&minPosition={position}"), Ct);
        var (epoch, tag) = (kept.Headers.GetValues("Retention-Epoch").Single(), kept.Headers.ETag!.ToString());
        (await http.GetAsync(Local($"/v1/customers?limit=2&cursor={page["nextCursor"]}"), Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);

        // Another tenant goes on meanwhile.
        using var enough = new CancellationTokenSource();
        var busy = Task.Run(() => KeepSendingAsync(enough.Token), Ct);
        await RunAsync(0, "Backed up", "backup", Target, "--data", lived.Data);
        await RunAsync(1, "exists", "backup", Target, "--data", lived.Data);
        await enough.CancelAsync();
        await busy;
        await RunAsync(1, "stop it first", "restore", Target, "--data", lived.Data);
        await StopAsync(service);

        await RunAsync(0, "Whole:", "restore", Target, "--check");
        await RunAsync(0, "Restored", "restore", Target, "--data", restored.Data);
        await RunAsync(1, "holds a schema retention already", "restore", Target, "--data", restored.Data);
        using var again = await UpAsync(restored);
        using var later = Open(restored);
        Assert.Equal(before, await AskAsync(later, position));

        await ShouldBeGoneAsync(later, $"/v1/customers?limit=2&cursor={page["nextCursor"]}");
        await ShouldBeGoneAsync(later, "/v1/events?after=3", ("Retention-Epoch", epoch));
        await ShouldBeGoneAsync(later, "/v1/events/stream", ("Last-Event-ID", $"{epoch}~3"));
        using var asked = new HttpRequestMessage(HttpMethod.Get, Local("/v1/customers?limit=2")) { Headers = { { "If-None-Match", tag } } };
        (await later.SendAsync(asked, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);

        // What comes next is stored above everything that was.
        (await SendAsync(later, Order("c-next", "2025-09-01"))).ShouldBeGreaterThan(position);
        await ShouldBeSoundAsync();
        await StopAsync(again);
    }

    [Fact]
    public async Task A_damaged_backup_is_refused()
    {
        using var service = await UpAsync(lived);
        using var http = Open(lived);
        await SendAsync(http);
        await RunAsync(0, "Backed up", "backup", Target, "--data", lived.Data);
        await StopAsync(service);
        var dump = Path.Combine(Target, "retention.dump");
        var bytes = await File.ReadAllBytesAsync(dump, Ct);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(dump, bytes, Ct);

        await RunAsync(1, "SHA-256 differs", "restore", Target, "--data", restored.Data);
        await RunAsync(1, "SHA-256 differs", "restore", Target, "--check");
        File.Delete(Path.Combine(Target, "manifest.json"));
        await RunAsync(1, "holds no whole backup", "restore", Target, "--check");
    }

    private static async Task<RetentionProcess> UpAsync(TrialFolder on)
    {
        var service = on.Up();
        await service.UntilAsync("Retention is ready at", Ct);
        return service;
    }

    private static async Task StopAsync(RetentionProcess service)
    {
        await service.SignalAsync("TERM", Ct);
        (await service.EndAsync(Ct)).ShouldBe(0, service.Errors);
    }

    private static async Task RunAsync(int code, string said, params string[] words)
    {
        using var command = RetentionProcess.Start(words);
        (await command.EndAsync(Ct)).ShouldBe(code, command.Output + command.Errors);
        (command.Output + command.Errors).ShouldContain(said);
    }

    private static HttpClient Open(TrialFolder on, string tenant = "shop")
    {
        var http = RunningInstance.OpenHttp();
        http.BaseAddress = new Uri(on.Url);
        http.DefaultRequestHeaders.Add("Retention-Tenant", tenant);
        return http;
    }

    private static Uri Local(string path) => new(path, UriKind.Relative);

    private static Task<long> SendAsync(HttpClient http) => SendAsync(http,
    [
        .. Enumerable.Range(0, 120).SelectMany(number => (JsonObject[])
        [
            Order($"c-{number % 17}", $"2025-{1 + (number % 8):00}-{1 + (number % 27):00}", 10 + number), Score($"c-{number % 13}", $"2025-03-{1 + (number % 27):00}", "nps", number % 11, "said in confidence"),
            Complaint($"c-{number % 7}", $"2025-04-{1 + (number % 27):00}", $"k-{number}"),
        ]),
        Event("customer_merged", "c-1", "2025-06-01", new JsonObject { ["into"] = "c-2" }),
    ]);

    private static async Task<long> SendAsync(HttpClient http, params JsonObject[] events)
    {
        using var content = new StringContent(TestTenant.Json(events.DistinctBy(sent => (string)sent["id"]!)), System.Text.Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(Local("/v1/events"), content, Ct);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!;
        answer["rejected"]!.AsArray().Count.ShouldBe(0, answer.ToJsonString());
        return (long)answer["position"]!;
    }

    private async Task KeepSendingAsync(CancellationToken enough)
    {
        using var http = Open(lived, "busy");
        for (var number = 0; !enough.IsCancellationRequested; number++) await SendAsync(http, Order($"b-{number}", "2025-01-01"));
    }

    private static async Task<string> AskAsync(HttpClient http, long position)
    {
        var answers = new List<string>();
        foreach (var question in Questions)
        {
            var waits = question == "/v1/events" ? $"{question}?until={position}" : question == "/v1/settings" ? question : $"{question}{(question.Contains('?', StringComparison.Ordinal) ? '&' : '?')}minPosition={position}";
            using var response = await http.GetAsync(Local(waits), Ct);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(Ct));
            answers.Add($"{question}\n{await response.Content.ReadAsStringAsync(Ct)}");
        }
        return string.Join('\n', answers);
    }

    private static async Task ShouldBeGoneAsync(HttpClient http, string path, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Local(path));
        if (header is var (name, value)) request.Headers.Add(name, value);
        using var response = await http.SendAsync(request, Ct);
        (response.StatusCode, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!["code"]).ShouldBe((HttpStatusCode.Gone, "other_epoch"), path);
    }

    /// <summary>Every table and index of the restored database holds together (amcheck).</summary>
    private async Task ShouldBeSoundAsync()
    {
        var program = Directory.GetFiles("/usr/lib/postgresql", "pg_amcheck", SearchOption.AllDirectories).Order(StringComparer.Ordinal).LastOrDefault()
            .ShouldNotBeNull("pg_amcheck is not on this machine: install PostgreSQL with its contrib programs");
        using var check = Process.Start(new ProcessStartInfo(
            program, ["--host", Path.Combine(restored.Data, "postgres", "run"), "--username", "postgres", "--database", "retention", "--install-missing", "--heapallindexed", "--parent-check"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var said = await check.StandardOutput.ReadToEndAsync(Ct) + await check.StandardError.ReadToEndAsync(Ct);
        await check.WaitForExitAsync(Ct);
        (check.ExitCode, said).ShouldBe((0, ""));
    }
}
