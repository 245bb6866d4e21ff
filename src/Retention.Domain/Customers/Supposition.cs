namespace Retention.Domain.Customers;

/// <summary>Why a figure is another one than it was: what became known in between. An event has one cause, the first of these that fits.</summary>
[Flags]
public enum Causes
{
    None = 0,

    /// <summary>Events that say who a customer is, or is not.</summary>
    Merges = 1,

    /// <summary>Refunds and cancellations of orders.</summary>
    Refunds = 2,

    /// <summary>Answers revised or withdrawn; and events retracted and sent anew under their ids, with the retraction.</summary>
    Corrections = 4,

    /// <summary>Events retracted, and not sent anew.</summary>
    Retractions = 8,

    /// <summary>Everything else that occurred before the earlier position was recorded.</summary>
    Late = 16,

    /// <summary>Everything else, which occurred since.</summary>
    New = 32,

    /// <summary>Settings, and fitted models.</summary>
    Settings = 64,

    All = Merges | Refunds | Corrections | Retractions | Late | New | Settings,
}

/// <summary>
/// A record between two positions: what was known at the earlier one, and of what became known until the later one only what has some
/// causes. With none it is the record of the earlier position, with all that of the later one.
/// </summary>
/// <param name="Moment">When the earlier position was recorded, in UTC ticks: what occurred before came late.</param>
public sealed record Supposition(long From, long To, long Moment, Causes Known)
{
    /// <summary>The entries that are supposed to be known, all of them in force.</summary>
    /// <param name="entries">With their names, of one customer with all that it is merged with.</param>
    public IReadOnlyList<Entry> Of(IReadOnlyList<Entry> entries)
    {
        var twice = Renamed(entries);
        return [.. entries.Where(entry => IsKnown(entry, twice)).Select(entry => entry with { KnownUntil = 0 })];
    }

    /// <summary>The links that are supposed to be known, all of them in force.</summary>
    public IReadOnlyList<Link> Of(IEnumerable<Link> links) =>
    [
        .. links.Where(link => link.KnownFrom <= To && (link.KnownFrom <= From || Known.HasFlag(Causes.Merges)) && !Gone(link.KnownFrom, link.KnownUntil, Causes.Retractions))
            .Select(link => link with { KnownUntil = 0 }),
    ];

    /// <summary>Counts the events that changed a history, by cause; one that came and was retracted in between is none.</summary>
    public void Count(IReadOnlyList<Entry> entries, IDictionary<Causes, long> counts)
    {
        var twice = Renamed(entries);
        foreach (var entry in entries)
        {
            var cause = IsNew(entry) && !IsRetracted(entry) && entry.Fact is not Fact.Retraction ? CauseOf(entry, twice)
                : !IsNew(entry) && IsRetracted(entry) ? CauseOfRetraction(entry, twice)
                : Causes.None;
            if (cause != Causes.None) counts[cause] = counts.TryGetValue(cause, out var count) ? count + 1 : 1;
        }
    }

    private bool IsNew(Entry entry) => entry.KnownFrom > From && entry.KnownFrom <= To;

    private bool IsRetracted(Entry entry) => entry.KnownUntil > From && entry.KnownUntil <= To;

    private bool IsKnown(Entry entry, HashSet<(string, string)> twice) =>
        entry.KnownFrom <= To && (entry.KnownFrom <= From || Known.HasFlag(CauseOf(entry, twice)))
        && !Gone(entry.KnownFrom, entry.KnownUntil, CauseOfRetraction(entry, twice));

    /// <summary>What was retracted before, or since with a supposed cause; what came and was retracted since never was.</summary>
    private bool Gone(long from, long until, Causes cause) =>
        until != 0 && until <= To && (until <= From || from > From || Known.HasFlag(cause));

    private Causes CauseOf(Entry entry, HashSet<(string, string)> twice) => entry.Fact switch
    {
        Fact.Merge or Fact.Unmerge => Causes.Merges,
        Fact.Retraction => Causes.Retractions,
        Fact.Revision or Fact.Withdrawal => Causes.Corrections,
        _ when twice.Contains((entry.Source, entry.Id)) => Causes.Corrections,
        Fact.Refund or Fact.Cancellation => Causes.Refunds,
        _ => entry.OccurredAt < Moment ? Causes.Late : Causes.New,
    };

    private static Causes CauseOfRetraction(Entry entry, HashSet<(string, string)> twice) =>
        entry.Fact is not (Fact.Merge or Fact.Unmerge) && twice.Contains((entry.Source, entry.Id)) ? Causes.Corrections : Causes.Retractions;

    /// <summary>Ids under which something was retracted, and something else came after it.</summary>
    private HashSet<(string, string)> Renamed(IReadOnlyList<Entry> entries)
    {
        if (!entries.Any(entry => entry.KnownUntil != 0)) return [];
        return [.. entries.Where(entry => entry.KnownFrom <= To).GroupBy(entry => (entry.Source, entry.Id))
            .Where(own => own.Any(old => old.KnownUntil != 0 && own.Any(anew => anew.KnownFrom > old.KnownFrom && !(anew.KnownUntil != 0 && anew.KnownUntil <= To))))
            .Select(own => own.Key)];
    }
}
