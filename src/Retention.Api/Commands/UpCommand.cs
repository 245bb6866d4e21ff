using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Npgsql;
using Retention.Api.Configuration;
using Retention.Api.Demo;
using Retention.Api.Security;
using Retention.Api.Security.Tokens;
using Retention.Api.Tenancy;
using Retention.Projections.Embedded;
using Retention.Projections.EventLog;
using Retention.Projections.Replays;

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
        var port = new Option<int>("--port") { Description = "Port to listen on", DefaultValueFactory = _ => 8080, HelpName = "N" };
        port.Validators.Add(result =>
        {
            // What is no number at all is refused by the option's type.
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number is < 1 or > 65535)
                result.AddError("--port must be a number from 1 to 65535.");
        });
        var listen = new Option<string?>("--listen")
        {
            Description = "Address to listen on, such as 0.0.0.0, in place of the loopback interface; needs a key (retention keys create)",
            HelpName = "ADDRESS",
        };
        listen.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !IPAddress.TryParse(token.Value, out _)) result.AddError("--listen must be an IP address.");
        });
        var data = DataOption.Create();
        var connection = new Option<string?>("--connection")
        {
            Description = "Connection string (Npgsql's form) of a PostgreSQL to use in place of a private one",
            HelpName = "STRING",
        };
        var noDemo = new Option<bool>("--no-demo") { Description = "Do not load the demo tenant" };
        var historyMemory = new Option<int>("--history-memory")
        {
            Description = "Memory in MB that histories may take, so that questions beyond the defaults are answered fast",
            DefaultValueFactory = _ => (int)(Place.DefaultHistoryMemory >> 20),
            HelpName = "MB",
        };
        historyMemory.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number is < 0 or > 1_000_000)
                result.AddError("--history-memory must be a number from 0 to 1000000.");
        });
        var rebuildMemory = new Option<int>("--rebuild-memory")
        {
            Description = "Memory in MB that a rebuild or replay may take; what does not fit is spilled to the temporary folder",
            DefaultValueFactory = _ => (int)(new ReplayRoom().Memory >> 20),
            HelpName = "MB",
        };
        rebuildMemory.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number is < 1 or > 1_000_000)
                result.AddError("--rebuild-memory must be a number from 1 to 1000000.");
        });
        var noProjections = new Option<bool>("--no-projections")
        {
            Description = "Only take events in and answer: another process on the same database keeps the read models",
        };
        var origins = new Option<string[]>("--allow-origin")
        {
            Description = "Origin whose pages may ask this service, such as https://bi.example.com; may be given more than once",
            HelpName = "ORIGIN",
        };
        origins.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !ConfigurationRules.IsOrigin(token.Value)))
                result.AddError($"--allow-origin {token.Value} must be a scheme, host and port such as https://bi.example.com.");
        });
        var tokens = new TokenFlags();
        var config = ConfigCommand.FileOption();
        var command = new Command(
            "up",
            "Start the service and stay in the foreground until Ctrl-C or SIGTERM. "
            + "Exit codes: 0 stopped as asked, 1 not started (already running, port taken, no PostgreSQL) or failed.")
        {
            config, port, listen, data, connection, noDemo, historyMemory, rebuildMemory, noProjections, origins,
        };
        tokens.AddTo(command);
        command.SetAction((parsed, ct) =>
        {
            try
            {
                return RunAsync(WishOf(EffectiveConfiguration.Load(parsed.GetValue(config), Words()).Values), ct);
            }
            catch (ConfigurationException fault)
            {
                return Task.FromResult(Screen.Fail(fault.Message));
            }

            IEnumerable<KeyValuePair<string, string?>> Words()
            {
                foreach (var (option, member) in ((Option, string)[])[(port, "port"), (listen, "listen"), (data, "data"), (connection, "connection"), (historyMemory, "historyMemory"), (rebuildMemory, "rebuildMemory")])
                {
                    if (parsed.GetResult(option) is { Implicit: false, Tokens: [.., var last] }) yield return new(member, last.Value);
                }
                if (parsed.GetValue(noDemo)) yield return new("demo", "false");
                if (parsed.GetValue(noProjections)) yield return new("projections", "false");
                foreach (var word in tokens.Words(parsed)) yield return word;
                foreach (var (at, origin) in (parsed.GetValue(origins) ?? []).Index()) yield return new($"origins:{at}", origin);
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
        await using var app = RetentionApp.Build(wish.Options with { ConnectionString = wish.ConnectionString ?? postgres!.ConnectionString });
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
        Screen.Say(File.Exists(Path.Combine(Dashboard.BuiltFolder ?? "", "index.html")) ? $"  Dashboard   {url}" : "  Dashboard   not built: it takes Node.js 20 or newer with npm");
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
