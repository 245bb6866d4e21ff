namespace Retention.Projections.EventLog;

/// <summary>An event that the log already holds.</summary>
/// <param name="Hash">Null for a row of another client, whose content cannot be compared.</param>
internal sealed record Known(long Position, string? Hash);

/// <summary>
/// The decision about a batch, from what the locked streams and the index on ids say: which events are new, with which versions, and the
/// verdict on every other.
/// </summary>
internal sealed class AppendPlan
{
    private readonly IReadOnlyList<NewEvent> events;
    private readonly Verdict[] verdicts;
    private readonly List<(int Index, long Version)> fresh = [];
    private readonly Dictionary<string, long> versions = new(StringComparer.Ordinal);
    private readonly bool withheld;

    /// <exception cref="VersionConflictException">A new event expects another version of its stream.</exception>
    public AppendPlan(
        IReadOnlyList<NewEvent> events, AppendMode mode, IReadOnlyDictionary<string, long> streams, IReadOnlyDictionary<Guid, Known> known)
    {
        this.events = events;
        verdicts = new Verdict[events.Count];
        var firsts = new Dictionary<Guid, int>();
        for (var index = 0; index < events.Count; index++)
        {
            var next = events[index];
            if (known.TryGetValue(next.Id, out var held))
                verdicts[index] = new Verdict(Compare(held.Hash, next), At: held.Position);
            else if (firsts.TryGetValue(next.Id, out var first))
                verdicts[index] = new Verdict(Compare(events[first].Headers.Hash, next), First: first);
            else
            {
                firsts.Add(next.Id, index);
                verdicts[index] = Add(index, next, streams[next.Stream]);
            }
        }
        withheld = mode == AppendMode.AllOrNone && Array.Exists(verdicts, verdict => verdict.Kind == Kind.Conflict);
    }

    private enum Kind
    {
        New,
        Duplicate,
        Conflict,
    }

    /// <summary>The events to store, as indexes into the batch with their versions, in the batch's order; empty when withheld.</summary>
    public IReadOnlyList<(int Index, long Version)> Fresh => withheld ? [] : fresh;

    /// <summary>The new version of every stream that receives events.</summary>
    public IReadOnlyDictionary<string, long> Versions => versions;

    /// <param name="positions">The numbers drawn, one for each of <see cref="Fresh"/>.</param>
    public IReadOnlyList<Appended> Results(IReadOnlyList<long> positions)
    {
        var stored = new Appended.Stored?[events.Count];
        foreach (var (number, (index, version)) in Fresh.Index())
            stored[index] = new Appended.Stored(positions[number], version);
        return [.. verdicts.Select((verdict, index) => Result(verdict, stored[verdict.First ?? index]))];
    }

    private static Appended Result(Verdict verdict, Appended.Stored? stored) => verdict.Kind switch
    {
        Kind.Conflict => new Appended.Conflict(verdict.At ?? stored?.Position),
        Kind.Duplicate when (verdict.At ?? stored?.Position) is { } at => new Appended.Duplicate(at),
        Kind.New when stored is not null => stored,
        _ => new Appended.Withheld(),
    };

    private static Kind Compare(string? hash, NewEvent next) => hash == next.Headers.Hash ? Kind.Duplicate : Kind.Conflict;

    private Verdict Add(int index, NewEvent next, long before)
    {
        if (next.ExpectedVersion is { } expected && expected != before)
            throw new VersionConflictException(next.Stream, expected, before);
        var version = versions.GetValueOrDefault(next.Stream, before) + 1;
        versions[next.Stream] = version;
        fresh.Add((index, version));
        return new Verdict(Kind.New);
    }

    /// <param name="At">The position of the event that holds the id in the log.</param>
    /// <param name="First">The index of the event that holds it in this batch.</param>
    private readonly record struct Verdict(Kind Kind, long? At = null, int? First = null);
}
