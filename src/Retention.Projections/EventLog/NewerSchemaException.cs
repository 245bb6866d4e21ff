namespace Retention.Projections.EventLog;

/// <summary>The schema was written by a newer version of this program, or by another branch of it, which alone may use it.</summary>
public sealed class NewerSchemaException(string schema, int found, int known)
    : Exception($"Schema '{schema}' has migration {found}, which this program does not know; its newest is {known}. Run the newer program.")
{
    /// <summary>The highest migration that was applied and is not known.</summary>
    public int Found { get; } = found;

    /// <summary>The highest migration that this program knows.</summary>
    public int Known { get; } = known;
}
