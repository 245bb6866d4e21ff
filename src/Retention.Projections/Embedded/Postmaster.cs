using System.Diagnostics;
using System.Globalization;

namespace Retention.Projections.Embedded;

/// <summary>The processes of a private PostgreSQL, as the kernel shows them under <c>/proc</c>.</summary>
internal static class Postmaster
{
    /// <summary>Whether a PostgreSQL is at work on this data directory.</summary>
    /// <remarks>
    /// The file <c>postmaster.pid</c> alone does not tell: after a crash its number may belong to any other process, which is usual
    /// in a container, where numbers begin anew. A postmaster works in its data directory, and the kernel knows that.
    /// </remarks>
    public static bool IsRunning(string cluster) =>
        FirstLine(Path.Combine(cluster, "postmaster.pid")) is { } line && int.TryParse(line, out var pid) && IsServer(pid, cluster);

    /// <summary>Waits for a server that has just been started or stopped by somebody else.</summary>
    /// <returns>Whether it is there and takes connections; false when there is none, any more.</returns>
    public static async Task<bool> SettleAsync(string cluster, CancellationToken ct)
    {
        while (IsRunning(cluster))
        {
            // The eighth line of the file is the server's own word on its state, and ends with blanks.
            if (Lines(Path.Combine(cluster, "postmaster.pid")).ElementAtOrDefault(7)?.Trim() == "ready")
                return true;
            await Task.Delay(50, ct);
        }
        return false;
    }

    /// <summary>
    /// Removes the lock files of a crashed run, whose numbers may now belong to other processes: PostgreSQL would refuse to start.
    /// Children of the dead postmaster, which still share its memory, end first.
    /// </summary>
    public static async Task ClearStaleAsync(Place place, CancellationToken ct)
    {
        if (IsRunning(place.Cluster))
            return;
        while (All().Any(pid => IsServer(pid, place.Cluster)))
            await Task.Delay(50, ct);
        File.Delete(Path.Combine(place.Cluster, "postmaster.pid"));
        File.Delete(Path.Combine(place.SocketFolder, ".s.PGSQL.5432.lock"));
    }

    /// <summary>Ends at once the <c>initdb</c> of a crashed run, with its children, that still fills this folder.</summary>
    public static void KillInitDb(string folder)
    {
        foreach (var pid in All().Where(pid => IsServer(pid, folder) || IsInitDb(pid, folder)))
        {
            try
            {
                using var process = Process.GetProcessById(pid);
                process.Kill();
            }
            catch (ArgumentException)
            {
                // It has ended by itself meanwhile.
            }
        }
    }

    private static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(name => name!.All(char.IsAsciiDigit))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture));

    private static bool IsServer(int pid, string cluster) =>
        FirstLine($"/proc/{pid}/comm") == "postgres" && WorkingFolder(pid) == cluster;

    private static bool IsInitDb(int pid, string folder) =>
        FirstLine($"/proc/{pid}/comm") == "initdb" && FirstLine($"/proc/{pid}/cmdline")?.Split('\0').Contains(folder) == true;

    // A process can end, and its files vanish, between any two looks at it; another user's are closed to us.
    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? FirstLine(string file) => Lines(file).FirstOrDefault();

    private static string? WorkingFolder(int pid)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/cwd", returnFinalTarget: false)?.FullName;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
