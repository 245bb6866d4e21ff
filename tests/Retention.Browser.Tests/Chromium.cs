using System.Diagnostics;

namespace Retention.Browser.Tests;

/// <summary>The system's Chromium, installed from Debian's packages where there is none.</summary>
internal static class Chromium
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>Nothing that would ask other hosts; root has no sandbox.</summary>
    public static string[] Arguments { get; } =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    /// <exception cref="InvalidOperationException">There is none, and none can be installed.</exception>
    public static async Task<string> PathAsync()
    {
        if (Find() is { } found) return found;
        if (!Environment.IsPrivilegedProcess) throw new InvalidOperationException("There is no Chromium on this machine, and installing it needs root: apt-get install chromium.");
        await RunAsync("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "update");
        await RunAsync("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "install", "--no-install-recommends", "chromium");
        return Find() ?? throw new InvalidOperationException("apt-get has installed chromium, but it is not on the PATH.");
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" } })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed: {await output}{await errors}");
    }
}
