using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Retention.Benchmarks.Append;

/// <summary>The built service as <c>retention up</c> starts it, in a process of its own.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly DirectoryInfo data;

    // A pipe that nobody reads would stop the service once it is full.
    private Task reading = Task.CompletedTask;

    private ServiceProcess(Process process, DirectoryInfo data, Uri url) =>
        (this.process, this.data, Client) = (process, data, new HttpClient { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan });

    public HttpClient Client { get; }

    /// <summary>The high-water mark of resident memory since the start, as the kernel counts it.</summary>
    public long PeakMemoryBytes => 1024 * long.Parse(
        File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))[6..^2], CultureInfo.InvariantCulture);

    /// <summary>User and system time so far.</summary>
    public double CpuSeconds
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime.TotalSeconds;
        }
    }

    public static async Task<ServiceProcess> StartAsync(string connection, bool projects, CancellationToken ct)
    {
        var port = FreePort();
        var data = Directory.CreateTempSubdirectory("retention-bench-");
        string[] words = ["up", "--no-demo", "--port", $"{port}", "--data", data.FullName, "--connection", connection, .. projects ? (string[])[] : ["--no-projections"]];
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Retention.Api.dll"), .. words]) { RedirectStandardOutput = true };
        var service = new ServiceProcess(Process.Start(start)!, data, new Uri($"http://localhost:{port}"));
        try
        {
            while (await service.process.StandardOutput.ReadLineAsync(ct) is { } line)
            {
                if (!line.Contains("is ready at", StringComparison.Ordinal)) continue;
                service.reading = service.process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                return service;
            }
            throw new InvalidOperationException("The service ended before it was ready.");
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        await reading;
        process.Dispose();
        data.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
