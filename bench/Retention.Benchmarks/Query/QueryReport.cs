using System.Diagnostics;
using System.Text.Json;
using Spectre.Console;

namespace Retention.Benchmarks.Query;

/// <summary>The times of one run; times only mean something beside the others of the same run.</summary>
internal sealed class QueryReport(string server)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private readonly List<(string Name, double P50, double P99, int Count, double Processor)> figures = [];
    private readonly List<string> notes = [];

    /// <param name="processor">What this process took of all processors meanwhile.</param>
    public void Add(string name, List<TimeSpan> taken, TimeSpan processor)
    {
        var sorted = taken.Select(time => time.TotalMilliseconds).Order().ToArray();
        figures.Add((name, sorted[sorted.Length / 2], sorted[(int)(sorted.Length * 0.99)], sorted.Length, processor.TotalMilliseconds / sorted.Length));
        AnsiConsole.MarkupLineInterpolated($"[grey]{name}: p50 {figures[^1].P50:n1} ms, p99 {figures[^1].P99:n1} ms, processor time {figures[^1].Processor:n1} ms[/]");
    }

    public void Note(string note)
    {
        notes.Add(note);
        AnsiConsole.MarkupLineInterpolated($"[grey]{note}[/]");
    }

    /// <summary>Notes what the process holds now.</summary>
    public void Memory()
    {
        using var process = Process.GetCurrentProcess();
        Note($"memory of this process with the histories held: {process.WorkingSet64 / 1048576.0:n0} MB, of managed objects {GC.GetTotalMemory(forceFullCollection: true) / 1048576.0:n0} MB");
    }

    public void Print(FileInfo? file)
    {
        var table = new Table().Title($"Questions, {server}").AddColumn("measurement").AddColumn(new TableColumn("p50 ms").RightAligned())
            .AddColumn(new TableColumn("p99 ms").RightAligned()).AddColumn(new TableColumn("processor ms").RightAligned())
            .AddColumn(new TableColumn("times").RightAligned());
        foreach (var (name, p50, p99, count, processor) in figures) table.AddRow(name, $"{p50:n1}", $"{p99:n1}", $"{processor:n1}", $"{count}");
        AnsiConsole.Write(table);
        foreach (var note in notes) AnsiConsole.WriteLine(note);
        Ratio("plain SQL over cells, cohorts", "plain SQL: cohorts", "cells: cohorts, large");
        Ratio("plain SQL over cells, retention", "plain SQL: retention", "cells: retention, large");
        Ratio("plain SQL over warm fold, cohorts", "plain SQL: cohorts", "fold warm: cohorts in another zone");
        Ratio("plain SQL over warm fold, retention", "plain SQL: retention", "fold warm: retention in another zone");
        Ratio("plain SQL over warm fold, two filters", "plain SQL: retention, two filters, window 45 d", "fold warm: retention, two filters, window 45 d");
        Ratio("cells of ten times as much, cohorts", "cells: cohorts, large", "cells: cohorts, small");
        Ratio("cells of ten times as much, retention", "cells: retention, large", "cells: retention, small");
        if (file is not null)
            File.WriteAllText(file.FullName, JsonSerializer.Serialize(new { server, notes, figures = figures.Select(figure => new { figure.Name, p50Milliseconds = figure.P50, p99Milliseconds = figure.P99, processorMilliseconds = figure.Processor, figure.Count }) }, Json));
    }

    private void Ratio(string name, string of, string to)
    {
        if (P50(of) is { } numerator && P50(to) is { } denominator) AnsiConsole.MarkupLineInterpolated($"{name}: {numerator / denominator:n1}");
    }

    /// <summary>Null for what was not measured.</summary>
    private double? P50(string name) => figures.Where(figure => figure.Name == name).Select(figure => (double?)figure.P50).SingleOrDefault();
}
