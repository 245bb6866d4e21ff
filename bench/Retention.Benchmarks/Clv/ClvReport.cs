using System.Diagnostics;
using System.Text.Json;
using Spectre.Console;

namespace Retention.Benchmarks.Clv;

/// <param name="Rows">Distinct patterns for a fit, customers for a score.</param>
/// <param name="Seconds">The median of the measurements.</param>
/// <param name="PeakMemoryBytes">The most that the process held resident from its start to the end of the measurement.</param>
internal sealed record ClvFigure(string Data, string Name, int Rows, double Seconds, long PeakMemoryBytes);

internal sealed class ClvReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private readonly List<ClvFigure> figures = [];

    public void Add(ClvFigure figure)
    {
        figures.Add(figure);
        AnsiConsole.MarkupLineInterpolated($"[grey]{figure.Data}, {figure.Name}: {figure.Seconds:n3} s[/]");
    }

    public void Print(FileInfo? file)
    {
        var table = new Table().Title($"Predictive models, {Environment.ProcessorCount} processors").AddColumn("data").AddColumn("measurement")
            .AddColumn(new TableColumn("rows").RightAligned())
            .AddColumn(new TableColumn("s").RightAligned())
            .AddColumn(new TableColumn("peak MB so far").RightAligned());
        foreach (var figure in figures)
            table.AddRow(figure.Data, figure.Name, $"{figure.Rows:n0}", $"{figure.Seconds:n3}", $"{figure.PeakMemoryBytes / 1048576.0:n0}");
        AnsiConsole.Write(table);

        using var process = Process.GetCurrentProcess();
        var json = JsonSerializer.Serialize(
            new { processors = Environment.ProcessorCount, peakMemoryBytes = process.PeakWorkingSet64, figures }, Json);
        if (file is null) Console.WriteLine(json);
        else File.WriteAllText(file.FullName, json);
    }
}
