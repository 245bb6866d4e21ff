using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Retention.Api.Tests.Commands;

/// <summary>A data folder and a free port for services that run as processes of their own; gone with whatever still runs on it.</summary>
internal sealed class TrialFolder : IDisposable
{
    public TrialFolder()
    {
        // Root runs PostgreSQL as another user, who has to get there.
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(Data, (UnixFileMode)0b111_101_101);
    }

    public string Data { get; } = Directory.CreateTempSubdirectory("retention-").FullName;

    public int Port { get; } = FreePort();

    public string Url => $"http://localhost:{Port}";

    public RetentionProcess Up(params string[] more) => Up(new Dictionary<string, string>(), more);

    public RetentionProcess Up(IReadOnlyDictionary<string, string> environment, params string[] more) =>
        RetentionProcess.Start(environment, ["up", "--no-demo", "--port", $"{Port}", "--data", Data, .. more]);

    /// <summary>The PostgreSQL, or initdb, that works on this folder: it has the folder on its command line, which its children have not.</summary>
    public int[] Servers() =>
        [
            .. Process.GetProcesses().Where(p => p.ProcessName is "postgres" or "initdb").Select(p => p.Id)
                .Where(pid => Text($"/proc/{pid}/cmdline").Contains(Data, StringComparison.Ordinal)),
        ];

    /// <summary>Ends the servers at once, without a word to them, and waits until they are gone.</summary>
    public void KillServers()
    {
        foreach (var pid in Servers())
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
            process.WaitForExit();
        }
    }

    public void Dispose()
    {
        KillServers();
        Directory.Delete(Data, recursive: true);
    }

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
