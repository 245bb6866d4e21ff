using System.CommandLine;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Retention.Api.Commands;

/// <summary>A file of an export.</summary>
/// <param name="Rows">Without a header and the line that ends NDJSON.</param>
/// <param name="Bytes">Before packing, like what <paramref name="Sha256"/> is of.</param>
/// <param name="Position">The log position that it reaches, or is of.</param>
internal sealed record ExportedFile(string Name, long Rows, long Bytes, string Sha256, long Position);

/// <summary>What an export consists of; written again after each file, so that the same command goes on where it was interrupted.</summary>
/// <param name="Position">The log is exported up to here.</param>
internal sealed record ExportManifest(string Tenant, string Format, long Position, bool Complete, IReadOnlyList<ExportedFile> Files);

/// <summary>
/// <c>retention export DIR</c>: a tenant's log, pinned to a position, and every read model as packed NDJSON or CSV files, with a manifest of
/// their rows and hashes. Run again, it goes on where it was interrupted.
/// </summary>
internal static class ExportCommand
{
    private const int EventsOfFile = 500_000;

    private static readonly Argument<DirectoryInfo> Folder = new("DIR") { Description = "The folder for the files; made if it is not there." };
    private static readonly Option<string> Tenant = new("--tenant") { Description = "The tenant.", DefaultValueFactory = _ => "default", HelpName = "T" };
    private static readonly Option<string> Format = new("--format") { Description = "ndjson or csv.", DefaultValueFactory = _ => "ndjson" };
    private static readonly Option<long?> Until = new("--until") { Description = "The last position of the log; by default what is complete now.", HelpName = "POSITION" };
    private static readonly Option<string?> Replay = new("--replay") { Description = "Take the read models from this replay, which pins them, too.", HelpName = "NAME" };
    private static readonly Option<string?> Url = new("--url") { Description = "The service; by default the running one of the data folder.", HelpName = "URL" };
    private static readonly Option<string?> Key = new("--key") { Description = "An API key with the scope read:pii.", HelpName = "KEY" };
    private static readonly Option<string> Data = DataOption.Create();

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        Format.AcceptOnlyFromAmong("ndjson", "csv");
        var command = new Command("export", "Export a tenant's log and read models into files, with a manifest. Exit codes: 0 complete, 1 not.")
        {
            Folder, Tenant, Format, Until, Replay, Url, Data, Key,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult asked, CancellationToken ct)
    {
        var url = asked.GetValue(Url) ?? RunningInstance.Find(Path.GetFullPath(asked.GetRequiredValue(Data)))?.Url;
        if (url is null) return Screen.Fail($"No service is running on {Path.GetFullPath(asked.GetRequiredValue(Data))}. Start one with: retention up");
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AutomaticDecompression = System.Net.DecompressionMethods.GZip });
        http.BaseAddress = new Uri(url.Contains("://", StringComparison.Ordinal) ? url : $"http://{url}");
        http.Timeout = Timeout.InfiniteTimeSpan;
        http.DefaultRequestHeaders.Add(Tenancy.Tenant.Header, asked.GetRequiredValue(Tenant));
        if (asked.GetValue(Key) is { } key) http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        try
        {
            var manifest = await BeginAsync(http, asked, ct);
            manifest = await EventsAsync(http, asked, manifest, ct);
            manifest = await ModelsAsync(http, asked, manifest, ct);
            Write(asked, manifest with { Complete = true });
            Screen.Say(string.Create(CultureInfo.InvariantCulture, $"{manifest.Files.Sum(file => file.Rows):n0} rows in {manifest.Files.Count} files up to position {manifest.Position}."));
            return 0;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or UnauthorizedAccessException or JsonException)
        {
            return Screen.Fail($"{fault.Message} The same command goes on where this one stopped.");
        }
    }

    /// <summary>The manifest of an export that was begun in the folder, or a new one.</summary>
    private static async Task<ExportManifest> BeginAsync(HttpClient http, ParseResult asked, CancellationToken ct)
    {
        var folder = asked.GetRequiredValue(Folder);
        folder.Create();
        var (tenant, format) = (asked.GetRequiredValue(Tenant), asked.GetRequiredValue(Format));
        if (File.Exists(PathOf(asked)))
        {
            var begun = JsonSerializer.Deserialize<ExportManifest>(await File.ReadAllBytesAsync(PathOf(asked), ct), Json)!;
            if (begun.Tenant != tenant || begun.Format != format) throw new IOException($"{folder.FullName} holds an export of tenant {begun.Tenant} as {begun.Format}.");
            return begun;
        }
        using var status = JsonDocument.Parse(await http.GetStringAsync("/v1/status", ct));
        return new ExportManifest(tenant, format, asked.GetValue(Until) ?? status.RootElement.GetProperty("safePosition").GetInt64(), false, []);
    }

    private static async Task<ExportManifest> EventsAsync(HttpClient http, ParseResult asked, ExportManifest manifest, CancellationToken ct)
    {
        while (true)
        {
            var after = manifest.Files.Where(file => file.Name.StartsWith("events-", StringComparison.Ordinal)).Select(file => file.Position).DefaultIfEmpty(0).Max();
            if (after >= manifest.Position) return manifest;
            var path = $"/v1/events?after={after}&until={manifest.Position}&limit={EventsOfFile}&format={manifest.Format}";
            var file = await FileAsync(http, asked, (path, $"events-{after + 1:d12}"), ct);
            // A page that is not full has looked through everything.
            file = file.Rows < EventsOfFile ? file with { Position = manifest.Position } : file;
            Write(asked, manifest = manifest with { Files = [.. manifest.Files, file] });
        }
    }

    private static async Task<ExportManifest> ModelsAsync(HttpClient http, ParseResult asked, ExportManifest manifest, CancellationToken ct)
    {
        var replay = asked.GetValue(Replay) is { } name ? $"replay={Uri.EscapeDataString(name)}" : "";
        using var list = JsonDocument.Parse(await http.GetStringAsync($"/v1/exports?{replay}", ct));
        foreach (var model in list.RootElement.GetProperty("models").EnumerateArray().Select(model => model.GetProperty("name").GetString()!))
        {
            if (manifest.Files.Any(file => file.Name.StartsWith($"{model}.", StringComparison.Ordinal))) continue;
            var file = await FileAsync(http, asked, ($"/v1/exports/{model}?format={manifest.Format}&{replay}", model), ct);
            Write(asked, manifest = manifest with { Files = [.. manifest.Files, file] });
        }
        return manifest;
    }

    private static async Task<ExportedFile> FileAsync(HttpClient http, ParseResult asked, (string Path, string Name) of, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, of.Path);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!response.IsSuccessStatusCode)
        {
            using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(ct));
            throw new HttpRequestException(problem.RootElement.GetProperty("detail").GetString());
        }
        var format = asked.GetRequiredValue(Format);
        var name = $"{of.Name}.{format}.gz";
        var part = Path.Combine(asked.GetRequiredValue(Folder).FullName, $"{name}.part");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (rows, bytes, tail) = (0L, 0L, new List<byte>());
        await using (var file = new GZipStream(File.Create(part), CompressionLevel.Fastest))
        {
            await using var body = await response.Content.ReadAsStreamAsync(ct);
            var buffer = new byte[1 << 17];
            for (int read; (read = await body.ReadAsync(buffer, ct)) > 0; bytes += read)
            {
                hash.AppendData(buffer, 0, read);
                rows += buffer.AsSpan(0, read).Count((byte)'\n');
                await file.WriteAsync(buffer.AsMemory(0, read), ct);
                tail.AddRange(buffer.AsSpan(0, read));
                if (tail.Count > 1 << 18) tail.RemoveRange(0, tail.Count - (1 << 17));
            }
        }
        // NDJSON says where it ends, and lacks that line where it was cut off; CSV has a header in place of it.
        var position = response.Headers.TryGetValues("Retention-Position", out var header) ? long.Parse(header.Single(), CultureInfo.InvariantCulture) : EndOf(tail, format);
        File.Move(part, Path.Combine(asked.GetRequiredValue(Folder).FullName, name), overwrite: true);
        return new ExportedFile(name, Math.Max(0, rows - 1), bytes, Convert.ToHexStringLower(hash.GetHashAndReset()), position);
    }

    private static long EndOf(List<byte> tail, string format)
    {
        var lines = System.Text.Encoding.UTF8.GetString([.. tail]).TrimEnd('\n').Split('\n');
        if (format == "csv") return long.TryParse(lines[^1].Split(',')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : 0;
        using var end = JsonDocument.Parse(lines[^1]);
        return end.RootElement.TryGetProperty("end", out _) ? end.RootElement.GetProperty("position").GetInt64()
            : throw new HttpRequestException("The service stopped before the end of a file.");
    }

    private static string PathOf(ParseResult asked) => Path.Combine(asked.GetRequiredValue(Folder).FullName, "manifest.json");

    private static void Write(ParseResult asked, ExportManifest manifest)
    {
        File.WriteAllBytes($"{PathOf(asked)}.new", JsonSerializer.SerializeToUtf8Bytes(manifest, Json));
        File.Move($"{PathOf(asked)}.new", PathOf(asked), overwrite: true);
    }
}
