using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Retention.Api.Commands;

namespace Retention.Api.Tests.Commands;

public sealed class UpCommandTests : IDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("retention-").FullName;
    private readonly int port = FreePort();

    public UpCommandTests()
    {
        // Root runs PostgreSQL as another user, who has to get there.
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(data, (UnixFileMode)0b111_101_101);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var pid in Servers())
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
            process.WaitForExit();
        }
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task A_second_start_names_the_first_and_SIGTERM_stops_that_one_with_its_database()
    {
        using var first = Up();
        await first.UntilAsync("Retention is ready at", Ct);
        var url = $"http://localhost:{port}";
        RunningService.Find(data).ShouldNotBeNull().ShouldSatisfyAllConditions(
            service => service.Url.ShouldBe(url),
            service => service.Pid.ShouldBe(first.Pid));
        Servers().ShouldNotBeEmpty();

        using var second = Up();
        (await second.EndAsync(Ct)).ShouldBe(1);
        second.Errors.ShouldContain($"already running at {url}");
        using var http = new HttpClient();
        (await http.GetAsync(new Uri($"{url}/health/live"), Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var status = RetentionProcess.Start("status", "--data", data);
        (await status.EndAsync(Ct)).ShouldBe(0);
        status.Output.ShouldContain(url);

        await first.SignalAsync("TERM", Ct);
        (await first.EndAsync(Ct)).ShouldBe(0);
        Servers().ShouldBeEmpty();
        RunningService.Find(data).ShouldBeNull();
        File.Exists(Path.Combine(data, "service.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task After_a_violent_end_the_next_start_takes_the_database_over()
    {
        using var killed = Up();
        await killed.UntilAsync("Retention is ready at", Ct);
        var server = Servers();
        await killed.SignalAsync("KILL", Ct);
        await killed.EndAsync(Ct);
        RunningService.Find(data).ShouldBeNull();
        File.Exists(Path.Combine(data, "service.json")).ShouldBeTrue();
        using var status = RetentionProcess.Start("status", "--data", data);
        (await status.EndAsync(Ct)).ShouldBe(1);
        status.Errors.ShouldContain("No service is running");

        using var again = Up();
        await again.UntilAsync("Retention is ready at", Ct);
        again.Output.ShouldContain("Adopting");
        Servers().ShouldContain(server[0]);
        await again.SignalAsync("INT", Ct);
        (await again.EndAsync(Ct)).ShouldBe(0);
        Servers().ShouldBeEmpty();
    }

    [Fact]
    public async Task Ctrl_C_in_the_middle_of_the_first_start_leaves_nothing_running()
    {
        using var up = Up();
        await up.UntilAsync("is making its data folder", Ct);
        await up.SignalAsync("INT", Ct);
        (await up.EndAsync(Ct)).ShouldBe(0);
        up.Output.ShouldEndWith("Stopped.");
        Servers().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task A_taken_port_is_told_before_anything_is_started(string address)
    {
        using var other = new TcpListener(IPAddress.Parse(address), port);
        other.Start();
        using var up = Up();
        (await up.EndAsync(Ct)).ShouldBe(1);
        up.Errors.ShouldBe($"Port {port} is taken by another program: choose another one with --port.");
        Directory.Exists(Path.Combine(data, "postgres")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_wrong_word_is_a_fault_on_the_standard_error()
    {
        using var wrong = RetentionProcess.Start("up", "--port", "none");
        (await wrong.EndAsync(Ct)).ShouldBe(1);
        wrong.Errors.ShouldContain("--port");
        wrong.Output.ShouldBeEmpty();
    }

    private RetentionProcess Up() => RetentionProcess.Start("up", "--no-demo", "--port", $"{port}", "--data", data);

    // A server works in its data directory; initdb has that on its command line.
    private int[] Servers() =>
        [
            .. Process.GetProcesses().Where(p => p.ProcessName is "postgres" or "initdb").Select(p => p.Id)
                .Where(pid => Text($"/proc/{pid}/cmdline").Contains(data, StringComparison.Ordinal)),
        ];

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
