using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;
using Spectre.Console;

namespace Retention.Api.Commands;

/// <summary>
/// <c>retention import FILE --mapping NAME</c>: sends a file to a running service, shows how it goes, prints the report, and returns when
/// the figures reflect it. Exit code 0 if the file was read, even where lines were refused; 1 otherwise.
/// </summary>
public static class ImportCommand
{
    private const int ShownLines = 10;

    // A service that was started just before needs this long to take its data folder.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(8);

    private const string Interrupted = "The service ended before the import did.";

    private const string Again = "Importing a file again stores only what is missing.";

    private const string Start = "Start it with ./retention up, or name it with --url.";

    private static readonly Argument<FileInfo> File = new("FILE")
    {
        Description = "The file, packed with gzip or not; of a data set of several files any of them, their folder, or a zip of them.",
    };

    private static readonly Option<string> MappingName =
        new("--mapping") { Description = $"How rows become events: {Mapping.Names}, or a mapping file of your own (docs/imports.md).", Required = true, HelpName = "NAME|FILE" };

    private static readonly Option<string?> Url =
        new("--url") { Description = "The service; by default the running one of the data folder.", HelpName = "URL" };

    private static readonly Option<string> Data = DataOption.Create();

    private static readonly Option<string?> Tenant = new("--tenant") { Description = "The tenant to import for.", HelpName = "T" };

    private static readonly Option<string?> Key = new("--key") { Description = "An API key with the scope ingest.", HelpName = "KEY" };

    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Report what would be stored and refused; store nothing." };

