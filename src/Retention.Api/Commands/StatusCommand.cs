using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary><c>retention status</c>: what the running service answers under <c>/v1/status</c>, as a table.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var data = DataOption.Create();
        var key = new Option<string?>("--key") { Description = "An API key.", HelpName = "KEY" };
        var command = new Command(
            "status", "Show the running service's positions and lag. Exit codes: 0 shown, 1 no service is running or it does not answer.")
        {
            data, key,
        };
        command.SetAction((parsed, ct) => ShowAsync(Path.GetFullPath(parsed.GetRequiredValue(data)), parsed.GetValue(key), ct));
        return command;
    }

    private static async Task<int> ShowAsync(string dataFolder, string? key, CancellationToken ct)
    {
        if (RunningInstance.Find(dataFolder) is not { } service)
            return Screen.Fail($"No service is running on {dataFolder}. Start one with: retention up");
        try
        {
            using var http = RunningInstance.OpenHttp();
            if (key is not null) http.DefaultRequestHeaders.Authorization = new("Bearer", key);
            using var status = JsonDocument.Parse(await http.GetStringAsync(new Uri($"{service.Url}/v1/status"), ct));
            var table = new Table().AddColumns("", "");
            table.HideHeaders().AddRow("url", service.Url).AddRow("process", $"{service.Pid}");
            foreach (var (name, value) in Flatten("", status.RootElement))
                table.AddRow(name.EscapeMarkup(), value.EscapeMarkup());
            Screen.Out.Write(table);
            return 0;
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException)
        {
            return Screen.Fail($"The service at {service.Url} does not tell its status: {fault.Message}");
        }
    }

    // Members of members are named by their path, "tenants[0].lag".
    private static IEnumerable<(string Name, string Value)> Flatten(string name, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject()
            .SelectMany(member => Flatten(name.Length == 0 ? member.Name : $"{name}.{member.Name}", member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany((item, index) => Flatten($"{name}[{index}]", item)),
        _ => [(name, element.ToString())],
    };
}
