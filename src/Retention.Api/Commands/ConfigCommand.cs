using System.CommandLine;
using Retention.Api.Configuration;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary><c>retention config</c>: what the service would start with, and where each member of it comes from; secrets are masked.</summary>
internal static class ConfigCommand
{
    /// <summary>The option <c>--config</c>.</summary>
    public static Option<string?> FileOption() => new("--config")
    {
        Description = $"Configuration file (JSON); by default {EffectiveConfiguration.DefaultFile} beside the program or in the current folder, where there is one",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var file = FileOption();
        var command = new Command("config", "Show what the service would start with, and check it; passwords are masked. Exit codes: 0 sound, 1 not.") { file };
        command.SetAction(parsed =>
        {
            try
            {
                Show(EffectiveConfiguration.Load(parsed.GetValue(file), []));
                return 0;
            }
            catch (ConfigurationException fault)
            {
                return Screen.Fail(fault.Message);
            }
        });
        return command;
    }

    private static void Show(EffectiveConfiguration configuration)
    {
        var table = new Table().AddColumns("member", "value", "from");
        foreach (var (member, value, from) in configuration.Shown()) table.AddRow(member, (value ?? "").EscapeMarkup(), from.EscapeMarkup());
        Screen.Out.Write(table);
    }
}
