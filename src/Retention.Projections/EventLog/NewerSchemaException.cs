namespace Retention.Projections.EventLog;

/// <summary>The schema was written by a newer version of this program, which alone may use it.</summary>
public sealed class NewerSchemaException(string schema, int found, int known)
    : Exception($"Schema '{schema}' is at version {found}; this program knows versions up to {known}. Run the newer program.")
{
    /// <summary>The version of the schema.</summary>
    public int Found { get; } = found;

    /// <summary>The highest version that this program knows.</summary>
    public int Known { get; } = known;
}
