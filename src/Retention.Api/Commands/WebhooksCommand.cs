using System.CommandLine;
using Retention.Api.Ingest.Webhooks;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary><c>retention webhooks set|list|remove</c>: whose webhooks a tenant takes. A secret is read from the standard input, so that no list of processes shows it.</summary>
internal static class WebhooksCommand
{
    public static Command Create() => new("webhooks", "Set and remove the secrets that senders of webhooks sign with.") { Setting(), Listing(), Removing() };

    private static Command Setting()
    {
        var (service, sender) = (new ServiceClient.Options(), Sender());
        var command = new Command("set", "Read a secret from the standard input and put it in force; the one before is good for 24 hours more. Exit codes: 0 set, 1 not.") { sender };
        service.AddTo(command);
        command.SetAction((asked, ct) => service.RunAsync(asked, async client =>
        {
            var secret = Console.IsInputRedirected
                ? (await Console.In.ReadLineAsync(ct) ?? "").Trim()
                : await new TextPrompt<string>("Secret:").Secret().ShowAsync(AnsiConsole.Console, ct);
            var answer = await client.SendAsync(HttpMethod.Put, $"v1/webhooks/{asked.GetRequiredValue(sender)}", new { secret }, ct);
            Screen.Say($"Let {answer.GetProperty("sender").GetString()} send to {answer.GetProperty("path").GetString()}");
        }));
        return command;
    }

    private static Command Listing()
    {
        var service = new ServiceClient.Options();
        var command = new Command("list", "List the senders that have a secret. Exit codes: 0 listed, 1 not.");
        service.AddTo(command);
        command.SetAction((asked, ct) => service.RunAsync(asked, async client =>
        {
            var table = new Table().AddColumns("sender", "path", "since");
            foreach (var item in (await client.AskAsync("v1/webhooks", ct)).GetProperty("senders").EnumerateArray())
                table.AddRow(item.GetProperty("sender").GetString()!, item.GetProperty("path").GetString()!, $"{item.GetProperty("setAt").GetDateTimeOffset():u}");
            Screen.Out.Write(table);
        }));
        return command;
    }

    private static Command Removing()
    {
        var (service, sender) = (new ServiceClient.Options(), Sender());
        var command = new Command("remove", "Take no more webhooks of a sender. Exit codes: 0 removed, 1 not.") { sender };
        service.AddTo(command);
        command.SetAction((asked, ct) => service.RunAsync(asked, async client =>
        {
            await client.SendAsync(HttpMethod.Delete, $"v1/webhooks/{asked.GetRequiredValue(sender)}", null, ct);
            Screen.Say($"No more webhooks of {asked.GetRequiredValue(sender)} are taken.");
        }));
        return command;
    }

    private static Argument<string> Sender()
    {
        var sender = new Argument<string>("SENDER") { Description = $"Who sends: {WebhookSender.Names}." };
        sender.AcceptOnlyFromAmong([.. WebhookSender.All.Select(known => known.Name)]);
        return sender;
    }
}
