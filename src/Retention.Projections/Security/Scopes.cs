namespace Retention.Projections.Security;

/// <summary>What a key allows.</summary>
public static class Scopes
{
    public const string Ingest = "ingest";

    /// <summary>Figures, customers and events without free text and attributes of the tenant's own.</summary>
    public const string Read = "read";

    /// <summary>All that <see cref="Read"/> allows, with free text and every attribute.</summary>
    public const string ReadPersonal = "read:pii";

    public const string Replay = "replay";

    public const string Admin = "admin";

    public static IReadOnlyList<string> All { get; } = [Ingest, Read, ReadPersonal, Replay, Admin];

    /// <summary>Whether one of the scopes held allows what needs this one.</summary>
    public static bool Allow(IReadOnlyCollection<string> held, string needed) =>
        held.Contains(needed) || (needed == Read && held.Contains(ReadPersonal));
}
