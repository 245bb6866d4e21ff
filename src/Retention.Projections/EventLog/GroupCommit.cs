using System.Diagnostics;
using System.Threading.Channels;
using Npgsql;

namespace Retention.Projections.EventLog;

/// <summary>More small requests wait than the database commits; the same request may succeed a moment later.</summary>
public sealed class TooManyWaitingException() : Exception($"More than {GroupCommit.MostWaiting} requests wait for a commit.");

/// <summary>
/// Lets small requests of one tenant share a transaction: whatever arrives while commits are under way goes into the next one, so that a
/// lone request waits for nobody and many wait for one flush of the disk. Each is answered by its own verdicts, after the commit.
/// </summary>
public sealed class GroupCommit : IAsyncDisposable
{
    /// <summary>Requests that may wait; one more is refused.</summary>
    public const int MostWaiting = 4_096;

    /// <summary>A request of more events is worth a transaction of its own.</summary>
    private const int MostEventsOfSmall = 100;

    private const int MostEventsOfGroup = 2_000;

    // One gathers while the other commits; more would make the groups smaller.
    private const int Committers = 2;

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(2);

    private readonly EventLog log;
    private readonly Task committing;
    private readonly Channel<Request> waiting = Channel.CreateBounded<Request>(MostWaiting);

    public GroupCommit(EventLog log)
    {
        this.log = log;
        committing = Task.WhenAll(Enumerable.Range(0, Committers).Select(_ => Task.Run(CommitAsync)));
    }

    /// <summary>Requests that wait for a commit.</summary>
    public int Waiting => waiting.Reader.Count;

    /// <inheritdoc cref="EventLog.AppendAsync"/>
    /// <exception cref="TooManyWaitingException">The queue is full; nothing was stored.</exception>
    public Task<IReadOnlyList<Appended>> AppendAsync(string tenant, IReadOnlyList<NewEvent> events, AppendMode mode, CancellationToken ct)
    {
        if (Activity.Current is { Recorded: true } span) events = [.. events.Select(next => next with { Span = span })];
        if (mode == AppendMode.AllOrNone || events.Count > MostEventsOfSmall || events.Any(next => next.ExpectedVersion is not null))
            return log.AppendAsync(tenant, events, mode, ct);
        var request = new Request(tenant, events);
        return waiting.Writer.TryWrite(request) ? request.Answer.Task.WaitAsync(ct) : throw new TooManyWaitingException();
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await committing;
    }

    private async Task CommitAsync()
    {
        // It serves all requests, and is part of none, whichever was the first to need it.
        Activity.Current = null;
        for (var others = 0; await waiting.Reader.WaitToReadAsync();)
        {
            // Callers who were just answered are about to send again: a moment's wait takes them all into one flush. A lone caller is not
            // kept waiting.
            if (others > 0) await Task.Delay(Gathering);
            var group = new List<Request>();
            for (var events = 0; events < MostEventsOfGroup && waiting.Reader.TryRead(out var request); events += request.Events.Count) group.Add(request);
            foreach (var tenant in group.GroupBy(request => request.Tenant, StringComparer.Ordinal)) await CommitAsync(tenant.Key, [.. tenant]);
            others = group.Count - 1;
        }
    }

    private async Task CommitAsync(string tenant, List<Request> group)
    {
        using var span = StartSpan(tenant, group);
        try
        {
            var verdicts = await log.AppendAsync(tenant, [.. group.SelectMany(request => request.Events)], AppendMode.KeepValid, CancellationToken.None);
            Instruments.Group.Record(group.Count);
            var next = 0;
            foreach (var request in group)
            {
                request.Answer.SetResult([.. verdicts.Skip(next).Take(request.Events.Count)]);
                next += request.Events.Count;
            }
        }
        catch (PostgresException) when (group.Count > 1)
        {
            // The server refused the group and rolled it back; what one of its requests is refused for is not the fault of the others.
            foreach (var request in group) await CommitAsync(tenant, [request]);
        }
        catch (Exception failure)
        {
            foreach (var request in group) request.Answer.SetException(failure);
        }
    }

    /// <summary>Part of the first request that has a span; the others are linked.</summary>
    private static Activity? StartSpan(string tenant, List<Request> group)
    {
        if (!Instruments.Spans.HasListeners()) return null;
        var spans = group.SelectMany(request => request.Events.Take(1)).Select(first => first.Span?.Context).OfType<ActivityContext>().ToList();
        return spans.Count == 0
            ? null
            : Instruments.Spans.StartActivity("commit", ActivityKind.Internal, spans[0], [new(Instruments.Tenant, tenant)], spans.Skip(1).Select(other => new ActivityLink(other)));
    }

    private sealed record Request(string Tenant, IReadOnlyList<NewEvent> Events)
    {
        public TaskCompletionSource<IReadOnlyList<Appended>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
