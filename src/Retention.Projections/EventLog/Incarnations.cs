namespace Retention.Projections.EventLog;

/// <summary>
/// What was stored under one id so far, retracted and sent again in turns. Of n events, n or n − 1 were retracted, so that at most the last
/// one is in force; before the first one, an id may be retracted once, which the first one to arrive then is. A retraction is in force for ever.
/// </summary>
/// <param name="stored">The events, in order of the log.</param>
/// <param name="retractions">How often the id was retracted.</param>
internal sealed class Incarnations(IEnumerable<Held> stored, int retractions)
{
    private readonly List<Held> stored = [.. stored];

    public int Count => stored.Count;

    public int Retractions { get; private set; } = retractions;

    /// <summary>The event in force; null where there is none.</summary>
    public Held? InForce => stored.Count > 0 && (stored.Count > Retractions || stored[^1].Retracts) ? stored[^1] : null;

    /// <summary>The event of a content, in force or not.</summary>
    public Held? Find(string? hash) => stored.Cast<Held?>().LastOrDefault(held => held!.Value.Hash == hash);

    public void Add(Held next) => stored.Add(next);

    /// <summary>Retracts the event in force, or the first one that will come; an event that is retracted already is not retracted again.</summary>
    public void Retract()
    {
        if (Retractions < Math.Max(1, stored.Count)) Retractions++;
    }
}

/// <summary>An event that holds an id: at a position of the log, or at an index of the batch.</summary>
/// <param name="Hash">Null for a row of another client, whose content cannot be compared.</param>
/// <param name="Retracts">Whether it is a retraction.</param>
internal readonly record struct Held(string? Hash, bool Retracts, long? Position, int? Index = null);
