namespace Retention.Projections.Running;

/// <summary>Wakes everybody in this process who waits for something to have happened. Whoever waits also polls: a signal may be missed.</summary>
public sealed class Signal
{
    private volatile TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the signal is raised the next time.</summary>
    public Task Next => next.Task;

    public void Raise() => Interlocked.Exchange(ref next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