    private static readonly Option<FileInfo?> ReportFile = new("--report")
    {
        Description = "Write the refused lines as CSV, or, for a name that ends in .json, the whole report.",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        MappingName.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } name && Mapping.Named(name) is null && !System.IO.File.Exists(name))
                result.AddError($"'{name}' is neither a mapping nor a mapping file that is there; mappings are {Mapping.Names}.");
        });
        var command = new Command("import", "Import a file of purchases, or a data set of several files.") { File, MappingName, Url, Data, Tenant, Key, DryRun, ReportFile };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult asked, CancellationToken cancellation)
    {
        var error = ConsoleOn(asked.InvocationConfiguration.Error);
        try
        {
            var import = await ImportAsync(asked, error, cancellation);
            if (import.Report is { } report)
            {
                Print(ConsoleOn(asked.InvocationConfiguration.Output), import, report);
                if (asked.GetValue(ReportFile) is { } file) Write(file, report);
            }
            if (import.Status == "done") return 0;
            error.MarkupLineInterpolated($"[red]{import.Error?.Message ?? $"{Interrupted} {Again}"}[/]");
        }
        catch (HttpRequestException away)
        {
            error.MarkupLineInterpolated($"[red]The service does not answer: {away.Message}. {Start} {Again}[/]");
        }
        catch (Exception refusal) when (refusal is ImportRefusedException or IOException or UnauthorizedAccessException)
        {
            error.MarkupLineInterpolated($"[red]{refusal.Message}[/]");
        }
        return 1;
    }

    private static async Task<Import> ImportAsync(ParseResult asked, IAnsiConsole console, CancellationToken cancellation)
    {
        var file = asked.GetRequiredValue(File);
        if (!file.Exists && !Directory.Exists(file.FullName)) throw new FileNotFoundException($"There is no file {file.FullName}.");
        if (Mapping.Named(asked.GetValue(MappingName)) is not { Tables.Count: > 0 } mapping || file.Extension == ".zip") return await SendAsync(asked, file, console, cancellation);
        var packed = ImportTables.Pack(file.Exists ? file.Directory! : new DirectoryInfo(file.FullName), mapping.Name, mapping.Tables);
        try
        {
            return await SendAsync(asked, packed, console, cancellation);
        }
        finally
        {
            packed.Delete();
        }
    }

    private static async Task<Import> SendAsync(ParseResult asked, FileInfo file, IAnsiConsole console, CancellationToken cancellation)
    {
        using var http = RunningInstance.OpenHttp();
        http.BaseAddress = AddressOf(asked.GetValue(Url) ?? await RunningUrlAsync(asked.GetValue(Data)!, cancellation));
        http.Timeout = Timeout.InfiniteTimeSpan;
        if (asked.GetValue(Tenant) is { } tenant) http.DefaultRequestHeaders.Add("Retention-Tenant", tenant);
        if (asked.GetValue(Key) is { } key) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

        var client = new ImportClient(http);
        Import? ended = null;
        await ImportProgressDisplay.ShowAsync(console, async display =>
        {
            var (name, dryRun) = (asked.GetValue(MappingName)!, asked.GetValue(DryRun) ? "true" : "false");
            var own = Mapping.Named(name) is null ? new FileInfo(name) : null;
            var query = $"mapping={(own is null ? Uri.EscapeDataString(name) : CustomMapping.Name)}&dryRun={dryRun}";
            var begun = await client.SendAsync(file, own, query, bytes => display.Sent(bytes, file.Length), cancellation);
            ended = await client.FollowAsync(begun, display.Seen, cancellation);
            if (ended is not { Status: "done", Report.Position: { } position }) return;
            display.Projecting(done: false);
            var projected = await client.WaitForProjectionAsync(position, cancellation);
            display.Projecting(done: projected);
        });
        return ended!;
    }

    /// <summary>The address of the service on a data folder; one that is just starting is waited for.</summary>
    private static async Task<string> RunningUrlAsync(string data, CancellationToken cancellation) =>
        (await RunningInstance.WaitAsync(data, StartPatience, cancellation))?.Url
        ?? throw new ImportRefusedException("no_service", $"No service runs on {Path.GetFullPath(data)}. {Start}");

    private static Uri AddressOf(string url) =>
        Uri.TryCreate(url.Contains("://", StringComparison.Ordinal) ? url : $"http://{url}", UriKind.Absolute, out var address)
        && address.Scheme is "http" or "https"
            ? address
            : throw new ImportRefusedException("wrong_url", $"'{url}' is not an address such as http://localhost:8080.");

    private static void Print(IAnsiConsole console, Import import, ImportReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(import.DryRun ? $"{import.Mapping} (dry run)" : import.Mapping)
            .AddColumn(new TableColumn("").RightAligned());
        Row("Lines read", report.LinesRead);
        Row("  without a customer", report.LinesWithoutCustomer);
        Row("  refused", report.RefusedLines, "red");
        foreach (var (type, count) in report.EventsMade) Row($"Events {type}", count);
        if (!import.DryRun) Row("  accepted", report.Accepted, "green");
        if (!import.DryRun) Row("  duplicates", report.Duplicates);
        Row(import.DryRun ? "  would be rejected" : "  rejected by the store", report.RejectedEvents, "red");
        if (report.UnmatchedReturnLines > 0) Row("Return lines without a purchase", report.UnmatchedReturnLines);
        if (report.UnmatchedReturnLines > 0) Row("  their units", report.UnmatchedReturnUnits);
        foreach (var (code, count) in report.NotesByCode.Where(note => note.Key != "unmatched_return")) Row($"Noted {code}", count);
        console.Write(table);

        foreach (var first in report.FirstEvents ?? []) console.WriteLine($"{first.Type} {first.Id} of {first.Customer} at {Timestamp.Format(first.OccurredAt)}: {first.Data.GetRawText()}");
        foreach (var line in report.Refused.Take(ShownLines)) console.WriteLine($"line {line.Line}: {line.Message}");
        if (report.RefusedLines > ShownLines)
            console.WriteLine($"… and {report.RefusedLines - ShownLines:N0} more; --report FILE writes them all.");
        foreach (var (id, type, _, _, errors) in report.Rejected.Take(ShownLines))
            console.WriteLine($"{type} {id}: {string.Join("; ", errors.Select(fault => $"{fault.Path} {fault.Message}"))}");

        void Row(string name, decimal count, string? style = null)
        {
            var text = count.ToString("#,0.######", CultureInfo.InvariantCulture);
            table.AddRow(new Text(name), style is null || count == 0 ? new Text(text) : new Markup($"[{style}]{text}[/]"));
        }
    }

    private static void Write(FileInfo file, ImportReport report)
    {
        using var text = file.CreateText();
        if (file.Extension == ".json") text.Write(JsonSerializer.Serialize(report, ImportReport.Json));
        else report.WriteRefused(text);
    }

    /// <summary>Colours and bars on a terminal; else plain text, wide enough that nothing is wrapped.</summary>
    private static IAnsiConsole ConsoleOn(TextWriter writer)
    {
        var output = new AnsiConsoleOutput(writer);
        var console = AnsiConsole.Create(output.IsTerminal
            ? new AnsiConsoleSettings { Out = output }
            : new AnsiConsoleSettings
            {
                Out = output,
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
            });
        if (!output.IsTerminal) console.Profile.Width = 1_000;
        return console;
    }
}
