using System.CommandLine;
using System.Text.Json;
using Retention.Api.Ingest.Imports;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary><c>retention imports list|retract</c>: what was imported, and taking it back.</summary>
internal static class ImportsCommand
{
    public static Command Create() => new("imports", "List imports, and take one back.") { Listing(), Retracting() };

    private static Command Listing()
    {
        var service = new ServiceClient.Options();
        var command = new Command("list", $"List the tenant's last {ImportTable.MostListed} imports. Exit codes: 0 listed, 1 not.");
        service.AddTo(command);
        command.SetAction((asked, ct) => service.RunAsync(asked, async client =>
        {
            var table = new Table().AddColumns("id", "mapping", "status", "events", "started");
            foreach (var item in (await client.AskAsync("v1/imports", ct)).GetProperty("imports").EnumerateArray())
            {
                var import = item.Deserialize<Import>(ImportReport.Json)!;
                table.AddRow($"{import.Id}", import.Mapping.EscapeMarkup(), import.DryRun ? $"{import.Status} (dry run)" : import.Status, $"{import.Progress.EventsStored:N0}", $"{import.StartedAt:u}");
            }
            Screen.Out.Write(table);
        }));
        return command;
    }

    private static Command Retracting()
    {
        var service = new ServiceClient.Options();
        var id = new Argument<Guid>("ID") { Description = "The import's id, as retention imports list shows it." };
        var command = new Command("retract", "Take back every event that an import has stored; the file can be imported anew after that. Exit codes: 0 taken back, 1 not.") { id };
        service.AddTo(command);
        command.SetAction((asked, ct) => service.RunAsync(asked, async client =>
        {
            var answer = await client.SendAsync(HttpMethod.Delete, $"v1/imports/{asked.GetRequiredValue(id)}", null, ct);
            Screen.Say($"{answer.GetProperty("retracted").GetInt64():N0} events of the import by {answer.GetProperty("mapping").GetString()} are taken back, as of position {answer.GetProperty("position").GetInt64()}.");
        }));
        return command;
    }
}
