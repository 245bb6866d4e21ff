namespace Retention.Projections.EventLog;

/// <summary>What a conflict does to the rest of its batch.</summary>
public enum AppendMode
{
    /// <summary>Everything but the conflicts is stored.</summary>
    KeepValid,

    /// <summary>One conflict withholds the whole batch; duplicates withhold nothing.</summary>
    AllOrNone,
}
