using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Npgsql;
using Retention.Api.Configuration;
using Retention.Api.Demo;
using Retention.Api.Security;
using Retention.Api.Tenancy;
using Retention.Projections.Embedded;

namespace Retention.Api.Commands;

/// <summary>
/// <c>retention up</c>: starts the service, with a private PostgreSQL where no other is named, and stays in the foreground until
/// Ctrl-C or SIGTERM.
/// </summary>
internal sealed class UpCommand(UpCommand.Wish wish)
{
    // Longer than any sound start takes; a service that is unready for a reason of its own says so under /health/ready.
    private static readonly TimeSpan ReadinessPatience = TimeSpan.FromSeconds(60);

    private readonly string url = $"http://{(wish.Listen is null || wish.Listen.Equals(IPAddress.Any) || wish.Listen.Equals(IPAddress.IPv6Any) ? "localhost" : new IPEndPoint(wish.Listen, 0).ToString()[..^2])}:{wish.Port}";

    public static Command Create()
    {
        var flags = new UpFlags();
        var command = new Command(
            "up",
            "Start the service and stay in the foreground until Ctrl-C or SIGTERM. "
            + "Exit codes: 0 stopped as asked, 1 not started (already running, port taken, no PostgreSQL) or failed.");
        foreach (var flag in flags.All) command.Options.Add(flag);
        command.SetAction((parsed, ct) =>
        {
            try
            {
                return RunAsync(WishOf(flags.Read(parsed)), ct);
            }
            catch (ConfigurationException fault)
            {
                return Task.FromResult(Screen.Fail(fault.Message));
            }
        });
        return command;
    }

    private static Wish WishOf(ServiceConfiguration told)
    {
        var options = told.ToOptions(told.Connection ?? "");
        return new Wish(options, Path.GetFullPath(told.Data), told.Connection, bool.Parse(told.Demo) && options.Projects);
    }

    private static async Task<int> RunAsync(Wish wish, CancellationToken ct)
    {
        try
        {
            await using var dataLock = await DataLock.TryTakeAsync(wish.DataFolder, ct);
            if (dataLock is null)
                return Screen.Fail(RunningInstance.Find(wish.DataFolder) is { } other
                    ? $"Retention is already running at {other.Url} (process {other.Pid}) on {wish.DataFolder}."
                    : $"Retention is already starting or stopping on {wish.DataFolder}.");
            RunningInstance.Withdraw(wish.DataFolder);
            if (!LoopbackPort.IsFree(wish.Port))
                return Screen.Fail(PortIsTaken(wish.Port));
            await new UpCommand(wish).ServeAsync(ct);
            if (!ct.IsCancellationRequested)
                return Screen.Fail("The service has stopped by itself; its log says why.");
            Screen.Say("Stopped.");
            return 0;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Screen.Say("Stopped.");
            return 0;
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            return Screen.Fail(PortIsTaken(wish.Port));
        }
        catch (NpgsqlException fault) when (wish.ConnectionString is not null)
        {
            return Screen.Fail($"The PostgreSQL of --connection cannot be used: {fault.Message}");
        }
        catch (Exception fault) when (fault is PostgresUnavailableException or UnauthorizedAccessException or StandsOpenException)
        {
            return Screen.Fail(fault.Message);
        }
    }

    private async Task ServeAsync(CancellationToken ct)
    {
        await using var postgres = wish.ConnectionString is null
            ? await EmbeddedPostgres.StartAsync(new EmbeddedOptions(Path.Combine(wish.DataFolder, "postgres"), Screen.Say), ct)
            : null;
        await using var app = RetentionApp.Build(postgres is null
            ? wish.Options
            : wish.Options with { ConnectionString = postgres.ServiceConnectionString, OwnerConnectionString = postgres.ConnectionString });
        await app.StartAsync(ct);
        using var stopped = new CancellationTokenSource();
        var keeping = postgres?.KeepRunningAsync(stopped.Token) ?? Task.CompletedTask;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct, app.Lifetime.ApplicationStopping);
        try
        {
            await WaitUntilReadyAsync(ending.Token);
            new RunningInstance(url, Environment.ProcessId, TimeProvider.System.GetUtcNow()).Announce(wish.DataFolder);
            await LoadDemoAsync(app.Services.GetRequiredService<DemoTenant>(), ending.Token);
            await WarmUp.RunAsync(app.Services, ending.Token);
            SayWhereToLook(postgres);
            await Task.Delay(Timeout.Infinite, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            Screen.Say("Stopping …");
        }
        finally
        {
            RunningInstance.Withdraw(wish.DataFolder);
            await Draining.StopAsync(app);
            await stopped.CancelAsync();
            await keeping;
        }
    }

    private async Task WaitUntilReadyAsync(CancellationToken ct)
    {
        using var http = RunningInstance.OpenHttp();
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var answer = await http.GetAsync(new Uri($"{url}/health/ready"), ct);
            if (answer.IsSuccessStatusCode)
                return;
            if (TimeProvider.System.GetElapsedTime(started) > ReadinessPatience)
            {
                Screen.Say($"The service is up but not ready: {await answer.Content.ReadAsStringAsync(ct)}");
                return;
            }
            await Task.Delay(50, ct);
        }
    }

    private async Task LoadDemoAsync(DemoTenant demo, CancellationToken ct)
    {
        if (!wish.Demo || !await demo.IsMissingAsync(ct))
            return;
        Screen.Say("Loading the demo tenant …");
        await ImportProgressDisplay.ShowAsync(Screen.Out, async display =>
        {
            await demo.LoadAsync(display.Seen, ct);
            display.Projecting(done: true);
        });
    }

    private void SayWhereToLook(EmbeddedPostgres? postgres)
    {
        Screen.Say("");
        Screen.Say($"Retention is ready at {url}");
        Screen.Say(File.Exists(Path.Combine(wish.Options.Dashboard ?? "", "index.html")) ? $"  Dashboard   {url}" : "  Dashboard   not built: it takes Node.js 20 or newer with npm");
        Screen.Say($"  Figures     {url}/v1/metrics");
        Screen.Say($"  API         {url}/docs");
        if (wish.Demo) Screen.Say($"  Demo        curl -H '{Tenant.Header}: {DemoTenant.Name}' '{url}/v1/cohorts?grain=month&format=csv'");
        Screen.Say($"  Data        {postgres?.DataFolder ?? "in the PostgreSQL of --connection"}");
        if (postgres is not null)
            Screen.Say($"  SQL         psql -h {postgres.SocketFolder} -U retention retention");
        Screen.Say("Stop it with Ctrl-C.");
    }

    private static string PortIsTaken(int port) =>
        $"Port {port} is taken by another program: choose another one with --port.";

    /// <summary>What is asked for.</summary>
    /// <param name="ConnectionString">Null for a private PostgreSQL.</param>
    internal sealed record Wish(ServiceOptions Options, string DataFolder, string? ConnectionString, bool Demo)
    {
        public int Port => Options.Port;

        /// <summary>Null for the loopback interface.</summary>
        public IPAddress? Listen => Options.Listen;
    }
}
