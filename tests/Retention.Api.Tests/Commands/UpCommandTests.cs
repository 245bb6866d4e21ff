using System.Net;
using System.Net.Sockets;
using Retention.Api.Commands;

namespace Retention.Api.Tests.Commands;

public sealed class UpCommandTests : IDisposable
{
    private readonly TrialFolder folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_second_start_names_the_first_and_SIGTERM_stops_that_one_with_its_database()
    {
        using var first = folder.Up();
        await first.UntilAsync("Retention is ready at", Ct);
        var url = folder.Url;
        RunningInstance.Find(folder.Data).ShouldNotBeNull().ShouldSatisfyAllConditions(
            service => service.Url.ShouldBe(url),
            service => service.Pid.ShouldBe(first.Pid));
        folder.Servers().ShouldNotBeEmpty();

        using var second = folder.Up();
        (await second.EndAsync(Ct)).ShouldBe(1);
        second.Errors.ShouldContain($"already running at {url}");
        using var http = new HttpClient();
        (await http.GetAsync(new Uri($"{url}/health/live"), Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var status = RetentionProcess.Start("status", "--data", folder.Data);
        (await status.EndAsync(Ct)).ShouldBe(0);
        status.Output.ShouldContain(url);

        await first.SignalAsync("TERM", Ct);
        (await first.EndAsync(Ct)).ShouldBe(0);
        folder.Servers().ShouldBeEmpty();
        RunningInstance.Find(folder.Data).ShouldBeNull();
        File.Exists(Path.Combine(folder.Data, "service.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task After_a_violent_end_the_next_start_takes_the_database_over()
    {
        using var killed = folder.Up();
        await killed.UntilAsync("Retention is ready at", Ct);
        var server = folder.Servers();
        await killed.SignalAsync("KILL", Ct);
        await killed.EndAsync(Ct);
        RunningInstance.Find(folder.Data).ShouldBeNull();
        File.Exists(Path.Combine(folder.Data, "service.json")).ShouldBeTrue();
        using var status = RetentionProcess.Start("status", "--data", folder.Data);
        (await status.EndAsync(Ct)).ShouldBe(1);
        status.Errors.ShouldContain("No service is running");

        using var again = folder.Up();
        await again.UntilAsync("Retention is ready at", Ct);
        again.Output.ShouldContain("Adopting");
        folder.Servers().ShouldContain(server[0]);
        await again.SignalAsync("INT", Ct);
        (await again.EndAsync(Ct)).ShouldBe(0);
        folder.Servers().ShouldBeEmpty();
    }

    [Fact]
    public async Task Ctrl_C_in_the_middle_of_the_first_start_leaves_nothing_running()
    {
        using var up = folder.Up();
        await up.UntilAsync("is making its data folder", Ct);
        await up.SignalAsync("INT", Ct);
        (await up.EndAsync(Ct)).ShouldBe(0);
        up.Output.ShouldEndWith("Stopped.");
        folder.Servers().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task A_taken_port_is_told_before_anything_is_started(string address)
    {
        using var other = new TcpListener(IPAddress.Parse(address), folder.Port);
        other.Start();
        using var up = folder.Up();
        (await up.EndAsync(Ct)).ShouldBe(1);
        up.Errors.ShouldBe($"Port {folder.Port} is taken by another program: choose another one with --port.");
        Directory.Exists(Path.Combine(folder.Data, "postgres")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_wrong_word_is_a_fault_on_the_standard_error()
    {
        using var wrong = RetentionProcess.Start("up", "--port", "none");
        (await wrong.EndAsync(Ct)).ShouldBe(1);
        wrong.Errors.ShouldContain("--port");
        wrong.Output.ShouldBeEmpty();
    }
}
