using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Retention.Api;
using Retention.Api.Demo;
using Retention.Projections.Embedded;
using Spectre.Console;

namespace Retention.Benchmarks.Polling;

/// <param name="Duration">Of each measurement.</param>
/// <param name="Connections">That ask at the same time, each as fast as it is answered.</param>
internal sealed record PollingOptions(TimeSpan Duration, int Connections, int Repeat, FileInfo? Json);

/// <summary>
/// How often a second unchanged (304) and kept answers are given, beside an endpoint of the same process that does nothing. The rates are
/// taken in turns, so that whatever else the machine does falls on all of them.
/// </summary>
internal sealed class PollingBenchmark(PollingOptions options)
{
    private const string Question = "/v1/metrics/retention?grain=month";

    public static async Task<int> RunAsync(PollingOptions options, CancellationToken ct)
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(EmbeddedOptions.Temporary(_ => { }), ct);
        await using var app = RetentionApp.Build(new ServiceOptions(postgres.ConnectionString, Port: 0) { AllowFsyncOff = true });
        app.MapGet("/empty", () => Results.Empty);
        await app.StartAsync(ct);
        var service = new Uri(app.Urls.First());
        using (var http = new HttpClient())
        {
            while (!(await http.GetAsync(new Uri(service, "/health/ready"), ct)).IsSuccessStatusCode) await Task.Delay(50, ct);
        }
        await app.Services.GetRequiredService<DemoTenant>().LoadAsync(_ => { }, ct);
        await new PollingBenchmark(options).MeasureAsync(service, ct);
        await app.StopAsync(CancellationToken.None);
        return 0;
    }

    private async Task MeasureAsync(Uri service, CancellationToken ct)
    {
        using var http = new HttpClient { BaseAddress = service, DefaultRequestHeaders = { { "Retention-Tenant", DemoTenant.Name } } };
        using var first = await http.GetAsync(new Uri(Question, UriKind.Relative), ct);
        var (tag, bytes) = (first.EnsureSuccessStatusCode().Headers.ETag!.Tag, (await first.Content.ReadAsByteArrayAsync(ct)).Length);
        var cases = new (string Name, string Path, string More, double Bar)[]
        {
            ("an endpoint that does nothing", "/empty", "", 0), ("304, unchanged", Question, $"If-None-Match: {tag}\r\n", 0.6), ($"200, kept, {bytes:n0} bytes", Question, "", 0.4),
        };
        var rates = cases.Select(_ => new List<double>()).ToList();
        for (var turn = 0; turn <= options.Repeat; turn++)
        {
            for (var i = 0; i < cases.Length; i++)
            {
                var rate = await RateAsync(service, cases[i].Path, cases[i].More, ct);
                // The first turn warms up.
                if (turn > 0) rates[i].Add(rate);
            }
        }
        Print(cases, [.. rates.Select(all => all.Order().ElementAt(all.Count / 2))]);
    }

    private async Task<double> RateAsync(Uri service, string path, string more, CancellationToken ct)
    {
        var request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nRetention-Tenant: {DemoTenant.Name}\r\n{more}\r\n");
        var started = Stopwatch.GetTimestamp();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        over.CancelAfter(options.Duration);
        var counts = await Task.WhenAll(Enumerable.Range(0, options.Connections).Select(_ => Task.Run(() => Asker.RunAsync(service, request, over.Token), ct)));
        return counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private void Print((string Name, string Path, string More, double Bar)[] cases, IReadOnlyList<double> rates)
    {
        var table = new Table().AddColumns("Answer", "a second", "of the empty one", "to reach");
        for (var i = 0; i < cases.Length; i++)
            table.AddRow(cases[i].Name, $"{rates[i]:n0}", $"{rates[i] / rates[0]:p0}", cases[i].Bar == 0 ? "" : $"{cases[i].Bar:p0}");
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.Connections} connections from the same process, {Environment.ProcessorCount} processors, median of {options.Repeat}"));
        if (options.Json is { } file)
            File.WriteAllText(file.FullName, JsonSerializer.Serialize(cases.Select((asked, i) => new { asked.Name, PerSecond = rates[i], OfEmpty = rates[i] / rates[0] }), JsonSerializerOptions.Web));
    }
}
