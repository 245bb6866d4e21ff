using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary>Where commands write: results on the standard output, faults on the standard error; colours on a terminal only.</summary>
internal static class Screen
{
    /// <summary>The standard output; a table in a file or a pipe is as wide as it needs to be.</summary>
    public static readonly IAnsiConsole Out = Open(Console.Out, Console.IsOutputRedirected);

    /// <summary>The standard error.</summary>
    public static readonly IAnsiConsole Error = Open(Console.Error, Console.IsErrorRedirected);

    /// <summary>Writes a line that may hold any character.</summary>
    public static void Say(string line) => Out.WriteLine(line);

    /// <summary>Tells why a command failed.</summary>
    /// <returns>The exit code of a failure, 1.</returns>
    public static int Fail(string line)
    {
        Error.Write(new Text(line, new Style(Color.Red)));
        Error.WriteLine();
        return 1;
    }

    private static IAnsiConsole Open(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
            Out = new AnsiConsoleOutput(writer),
        });
        if (redirected)
            console.Profile.Width = 10_000;
        return console;
    }
}
