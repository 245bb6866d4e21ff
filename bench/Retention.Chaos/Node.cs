using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Retention.Projections.Embedded;

namespace Retention.Chaos;

/// <summary>The built service as <c>retention up</c> starts it, in a process of its own that can be killed, paused and started again.</summary>
public sealed class Node : IAsyncDisposable
{
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);

    private readonly string? connection;
    private readonly int port = FreePort();
    private readonly ConcurrentQueue<string> said = [];
    private Process? process;

    /// <param name="connection">Of the database, as its owner; null for one of its own in its folder. The service signs in as who owns nothing.</param>
    public Node(string? connection)
    {
        this.connection = connection;
        // Root runs PostgreSQL as another user, who has to get there.
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(Folder.FullName, (UnixFileMode)0b111_101_101);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(1) })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"),
            Timeout = AnswerPatience,
        };
    }

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("retention-chaos-");

    public HttpClient Client { get; }

    public int Port => port;

    public int Pid => process!.Id;

    public bool IsRunning => process is { HasExited: false };

    /// <summary>Limits other than the usual ones, by their names in the environment.</summary>
    public IReadOnlyDictionary<string, long> Limits { get; init; } = new Dictionary<string, long>();

    /// <summary>Hears each line that it prints.</summary>
    public Action<string> Hears { get; init; } = _ => { };

    /// <summary>What it printed, the newest last.</summary>
    public string Said => string.Join('\n', said);

    public static async Task<IReadOnlyList<Node>> StartManyAsync(int count, string connection, CancellationToken ct)
    {
        var nodes = Enumerable.Range(0, count).Select(_ => new Node(connection)).ToList();
        await Task.WhenAll(nodes.Select(node => node.StartAsync(ct)));
        return nodes;
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        string[] words = ["up", "--no-demo", "--port", $"{port}", "--data", Folder.FullName, .. connection is null ? (string[])[] : ["--connection", new NpgsqlConnectionStringBuilder(connection) { Username = EmbeddedPostgres.Service }.ConnectionString]];
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Retention.Api.dll"), .. words])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (connection is not null) start.Environment["RETENTION_OWNER_CONNECTION"] = connection;
        foreach (var (name, limit) in Limits) start.Environment[$"RETENTION_LIMITS__{name}"] = limit.ToString(CultureInfo.InvariantCulture);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Hear(line.Data, ready);
        process.ErrorDataReceived += (_, line) => Hear(line.Data, ready);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = process.WaitForExitAsync(ct);
        if (await Task.WhenAny(ready.Task, ended) == ended) throw new InvalidOperationException($"The service ended before it was ready:\n{Said}");
    }

    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    public Task PauseAsync() => SignalAsync("STOP");

    public Task GoOnAsync() => SignalAsync("CONT");

    /// <summary>Asks it to stop, and waits until it has.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        await SignalAsync("TERM");
        await process!.WaitForExitAsync();
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (IsRunning) await KillAsync();
        KillServers();
        Folder.Delete(recursive: true);
    }

    /// <summary>Ends the PostgreSQL of its folder at once, and waits until it is gone.</summary>
    public void KillServers()
    {
        foreach (var server in Process.GetProcesses().Where(other => other.ProcessName is "postgres" or "initdb" && CommandOf(other.Id).Contains(Folder.FullName, StringComparison.Ordinal)))
        {
            server.Kill();
            server.WaitForExit();
        }
    }

    private void Hear(string? line, TaskCompletionSource ready)
    {
        if (line is null) return;
        said.Enqueue(line);
        Hears(line);
        if (said.Count > 200) said.TryDequeue(out _);
        if (line.Contains("is ready at", StringComparison.Ordinal)) ready.TrySetResult();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Pid}"]);
        await kill.WaitForExitAsync();
    }

    private static string CommandOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
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
