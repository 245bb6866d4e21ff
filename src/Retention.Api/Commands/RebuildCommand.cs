using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Retention.Api.Commands;

/// <summary>
/// <c>retention rebuild</c>: makes all read models, or one tenant's, anew beside the live ones and switches to them, shows how it goes, and
/// returns when they are live. What was live before is kept until <c>--confirm</c>, or comes back by <c>--revert</c>.
/// </summary>
internal static class RebuildCommand
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    private static readonly Option<string> Data = DataOption.Create();
    private static readonly Option<string?> Url = new("--url") { Description = "The service; by default the running one of the data folder.", HelpName = "URL" };
    private static readonly Option<string?> Key = new("--key") { Description = "An API key with the scope admin.", HelpName = "KEY" };
    private static readonly Option<string?> Tenant = new("--tenant") { Description = "Only this tenant's read models.", HelpName = "NAME" };
    private static readonly Option<bool> Status = new("--status") { Description = "Only show how the rebuild stands." };
    private static readonly Option<bool> Confirm = new("--confirm") { Description = "Remove the read models that were live before the rebuild." };
    private static readonly Option<bool> Revert = new("--revert") { Description = "Make the read models live again that were so before the rebuild." };
    private static readonly Option<bool> Cancel = new("--cancel") { Description = "Stop the rebuild; the live read models stay as they are." };

    public static Command Create()
    {
        var command = new Command(
            "rebuild", "Make all read models, or one tenant's, anew from the log, beside the live ones, and switch to them. Exit codes: 0 done, 1 not.")
        {
            Tenant, Status, Confirm, Revert, Cancel, Url, Data, Key,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult asked, CancellationToken ct)
    {
        var url = asked.GetValue(Url) ?? RunningInstance.Find(Path.GetFullPath(asked.GetRequiredValue(Data)))?.Url;
        if (url is null) return Screen.Fail($"No service is running on {Path.GetFullPath(asked.GetRequiredValue(Data))}. Start one with: retention up");
        using var http = RunningInstance.OpenHttp();
        http.BaseAddress = new Uri(url.Contains("://", StringComparison.Ordinal) ? url : $"http://{url}");
        http.Timeout = Timeout.InfiniteTimeSpan;
        if (asked.GetValue(Key) is { } key) http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        var query = asked.GetValue(Tenant) is { } tenant ? $"?tenant={Uri.EscapeDataString(tenant)}" : "";
        var own = query == "" ? "" : $" --tenant {asked.GetValue(Tenant)}";
        try
        {
            var (method, path) = asked.GetValue(Status) ? (HttpMethod.Get, "") : asked.GetValue(Confirm) ? (HttpMethod.Post, "/confirm")
                : asked.GetValue(Revert) ? (HttpMethod.Post, "/revert") : asked.GetValue(Cancel) ? (HttpMethod.Delete, "") : (HttpMethod.Post, "");
            var rebuild = await AskAsync(http, method, path + query, ct);
            var follows = method == HttpMethod.Post && path == "";
            while (follows && StatusOf(rebuild) == "building")
            {
                Show(rebuild);
                await Task.Delay(BetweenLooks, ct);
                rebuild = await AskAsync(http, HttpMethod.Get, query, ct);
            }
            Show(rebuild);
            if (StatusOf(rebuild) == "switched") Screen.Say($"What was live before is kept: retention rebuild{own} --confirm removes it, --revert brings it back.");
            return StatusOf(rebuild) == "failed" ? Screen.Fail(rebuild.GetProperty("error").GetString() ?? "The rebuild failed.") : 0;
        }
        catch (HttpRequestException refused)
        {
            return Screen.Fail(refused.Message);
        }
    }

    private static async Task<JsonElement> AskAsync(HttpClient http, HttpMethod method, string path, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, $"/v1/rebuild{path}");
        using var response = await http.SendAsync(request, ct);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(ct);
        return response.IsSuccessStatusCode ? answer : throw new HttpRequestException(answer.GetProperty("detail").GetString());
    }

    private static string? StatusOf(JsonElement rebuild) => rebuild.GetProperty("status").GetString();

    private static void Show(JsonElement rebuild)
    {
        var progress = rebuild.GetProperty("progress");
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{StatusOf(rebuild)}: {progress.GetProperty("phase").GetString()}, {progress.GetProperty("read").GetInt64():n0} of about {progress.GetProperty("events").GetInt64():n0} events read");
        if (progress.GetProperty("eventsPerSecond").GetDouble() is var speed and > 0) line += string.Create(CultureInfo.InvariantCulture, $" at {speed:n0} events/s");
        if (progress.GetProperty("kept").GetInt64() is var kept and > 0) line += string.Create(CultureInfo.InvariantCulture, $", {kept:n0} of them folded before");
        if (StatusOf(rebuild) == "building" && progress.GetProperty("secondsLeft") is { ValueKind: JsonValueKind.Number } left)
            line += string.Create(CultureInfo.InvariantCulture, $", about {left.GetDouble():n0} s left");
        if (progress.GetProperty("compared") is { ValueKind: JsonValueKind.Object } compared)
            line += string.Create(CultureInfo.InvariantCulture, $"; of {compared.GetProperty("cells").GetInt64():n0} cells compared, {compared.GetProperty("differences").GetInt64():n0} differed");
        Screen.Say(line);
        foreach (var stopped in progress.GetProperty("stopped").EnumerateArray())
            Screen.Say($"{stopped.GetProperty("tenant").GetString()} stops at event {stopped.GetProperty("event").GetString()}: {stopped.GetProperty("reason").GetString()}");
    }
}
