namespace Retention.Api.Commands;

/// <summary>
/// The right to serve a data folder: the operating system's lock on a file in it, which ends with the process however that ends. The
/// file itself stays and means nothing.
/// </summary>
internal static class DataLock
{
    private const string FileName = "service.lock";

    /// <summary>Takes the lock for as long as the returned stream is open, or returns null where another process holds it.</summary>
    /// <exception cref="UnauthorizedAccessException">The folder or the file belongs to another user.</exception>
    public static async Task<FileStream?> TryTakeAsync(string dataFolder, CancellationToken ct)
    {
        Directory.CreateDirectory(dataFolder);
        // A look at the lock, as commands take it, holds it for an instant: only a second failure means a service.
        for (var attempt = 0; attempt < 5; attempt++)
        {
            if (Open(dataFolder, FileAccess.ReadWrite, FileShare.None) is { } taken)
                return taken;
            await Task.Delay(20, ct);
        }
        return null;
    }

    /// <summary>Whether a living process holds the lock.</summary>
    public static bool IsTaken(string dataFolder)
    {
        if (!File.Exists(Path.Combine(dataFolder, FileName)))
            return false;
        using var free = Open(dataFolder, FileAccess.Read, FileShare.Read);
        return free is null;
    }

    private static FileStream? Open(string dataFolder, FileAccess access, FileShare share)
    {
        var mode = access == FileAccess.Read ? FileMode.Open : FileMode.OpenOrCreate;
        try
        {
            return new FileStream(Path.Combine(dataFolder, FileName), mode, access, share);
        }
        catch (IOException held) when (held is not (FileNotFoundException or DirectoryNotFoundException) && IsHeld(held))
        {
            return null;
        }
    }

    // EAGAIN of flock(2): .NET has no exception type of its own for it.
    private static bool IsHeld(IOException exception) => (exception.HResult & 0xFFFF) == 11;
}
