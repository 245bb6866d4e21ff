using Microsoft.Win32.SafeHandles;

namespace Retention.Projections.Replays;

/// <summary>
/// Bytes of many parts, each written to a file of its own once its buffer is full, so that more can be sorted into parts than memory
/// holds. The files have no names once they are open, so that nothing of them is left whatever becomes of the process.
/// </summary>
internal sealed class Spill : IDisposable
{
    private const string NamePrefix = "retention-replay-";

    private readonly string folder;
    private readonly byte[]?[] buffers;
    private readonly int[] filled;
    private readonly SafeFileHandle?[] files;
    private readonly long[] written;
    private readonly int bufferSize;

    /// <param name="folder">Where the files are.</param>
    /// <param name="memory">The most memory that buffers take, in bytes.</param>
    public Spill(string folder, int parts, long memory)
    {
        this.folder = folder;
        bufferSize = (int)Math.Clamp(memory / parts, 4_096, 262_144);
        (buffers, filled, files, written) = (new byte[]?[parts], new int[parts], new SafeFileHandle?[parts], new long[parts]);
    }

    /// <exception cref="IOException">The disk of the folder is full.</exception>
    public void Add(int part, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > bufferSize - filled[part]) Write(part);
        if (bytes.Length > bufferSize)
        {
            Write(part, bytes);
            return;
        }
        bytes.CopyTo((buffers[part] ??= new byte[bufferSize]).AsSpan(filled[part]));
        filled[part] += bytes.Length;
    }

    /// <summary>How many bytes a part has.</summary>
    public long Length(int part) => written[part] + filled[part];

    /// <summary>Reads a part, whose bytes are then gone from memory.</summary>
    /// <param name="into">Of at least its length.</param>
    public void Take(int part, Span<byte> into)
    {
        for (var read = 0L; read < written[part];)
        {
            var count = RandomAccess.Read(files[part]!, into[(int)read..(int)written[part]], read);
            if (count == 0) throw new EndOfStreamException();
            read += count;
        }
        if (filled[part] > 0) buffers[part].AsSpan(0, filled[part]).CopyTo(into[(int)written[part]..]);
        buffers[part] = null;
        files[part]?.Dispose();
        files[part] = null;
    }

    public void Dispose()
    {
        foreach (var file in files) file?.Dispose();
    }

    /// <summary>
    /// Removes names that processes were killed too early to remove, and empty folders, in which earlier versions had their files. It disturbs
    /// nobody: whoever has opened a file needs its name no more.
    /// </summary>
    public static void Sweep(string folder)
    {
        if (!Directory.Exists(folder)) return;
        foreach (var file in Directory.EnumerateFiles(folder, $"{NamePrefix}*")) File.Delete(file);
        foreach (var left in Directory.EnumerateDirectories(folder, $"{NamePrefix}*").Where(left => !Directory.EnumerateFileSystemEntries(left).Any())) Directory.Delete(left);
    }

    private void Write(int part)
    {
        if (filled[part] == 0) return;
        Write(part, buffers[part].AsSpan(0, filled[part]));
        filled[part] = 0;
    }

    private void Write(int part, ReadOnlySpan<byte> bytes)
    {
        var file = files[part] ??= Open();
        RandomAccess.Write(file, bytes, written[part]);
        written[part] += bytes.Length;
    }

    private SafeFileHandle Open()
    {
        var path = Path.Combine(folder, NamePrefix + Path.GetRandomFileName());
        var file = File.OpenHandle(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None);
        if (!OperatingSystem.IsWindows()) File.Delete(path);
        return file;
    }
}
