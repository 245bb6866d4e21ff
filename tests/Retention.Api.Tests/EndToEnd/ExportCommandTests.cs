using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Retention.Api.Commands;
using Retention.Api.Tests.Commands;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.EndToEnd;

/// <summary>The commands of replay as somebody types them, on a service of its own.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private readonly TrialFolder folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Into => Path.Combine(folder.Data, "export");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_export_is_whole_hashed_and_goes_on_where_it_was_cut_off_and_a_rebuild_is_told_about()
    {
        using var service = folder.Up();
        await service.UntilAsync("Retention is ready at", Ct);
        using var http = RunningInstance.OpenHttp();
        http.BaseAddress = new Uri(folder.Url);
        var tenant = new TestTenant(http, "default");
        await tenant.AcceptAsync([.. Enumerable.Range(0, 300).Select(number => Order($"c{number % 40}", $"2025-01-{1 + (number % 28):d2}T{number % 24:d2}:00:00Z", number))]);
        await tenant.AskAsync("/v1/metrics/revenue");

        (await RunAsync("export", Into, "--data", folder.Data)).ShouldContain("up to position");
        var first = Manifest();
        first.GetProperty("complete").GetBoolean().ShouldBeTrue();
        foreach (var file in first.GetProperty("files").EnumerateArray()) ShouldBeAsTold(file);
        first.GetProperty("files").EnumerateArray().Single(file => file.GetProperty("name").GetString()!.StartsWith("events-")).GetProperty("rows").GetInt64().ShouldBe(300);

        await tenant.AcceptAsync(Order("late", "2025-02-01"));
        var events = Directory.GetFiles(Into, "events-*").Single();
        File.Delete(events);
        var cut = File.ReadAllText(Path.Combine(Into, "manifest.json"));
        var files = first.GetProperty("files").EnumerateArray().Where(file => !file.GetProperty("name").GetString()!.StartsWith("events-")).Select(file => file.GetRawText());
        File.WriteAllText(Path.Combine(Into, "manifest.json"), $$"""{"tenant":"default","format":"ndjson","position":{{first.GetProperty("position")}},"complete":false,"files":[{{string.Join(',', files)}}]}""");
        await RunAsync("export", Into, "--data", folder.Data);
        Manifest().GetProperty("files").EnumerateArray().Select(file => file.GetProperty("sha256").GetString()).Order()
            .ShouldBe(JsonDocument.Parse(cut).RootElement.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("sha256").GetString()).Order());

        (await RunAsync("rebuild", "--data", folder.Data)).ShouldContain("0 differed");
        (await RunAsync("rebuild", "--status", "--data", folder.Data)).ShouldContain("switched");
        (await RunAsync("rebuild", "--confirm", "--data", folder.Data)).ShouldContain("confirmed");
        await service.SignalAsync("TERM", Ct);
        await service.EndAsync(Ct);
    }

    private JsonElement Manifest() => JsonDocument.Parse(File.ReadAllText(Path.Combine(Into, "manifest.json"))).RootElement;

    private void ShouldBeAsTold(JsonElement file)
    {
        using var packed = new GZipStream(File.OpenRead(Path.Combine(Into, file.GetProperty("name").GetString()!)), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        bytes.Length.ShouldBe(file.GetProperty("bytes").GetInt64());
        Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())).ShouldBe(file.GetProperty("sha256").GetString());
        System.Text.Encoding.UTF8.GetString(bytes.ToArray()).Count(letter => letter == '\n').ShouldBe((int)file.GetProperty("rows").GetInt64() + 1);
    }

    private static async Task<string> RunAsync(params string[] words)
    {
        using var command = RetentionProcess.Start(words);
        (await command.EndAsync(Ct)).ShouldBe(0, command.Errors);
        return command.Output;
    }
}
