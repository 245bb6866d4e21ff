namespace Retention.Domain.Customers;

/// <summary>
/// A statement that one customer is, or is not, another. It speaks about the record: it holds whenever it is known, not from some moment of
/// business time on.
/// </summary>
/// <param name="Merged">Whether they are one; false takes a merge of the two, in this direction, back.</param>
/// <param name="KnownFrom">The log position from which it is known.</param>
/// <param name="KnownUntil">The position that retracted it; 0 while nothing has.</param>
/// <param name="OccurredAt">UTC ticks; with <paramref name="Source"/> and <paramref name="Id"/> it decides which statement is the latest.</param>
public sealed record Link(
    string Customer, string Into, bool Merged, long KnownFrom, long KnownUntil, long OccurredAt, string Source, string Id)
{
    /// <summary>By (occurredAt, source, id), never by arrival.</summary>
    public static IComparer<Link> InOrder { get; } = Comparer<Link>.Create((a, b) =>
    {
        var time = a.OccurredAt.CompareTo(b.OccurredAt);
        if (time != 0) return time;
        var source = string.CompareOrdinal(a.Source, b.Source);
        return source != 0 ? source : string.CompareOrdinal(a.Id, b.Id);
    });

    /// <summary>What an entry of a customer's history says about who it is; null for every other fact.</summary>
    public static Link? Of(string customer, Entry entry) => entry.Fact switch
    {
        Fact.Merge(var into) => From(customer, into, true, entry),
        Fact.Unmerge(var into) => From(customer, into, false, entry),
        _ => null,
    };

    public bool IsKnown(long position) => KnownFrom <= position && (KnownUntil == 0 || KnownUntil > position);

    private static Link From(string customer, string into, bool merged, Entry entry) =>
        new(customer, into, merged, entry.KnownFrom, entry.KnownUntil, entry.OccurredAt, entry.Source, entry.Id);
}

/// <summary>Customers that count as one.</summary>
/// <param name="Id">The id that they go by; nothing need ever have been sent for it.</param>
/// <param name="Members">Every id that it has, <paramref name="Id"/> among them, in ordinal order.</param>
public sealed record Identity(string Id, IReadOnlyList<string> Members);

/// <summary>
/// Who is who: the connected components of the merges in force. Of everything said of a customer and the one that it is merged into, the
/// latest by (occurredAt, source, id) is in force. A component goes by the <c>into</c> of its latest merge.
/// </summary>
public sealed class Identities
{
    private readonly Dictionary<string, Identity> byMember;

    private Identities(Dictionary<string, Identity> byMember) => this.byMember = byMember;

    /// <summary>The identities of every customer that a link names, those that are nobody else (any more) among them.</summary>
    public IEnumerable<Identity> All => byMember.Values.Distinct(ReferenceEqualityComparer.Instance).Cast<Identity>();

    /// <summary>Whether anything was ever said.</summary>
    public bool Any => byMember.Count > 0;

    /// <param name="knownAt">The log position as of which the record is read.</param>
    public static Identities Of(IEnumerable<Link> links, long knownAt = long.MaxValue)
    {
        var all = links as IReadOnlyCollection<Link> ?? [.. links];
        var components = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var link in all)
        {
            components.TryAdd(link.Customer, [link.Customer]);
            components.TryAdd(link.Into, [link.Into]);
        }
        var names = new Dictionary<List<string>, string>(ReferenceEqualityComparer.Instance);
        foreach (var merge in InForce(all, knownAt).Where(link => link.Merged).Order(Link.InOrder))
            names[Join(components, merge)] = merge.Into;
        var byMember = new Dictionary<string, Identity>(StringComparer.Ordinal);
        foreach (var members in components.Values.Distinct(ReferenceEqualityComparer.Instance).Cast<List<string>>())
        {
            var identity = new Identity(names.GetValueOrDefault(members, members[0]), [.. members.Order(StringComparer.Ordinal)]);
            foreach (var member in members) byMember[member] = identity;
        }
        return new Identities(byMember);
    }

    /// <summary>The latest statement known of each customer and the one that it is, or is not, merged into.</summary>
    public static IEnumerable<Link> InForce(IEnumerable<Link> links, long knownAt = long.MaxValue) =>
        links.Where(link => link.IsKnown(knownAt)).GroupBy(link => (link.Customer, link.Into)).Select(pair => pair.Max(Link.InOrder)!);

    /// <summary>Whom a customer counts as; itself alone where nothing is said of it.</summary>
    public Identity Of(string customer) => byMember.GetValueOrDefault(customer) ?? new Identity(customer, [customer]);

    /// <summary>Puts the smaller component into the larger one, so that a long chain of merges costs n log n.</summary>
    private static List<string> Join(Dictionary<string, List<string>> components, Link merge)
    {
        var (one, other) = (components[merge.Customer], components[merge.Into]);
        if (ReferenceEquals(one, other)) return one;
        var (large, small) = one.Count < other.Count ? (other, one) : (one, other);
        foreach (var member in small) components[member] = large;
        large.AddRange(small);
        return large;
    }
}
