namespace Retention.Projections.Tests;

/// <summary>A clock that is a minute later at every look.</summary>
internal sealed class Leaping : TimeProvider
{
    private long ticks;

    public override long GetTimestamp() => ticks += TimestampFrequency * 60;
}
