namespace Retention.Projections.EventLog;

/// <summary>An event to store.</summary>
/// <param name="Index">Its index in the batch.</param>
/// <param name="Id">The id of its row: the event's own, or after retractions of it another.</param>
internal readonly record struct Fresh(int Index, Guid Id, long Version);

/// <summary>
/// The decision about a batch, from what the locked streams and the index on ids say: which events are new, with which versions, and the
/// verdict on every other.
/// </summary>
internal sealed class AppendPlan
{
    private readonly string tenant;
    private readonly IReadOnlyList<NewEvent> events;
    private readonly FoundIds found;
    private readonly Verdict[] verdicts;
    private readonly List<Fresh> fresh = [];
    private readonly Dictionary<string, long> versions = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, Incarnations> incarnations = [];
    private readonly Dictionary<Guid, int> repeatedRetractions = [];
    private readonly HashSet<Guid> retracted = [];
    private readonly bool withheld;

    /// <param name="streams">The versions of the streams that can be appended to.</param>
    /// <exception cref="VersionConflictException">A new event expects another version of its stream.</exception>
    public AppendPlan(string tenant, IReadOnlyList<NewEvent> events, AppendMode mode, IReadOnlyDictionary<string, long> streams, FoundIds found)
    {
        (this.tenant, this.events, this.found) = (tenant, events, found);
        verdicts = new Verdict[events.Count];
        for (var index = 0; index < events.Count; index++)
            if (events[index].Retracts is { } target && found.Known.TryGetValue(events[index].Id, out var known) && known.Hash == events[index].Headers.Hash)
                repeatedRetractions[target.ToEventId(tenant)] = index;
        for (var index = 0; index < events.Count; index++)
        {
            verdicts[index] = streams.ContainsKey(events[index].Stream) ? Decide(index) : new Verdict(Kind.Refused, default);
            if (verdicts[index].Kind == Kind.New) Add(index, streams[events[index].Stream]);
        }
        withheld = mode == AppendMode.AllOrNone && Array.Exists(verdicts, verdict => verdict.Kind is Kind.Conflict or Kind.Refused);
    }

    private enum Kind
    {
        New,
        Duplicate,
        Conflict,
        Refused,
    }

    /// <summary>The events to store, in the batch's order; empty when withheld.</summary>
    public IReadOnlyList<Fresh> Fresh => withheld ? [] : fresh;

    /// <summary>The new version of every stream that receives events.</summary>
    public IReadOnlyDictionary<string, long> Versions => versions;

    /// <summary>How often ids are retracted after the batch, of those that it retracts.</summary>
    public IReadOnlyDictionary<Guid, int> Retracted => retracted.ToDictionary(id => id, id => incarnations[id].Retractions);

    /// <param name="positions">The numbers drawn, one for each of <see cref="Fresh"/>.</param>
    public IReadOnlyList<Appended> Results(IReadOnlyList<long> positions)
    {
        var stored = new Appended.Stored?[events.Count];
        foreach (var (number, next) in Fresh.Index())
            stored[next.Index] = new Appended.Stored(positions[number], next.Version);
        return [.. verdicts.Select((verdict, index) => Result(verdict, stored[verdict.By.Index ?? index]))];
    }

    private static Appended Result(Verdict verdict, Appended.Stored? stored) => verdict.Kind switch
    {
        Kind.Refused => new Appended.Refused(),
        Kind.Conflict => new Appended.Conflict(verdict.By.Position ?? stored?.Position),
        Kind.Duplicate when (verdict.By.Position ?? stored?.Position) is { } at => new Appended.Duplicate(at),
        Kind.New when stored is not null => stored,
        _ => new Appended.Withheld(),
    };

    /// <summary>
    /// What is in force decides, but a late repeat of what was retracted before it is a repeat still. Where nothing is in force, the event is
    /// new, unless the whole batch is a repeat, which its retraction, that follows and is known, tells.
    /// </summary>
    private Verdict Decide(int index)
    {
        var next = events[index];
        var held = IncarnationsOf(next.Id, next.Sent);
        var same = held.Find(next.Headers.Hash) ?? (next.ClearHash is { } clear ? held.Find(clear) : null);
        var repeated = same is not null && repeatedRetractions.GetValueOrDefault(next.Id, -1) > index;
        if (held.InForce is not { } inForce) return repeated ? new Verdict(Kind.Duplicate, same!.Value) : new Verdict(Kind.New, default);
        return same is { } repeat ? new Verdict(Kind.Duplicate, repeat) : new Verdict(Kind.Conflict, inForce);
    }

    private void Add(int index, long before)
    {
        var next = events[index];
        if (next.ExpectedVersion is { } expected && expected != before) throw new VersionConflictException(next.Stream, expected, before);
        var version = versions.GetValueOrDefault(next.Stream, before) + 1;
        versions[next.Stream] = version;
        var held = IncarnationsOf(next.Id, next.Sent);
        fresh.Add(new Fresh(index, held.Count == 0 ? next.Id : next.Sent.ToEventId(tenant, held.Count), version));
        held.Add(new Held(next.Headers.Hash, next.Retracts is not null, null, index));
        if (next.Retracts is not { } target) return;
        var id = target.ToEventId(tenant);
        IncarnationsOf(id, target).Retract();
        retracted.Add(id);
    }

    private Incarnations IncarnationsOf(Guid id, SentId sent)
    {
        if (incarnations.TryGetValue(id, out var held)) return held;
        var retractions = found.Retractions.GetValueOrDefault(id);
        var stored = found.Known.TryGetValue(id, out var first) ? [first] : new List<Known>();
        for (var number = 1; number <= retractions && found.Known.TryGetValue(sent.ToEventId(tenant, number), out var later); number++) stored.Add(later);
        return incarnations[id] = new Incarnations(stored.Select(known => new Held(known.Hash, known.Retracts, known.Position)), retractions);
    }

    /// <param name="By">The event that holds the id of one that is not new.</param>
    private readonly record struct Verdict(Kind Kind, Held By);
}
