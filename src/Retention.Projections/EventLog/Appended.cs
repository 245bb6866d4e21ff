namespace Retention.Projections.EventLog;

/// <summary>What became of one event of an append.</summary>
public abstract record Appended
{
    private Appended()
    {
    }

    /// <summary>Committed now.</summary>
    public sealed record Stored(long Position, long Version) : Appended;

    /// <summary>The same event, by id and content, is at that position: earlier in the log or in this batch.</summary>
    public sealed record Duplicate(long Position) : Appended;

    /// <summary>Another content holds this id, and stays as it is.</summary>
    /// <param name="Position">Where it stands; null when it is an event of this batch that was withheld.</param>
    public sealed record Conflict(long? Position) : Appended;

    /// <summary>Not stored, since its stream is archived: its customer is erased.</summary>
    public sealed record Refused : Appended;

    /// <summary>Not stored, since another event of its <see cref="AppendMode.AllOrNone"/> batch is a conflict or refused.</summary>
    public sealed record Withheld : Appended;
}
