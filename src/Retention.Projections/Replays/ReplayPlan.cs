using Retention.Domain.Definitions;

namespace Retention.Projections.Replays;

/// <summary>What is made anew from the log.</summary>
/// <param name="Tenant">The one tenant; null for all of the place.</param>
/// <param name="UpTo">The last position that counts; at most the safe position.</param>
public sealed record ReplayPlan(string? Tenant, long UpTo)
{
    /// <summary>About how much memory the work takes, in bytes; what does not fit is spilled to disk.</summary>
    public long Memory { get; init; } = 256L << 20;

    /// <summary>The folder of the disk that it is spilled to.</summary>
    public string Folder { get; init; } = Path.GetTempPath();

    /// <summary>How much of its work each worker loses at the most when the process is killed.</summary>
    public TimeSpan KeepEvery { get; init; } = TimeSpan.FromSeconds(20);

    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>The settings that count, for those that the log holds.</summary>
    public Func<Settings, Settings> SettingsOf { get; init; } = settings => settings;

    /// <summary>Into how many parts the customers of so many events are cut, so that each worker holds one in memory.</summary>
    public int PartsFor(long events)
    {
        // An entry takes a few hundred bytes as an object; a quarter of the memory is for those of the parts in work.
        const long bytesOfEntry = 450;
        return (int)Math.Clamp(events * bytesOfEntry * Workers * 4 / Memory, Workers, 2_048);
    }

    /// <summary>How many cells a worker holds before it writes them.</summary>
    public int MostCells => (int)Math.Max(100, Memory / 2 / Workers / 80);
}

/// <summary>How far a replay is.</summary>
public sealed class ReplayProgress
{
    private long read;
    private long folded;
    private long kept;

    /// <summary>What is being done: reading, folding, adding up, indexing, catching up, comparing or switching.</summary>
    public string Phase { get; set; } = "waiting";

    /// <summary>Tenants that stop at an event, as far as is known.</summary>
    public IReadOnlyList<StoppedTenant> Stopped { get; set; } = [];

    /// <summary>Events to read, about; numbers of the log have gaps.</summary>
    public long Events { get; set; }

    public long Read => Interlocked.Read(ref read);

    /// <summary>Events whose customers are folded.</summary>
    public long Folded => Interlocked.Read(ref folded);

    /// <summary>Events whose customers were folded before, by a process that was killed; they are among <see cref="Folded"/>.</summary>
    public long Kept => Interlocked.Read(ref kept);

    internal void AddRead(long events) => Interlocked.Add(ref read, events);

    internal void AddFolded(long events) => Interlocked.Add(ref folded, events);

    internal void AddKept(long events)
    {
        Interlocked.Add(ref kept, events);
        AddFolded(events);
    }
}
