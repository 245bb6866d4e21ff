using System.ComponentModel;
using System.Diagnostics;
using Npgsql;

namespace Retention.Chaos;

/// <summary>
/// PostgreSQL on a small file system that becomes full under load: requests get 503 with a problem document, nothing is lost, and it goes on
/// by itself once there is room. Without protection there is no room any more.
/// </summary>
public static class DiskFullTrial
{
    private const string Size = "256m";
    private const int Refusals = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Whether this user may mount a file system.</summary>
    public static async Task<bool> CanRunAsync()
    {
        if (!Environment.IsPrivilegedProcess) return false;
        var folder = Directory.CreateTempSubdirectory("retention-mount-");
        try
        {
            if (!await TryRunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.FullName)) return false;
            return await TryRunAsync("umount", folder.FullName);
        }
        finally
        {
            folder.Delete();
        }
    }

    public static async Task<Verdict> RunAsync(TrialOptions options, CancellationToken ct)
    {
        var disk = Directory.CreateTempSubdirectory("retention-disk-");
        if (!await TryRunAsync("mount", "-t", "tmpfs", "-o", $"size={Size},mode=755", "tmpfs", disk.FullName)) throw new InvalidOperationException("A small file system cannot be mounted.");
        try
        {
            return await RunAsync(disk, options, ct);
        }
        finally
        {
            await TryRunAsync("umount", "-l", disk.FullName);
            disk.Delete();
        }
    }

    private static async Task<Verdict> RunAsync(DirectoryInfo disk, TrialOptions options, CancellationToken ct)
    {
        await using var store = await Store.StartAsync(options.Say, ct, Path.Combine(disk.FullName, "postgres"));
        var connection = await store.NewDatabaseAsync(ct);
        await using var node = new Node(connection);
        await node.StartAsync(ct);
        var (pid, verdict, started, rounds, slowest) = (node.Pid, new Verdict(), TimeProvider.System.GetTimestamp(), 0, 0d);
        await using var load = new Load([node], "full", options.Seed).Start(4);
        for (; rounds < 1 || (slowest < Patience.TotalSeconds && TimeProvider.System.GetElapsedTime(started) < options.Duration); rounds++)
        {
            await load.MoreAsync(300, ct);
            var (filler, refused) = (new FileInfo(Path.Combine(disk.FullName, "filler")), Refused(load));
            Fill(filler);
            options.Say($"{load.Count} events acknowledged; the disk is full");
            await WaitAsync(() => Refused(load) >= refused + Refusals, ct);
            var (before, since) = (load.Answers, TimeProvider.System.GetTimestamp());
            if (!options.Control) filler.Delete();
            // An answer may have been under way when the room came.
            var recovered = await WaitAsync(() => load.Answers > before + 8, ct);
            slowest = Math.Max(slowest, recovered ? TimeProvider.System.GetElapsedTime(since).TotalSeconds : double.PositiveInfinity);
        }
        verdict.Tell("times full", rounds).AtLeast("answers 503 with a problem document", Refused(load), rounds * Refusals)
            .Below("seconds from room on the disk to acknowledgements", slowest, Patience.TotalSeconds)
            .Zero("restarts of the service", node.IsRunning && node.Pid == pid ? 0 : 1)
            .Zero("answers that were not problem documents", load.Refusals.GetValueOrDefault("not a problem document"))
            .Zero("answers 500", load.Refusals.Where(how => how.Key.StartsWith("500", StringComparison.Ordinal)).Sum(how => how.Value));
        foreach (var (how, times) in load.Refusals) verdict.Tell($"requests sent again after: {how}", times);
        if (!verdict.Passed) return verdict;
        await load.StopAsync();
        await using var database = NpgsqlDataSource.Create(connection);
        await new Reckoning(database).AddAsync(verdict, load, ct);
        return verdict;
    }

    private static int Refused(Load load) => load.Refusals.Where(how => how.Key.StartsWith("503 ", StringComparison.Ordinal)).Sum(how => how.Value);

    /// <summary>Writes until nothing more fits.</summary>
    private static void Fill(FileInfo filler)
    {
        var block = new byte[64 << 10];
        using var file = filler.Open(FileMode.Append, FileAccess.Write);
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    private static async Task<bool> WaitAsync(Func<bool> happened, CancellationToken ct)
    {
        for (var started = TimeProvider.System.GetTimestamp(); !happened(); await Task.Delay(20, ct))
            if (TimeProvider.System.GetElapsedTime(started) > Patience) return false;
        return true;
    }

    private static async Task<bool> TryRunAsync(string program, params string[] words)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardError = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
