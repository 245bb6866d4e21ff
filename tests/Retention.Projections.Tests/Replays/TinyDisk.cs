using System.Diagnostics;

namespace Retention.Projections.Tests;

/// <summary>A file system of its own that is soon full.</summary>
internal sealed class TinyDisk : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("retention-disk-");

    private TinyDisk()
    {
    }

    public string Folder => folder.FullName;

    /// <summary>Whether this user may mount.</summary>
    public static async Task<bool> CanBeMountedAsync()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return false;
        var disk = new TinyDisk();
        var can = await disk.TryMountAsync(4);
        if (can) await disk.DisposeAsync();
        else disk.folder.Delete();
        return can;
    }

    public static async Task<TinyDisk> MountAsync(int kilobytes)
    {
        var disk = new TinyDisk();
        (await disk.TryMountAsync(kilobytes)).ShouldBeTrue();
        return disk;
    }

    public async ValueTask DisposeAsync()
    {
        (await RunAsync("umount", Folder)).ShouldBe(0);
        folder.Delete();
    }

    private async Task<bool> TryMountAsync(int kilobytes) => await RunAsync("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "none", Folder) == 0;

    private static async Task<int> RunAsync(string program, params string[] words)
    {
        using var run = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardError = true })!;
        await run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync();
        return run.ExitCode;
    }
}
