using System.Diagnostics;
using System.Text.Json;
using Spectre.Console;

namespace Retention.Benchmarks.Append;

/// <param name="Events">Stored in the measured time.</param>
/// <param name="P99">The 99th percentile of one call, in milliseconds; null where a measurement is one call.</param>
/// <param name="Service">What the service's own process took for it; null where the measurement runs in this one.</param>
internal sealed record Figure(string Name, int Events, double Seconds, double? P99 = null, ServiceUse? Service = null)
{
    public double Rate => Events / Seconds;
}

/// <param name="PeakMemoryBytes">The most that the process ever held resident, from its start on.</param>
/// <param name="CpuSeconds">User and system time during the measurement, all that runs in the process included.</param>
internal sealed record ServiceUse(long PeakMemoryBytes, double CpuSeconds);

/// <summary>The figures of one run; rates only mean something beside the others of the same run.</summary>
internal sealed class Report(string server)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private readonly List<Figure> figures = [];

    public void Add(Figure figure)
    {
        figures.Add(figure);
        AnsiConsole.MarkupLineInterpolated($"[grey]{figure.Name}: {figure.Rate:n0} events/s[/]");
    }

    /// <param name="yardstick">The name of the figure to which all rates are related.</param>
    /// <param name="second">The name of the one to which they are related besides, where it was measured.</param>
    public void Print(string yardstick, string second, FileInfo? file)
    {
        var unit = figures.Single(figure => figure.Name == yardstick).Rate;
        var other = figures.Find(figure => figure.Name == second)?.Rate;
        var table = new Table().Title($"Append, {server}").AddColumn("measurement")
            .AddColumn(new TableColumn("events/s").RightAligned())
            .AddColumn(new TableColumn($"of {yardstick}").RightAligned())
            .AddColumn(new TableColumn($"of {second}").RightAligned())
            .AddColumn(new TableColumn("p99 ms").RightAligned())
            .AddColumn(new TableColumn("service: MB, CPU s").RightAligned());
        foreach (var figure in figures)
            table.AddRow(
                figure.Name, $"{figure.Rate:n0}", $"{figure.Rate / unit:p1}", other is { } rate ? $"{figure.Rate / rate:p1}" : "",
                figure.P99 is { } p99 ? $"{p99:n1}" : "",
                figure.Service is { } use ? $"{use.PeakMemoryBytes / 1048576.0:n0}, {use.CpuSeconds:n1}" : "");
        AnsiConsole.Write(table);

        using var process = Process.GetCurrentProcess();
        var json = JsonSerializer.Serialize(new
        {
            server,
            processors = Environment.ProcessorCount,
            peakMemoryBytes = process.PeakWorkingSet64,
            yardstick,
            secondYardstick = second,
            figures = figures.Select(figure => new
            {
                figure.Name,
                figure.Events,
                figure.Seconds,
                eventsPerSecond = Math.Round(figure.Rate),
                ratio = Math.Round(figure.Rate / unit, 4),
                ratioToSecond = other is { } rate ? Math.Round(figure.Rate / rate, 4) : (double?)null,
                p99Milliseconds = figure.P99,
                figure.Service,
            }),
        }, Json);
        AnsiConsole.MarkupLineInterpolated($"Peak memory of this process: {process.PeakWorkingSet64 / 1048576.0:n0} MB");
        if (file is null) Console.WriteLine(json);
        else File.WriteAllText(file.FullName, json);
    }
}
