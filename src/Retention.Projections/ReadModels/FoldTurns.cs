using System.Collections.Concurrent;

namespace Retention.Projections.ReadModels;

/// <summary>A tenant asks for more folds than may run and wait.</summary>
public sealed class TooManyFoldsException(int atOnce) : Exception($"{atOnce} folds of the tenant run, and as many wait as may.");

/// <summary>
/// Who may fold. A fold takes every core, and one that waits holds a connection: the many of one tenant shall not take them from the others.
/// </summary>
/// <param name="atOnce">How many of a tenant run at once.</param>
internal sealed class FoldTurns(int atOnce)
{
    private const int WaitingForEach = 4;

    private readonly ConcurrentDictionary<string, Line> lines = new(StringComparer.Ordinal);

    /// <summary>Waits for a turn, which ends when it is disposed of.</summary>
    /// <exception cref="TooManyFoldsException">Too many wait already.</exception>
    public async ValueTask<IDisposable> TakeAsync(string tenant, CancellationToken ct)
    {
        var line = lines.GetOrAdd(tenant, _ => new Line(atOnce));
        if (Interlocked.Increment(ref line.Asked) > atOnce * (1 + WaitingForEach))
        {
            Interlocked.Decrement(ref line.Asked);
            throw new TooManyFoldsException(atOnce);
        }
        try
        {
            await line.Running.WaitAsync(ct);
            return new Turn(line);
        }
        catch
        {
            Interlocked.Decrement(ref line.Asked);
            throw;
        }
    }

    private sealed class Line(int atOnce)
    {
        /// <summary>Those that run or wait.</summary>
        public int Asked;

        public SemaphoreSlim Running { get; } = new(atOnce);
    }

    private sealed class Turn(Line line) : IDisposable
    {
        public void Dispose()
        {
            line.Running.Release();
            Interlocked.Decrement(ref line.Asked);
        }
    }
}
