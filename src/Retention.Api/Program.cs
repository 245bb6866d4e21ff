using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Retention.Api.Commands;

// A RootCommand would bear the name of the assembly in its help.
var root = new Command("retention", "Figures about customers who stay, from an event log. Start it with: retention up")
{
    new HelpOption { Recursive = true },
    new VersionOption(),
    UpCommand.Create(),
    ImportCommand.Create(),
    ImportsCommand.Create(),
    WebhooksCommand.Create(),
    ExportCommand.Create(),
    RebuildCommand.Create(),
    SkipCommand.Create(),
    MetricsCommand.Create(),
    StatusCommand.Create(),
    TopCommand.Create(),
    KeysCommand.Create(),
    ConfigCommand.Create(),
    BackupCommands.CreateBackup(),
    BackupCommands.CreateRestore(),
};
var parsed = root.Parse(args is [] ? ["--help"] : args);
if (parsed.Action is ParseErrorAction wrong)
    wrong.ShowHelp = false;
// The commands stop in order by themselves, which takes the database's time and not a fixed one.
using var stop = new StopSignals();
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, stop.Token);
