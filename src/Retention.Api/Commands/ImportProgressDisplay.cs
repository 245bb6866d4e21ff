using System.Globalization;
using Retention.Api.Ingest.Imports;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Retention.Api.Commands;

/// <summary>
/// Shows an import under way: bars with rate and time left on a terminal, else a plain line for each stage and every tenth of it.
/// </summary>
public abstract class ImportProgressDisplay
{
    public static Task ShowAsync(IAnsiConsole console, Func<ImportProgressDisplay, Task> work) =>
        console.Profile.Capabilities.Interactive ? Bars.RunAsync(console, work) : work(new Lines(console));

    public void Sent(long bytes, long total) => Show("Sending", bytes, total, "B");

    public void Seen(Import import)
    {
        var progress = import.Progress;
        if (progress.BytesTotal > 0) Show("Reading", progress.BytesRead, progress.BytesTotal, "B", $"{progress.LinesRead:N0} lines");
        if (import.Status != "reading")
            Show(
                import.DryRun ? "Mapping" : "Storing", progress.EventsStored, progress.EventsExpected, "events",
                $"{progress.EventsStored:N0} events");
    }

    public void Projecting(bool done) => Show("Projecting", done ? 1 : 0, done ? 1 : null, "");

    /// <param name="total">Null while it is not known.</param>
    protected abstract void Show(string stage, long value, long? total, string unit, string note = "");

    private sealed class Lines(IAnsiConsole console) : ImportProgressDisplay
    {
        private readonly Dictionary<string, long> shown = [];

        protected override void Show(string stage, long value, long? total, string unit, string note = "")
        {
            var tenth = total > 0 ? value * 10 / total.Value : 0;
            if (shown.TryGetValue(stage, out var last) && tenth <= last) return;
            shown[stage] = tenth;
            var share = total is null ? "" : $" {tenth * 10} %";
            console.Profile.Out.Writer.WriteLine($"{stage}{share}{(note.Length > 0 ? ", " + note : "")}");
        }
    }

    private sealed class Bars(ProgressContext context) : ImportProgressDisplay
    {
        private readonly Dictionary<string, ProgressTask> tasks = [];

        public static Task RunAsync(IAnsiConsole console, Func<ImportProgressDisplay, Task> work) =>
            console.Progress()
                .Columns(
                    new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                    new RateColumn(), new RemainingTimeColumn())
                .StartAsync(context => work(new Bars(context)));

        protected override void Show(string stage, long value, long? total, string unit, string note = "")
        {
            if (!tasks.TryGetValue(stage, out var task)) tasks[stage] = task = context.AddTask(stage);
            task.State.Update<char>("unit", _ => unit is [var first, ..] ? first : default);
            task.Description = note.Length > 0 ? $"{stage} [grey]{note}[/]" : stage;
            task.IsIndeterminate = total is null;
            task.MaxValue = Math.Max(total ?? value + 1, 1);
            task.Value = value;
        }
    }

    private sealed class RateColumn : ProgressColumn
    {
        private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(
            (task.Speed, task.State.Get<char>("unit")) switch
            {
                (null, _) or (_, default(char)) => "",
                // Of what is over at once a rate says nothing.
                _ when task.ElapsedTime is not { } elapsed || elapsed < Shortest => "",
                (var speed, 'B') => string.Create(CultureInfo.InvariantCulture, $"{speed / 1e6:N1} MB/s"),
                var (speed, _) => string.Create(CultureInfo.InvariantCulture, $"{speed:N0}/s"),
            },
            new Style(Color.Grey));
    }
}
