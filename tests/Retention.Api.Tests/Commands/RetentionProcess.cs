using System.Collections.Concurrent;
using System.Diagnostics;

namespace Retention.Api.Tests.Commands;

/// <summary>The built command line as a process of its own.</summary>
internal sealed class RetentionProcess : IDisposable
{
    private static readonly string Dll = Path.Combine(AppContext.BaseDirectory, "Retention.Api.dll");
    private readonly ConcurrentQueue<string> output = [];
    private readonly ConcurrentQueue<string> errors = [];
    private readonly Process process;

    private RetentionProcess(Process process) => this.process = process;

    public int Pid => process.Id;

    public string Output => string.Join('\n', output);

    public string Errors => string.Join('\n', errors);

    public static RetentionProcess Start(params string[] words) => Start(new Dictionary<string, string>(), words);

    /// <param name="environment">What the process finds in its environment besides ours.</param>
    public static RetentionProcess Start(IReadOnlyDictionary<string, string> environment, params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [Dll, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var started = new RetentionProcess(new Process { StartInfo = start });
        started.process.OutputDataReceived += (_, line) => Keep(started.output, line.Data);
        started.process.ErrorDataReceived += (_, line) => Keep(started.errors, line.Data);
        started.process.Start();
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        return started;
    }

    /// <summary>Waits until the process has printed something; fails when it ends before.</summary>
    public async Task UntilAsync(string printed, CancellationToken ct)
    {
        while (!Output.Contains(printed, StringComparison.Ordinal))
        {
            process.HasExited.ShouldBeFalse($"waiting for “{printed}” after:\n{Output}\n{Errors}");
            await Task.Delay(20, ct);
        }
    }

    public async Task SignalAsync(string signal, CancellationToken ct)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Pid}"]);
        await kill.WaitForExitAsync(ct);
    }

    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync(CancellationToken ct)
    {
        await process.WaitForExitAsync(ct);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
            lines.Enqueue(line);
    }
}
