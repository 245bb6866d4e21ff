using System.Text.Json;

namespace Retention.Projections.Replays;

/// <summary>What a replay was asked for.</summary>
/// <param name="Until">The position or time as asked; null for everything known at the start.</param>
/// <param name="Settings">Settings that differ from the tenant's own, by name; null for none.</param>
/// <param name="Tenant">Of a rebuild, the one tenant whose read models are made anew; null for all.</param>
public sealed record ReplayAsked(JsonElement? Until = null, JsonElement? Settings = null, string? Tenant = null);

/// <summary>A set of read models made from the log beside the live ones, or the making of it.</summary>
/// <param name="Tenant">Whose it is; <see cref="Running.Progress.Everyone"/> for the rebuild.</param>
/// <param name="Number">Of this one alone, also among those that had the name before.</param>
/// <param name="Status">See <see cref="ReplayStatus"/>.</param>
/// <param name="UpTo">The last position that counts.</param>
/// <param name="Progress">How far the work is, and what it found.</param>
/// <param name="Error">Why it failed; null where it did not.</param>
public sealed record Replay(
    string Tenant, string Name, long Number, string Status, long UpTo, ReplayAsked Asked, ReplayReport Progress, string? Error,
    DateTimeOffset CreatedAt, DateTimeOffset ChangedAt)
{
    /// <summary>Whether it takes the place of the live read models once it is made.</summary>
    public bool IsRebuild => Tenant == Running.Progress.Everyone;

    /// <summary>The one tenant whose log is read; null for all.</summary>
    internal string? Of => IsRebuild ? Asked.Tenant : Tenant;
}

/// <summary>How far a replay is, as it was last written down.</summary>
/// <param name="Events">Events to read, about.</param>
/// <param name="Read">Events read.</param>
/// <param name="Folded">Events whose customers are folded.</param>
/// <param name="EventsPerSecond">Read since the start.</param>
/// <param name="SecondsLeft">About how long reading and folding still take; null where nothing tells.</param>
public sealed record ReplayReport(string Phase, long Events, long Read, long Folded, double EventsPerSecond, double? SecondsLeft)
{
    /// <summary>Events whose customers were folded by a process that was killed, and are not folded again.</summary>
    public long Kept { get; init; }

    /// <summary>Cells of the sample that were compared with the live ones before the switch; null before that.</summary>
    public Comparison? Compared { get; init; }

    /// <summary>Tenants whose figures end before an event; known once the log is folded.</summary>
    public IReadOnlyList<StoppedTenant> Stopped { get; init; } = [];
}

/// <summary>A tenant that stops at an event that cannot be read or applied.</summary>
/// <param name="Position">Of the event; nothing of the tenant counts from there on.</param>
public sealed record StoppedTenant(string Tenant, long Position, Guid Event, string Reason);

/// <summary>A sample of the cells made anew beside the live ones of the same position.</summary>
/// <param name="Cells">Compared.</param>
/// <param name="Differences">Cells that are not equal, or only on one side.</param>
/// <param name="Examples">Some of them.</param>
public sealed record Comparison(long Cells, long Differences, IReadOnlyList<string> Examples);

/// <summary>What has become of a replay.</summary>
public static class ReplayStatus
{
    /// <summary>It is being made, or was when its process ended: the next one that starts goes on with it.</summary>
    public const string Building = "building";

    /// <summary>It can be asked.</summary>
    public const string Ready = "ready";

    /// <summary>It could not be made; its tables are gone.</summary>
    public const string Failed = "failed";

    public const string Cancelled = "cancelled";

    /// <summary>Of the rebuild: it is live, and what was live before waits for a word.</summary>
    public const string Switched = "switched";

    /// <summary>Of the rebuild: it is live, and what was live before is gone.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>Of the rebuild: what was live before is live again.</summary>
    public const string Reverted = "reverted";
}
