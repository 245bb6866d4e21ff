namespace Retention.Domain.Customers;

/// <summary>What facts in order tell of a customer's attributes, as histories hold them.</summary>
internal static class ToldAttributes
{
    /// <summary>The value in force at a moment, else the first one later; null where there is none.</summary>
    public static string? InForce(ReadOnlySpan<Told> facts, string name, long moment)
    {
        string? inForce = null;
        foreach (var (at, fact) in facts)
        {
            if (at > moment && inForce is not null) break;
            if (fact is Fact.Profile profile && profile.Attributes.TryGetValue(name, out var value)) inForce = value;
        }
        return inForce;
    }

    /// <summary>The values in force after the last fact, by names.</summary>
    /// <param name="open">The value of a name as it is shown; null where it cannot be.</param>
    public static IReadOnlyDictionary<string, string> Latest(ReadOnlySpan<Told> facts, Func<string, string, string?> open)
    {
        var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (_, fact) in facts)
        {
            if (fact is not Fact.Profile profile) continue;
            foreach (var (name, value) in profile.Attributes)
            {
                if (value is null || open(name, value) is not { } opened) attributes.Remove(name);
                else attributes[name] = opened;
            }
        }
        return attributes;
    }
}
