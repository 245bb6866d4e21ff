namespace Retention.Projections.EventLog;

/// <summary>A stream has moved on from the version that the writer knew. Nothing of the batch was stored and no number was drawn.</summary>
public sealed class VersionConflictException(string stream, long expected, long actual)
    : Exception($"Stream '{stream}' is at version {actual}, not at {expected}.")
{
    public string Stream { get; } = stream;

    public long Expected { get; } = expected;

    public long Actual { get; } = actual;
}
