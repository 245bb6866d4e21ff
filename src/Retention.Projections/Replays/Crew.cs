namespace Retention.Projections.Replays;

/// <summary>The same work done by several threads.</summary>
internal static class Crew
{
    /// <summary>Runs the work once on each thread, for what it does; else like the other.</summary>
    public static Task WorkAsync(int workers, Action<CancellationToken> work, CancellationToken ct) => WorkAsync(workers, (_, stop) =>
    {
        work(stop);
        return true;
    }, ct);

    /// <summary>Runs the work once on each thread. When one fails, the others are told to stop, and its failure is what is thrown.</summary>
    /// <returns>What each has come to.</returns>
    public static async Task<IReadOnlyList<T>> WorkAsync<T>(int workers, Func<int, CancellationToken, T> work, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Exception? first = null;
        var done = await Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Factory.StartNew(
            () => Try(worker), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        if (first is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        return done!;

        T? Try(int worker)
        {
            try
            {
                return work(worker, stop.Token);
            }
            catch (Exception e)
            {
                if (Interlocked.CompareExchange(ref first, e, null) is null) stop.Cancel();
                return default;
            }
        }
    }
}
