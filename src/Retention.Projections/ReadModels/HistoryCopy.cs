using Retention.Domain.Customers;

namespace Retention.Projections.ReadModels;

/// <summary>Customers of a tenant in memory; never changed once they are read.</summary>
/// <param name="Replaced">By number, whether a later part has a newer history of the customer; null for none.</param>
internal sealed record HistoryPart(Columns Columns, bool[]? Replaced = null)
{
    public bool Holds(int customer) => Replaced is null || !Replaced[customer];
}

/// <summary>
/// The histories of a tenant in memory, as of a position. Later facts may be among them: whoever asks reads the record as of its own
/// position, see <see cref="CustomerView"/>.
/// </summary>
/// <param name="Histories">Names the histories, see <see cref="Reflection"/>.</param>
/// <param name="Settled">Parts that stay.</param>
/// <param name="Changed">Histories that are newer than those of the parts.</param>
internal sealed record HistoryCopy(Guid Histories, long Position, IReadOnlyList<HistoryPart> Settled, IReadOnlyDictionary<string, CustomerHistory> Changed)
{
    /// <summary>More changes than this settle into a part, so that a small change does not rebuild a large one.</summary>
    private const int MostChanged = 10_000;

    private readonly HistoryPart changes = new(Columns.OfCores(Changed));
    private Dictionary<string, (int Part, int Customer)>? places;

    /// <summary>All parts; together they hold each customer once.</summary>
    public IReadOnlyList<HistoryPart> Parts => [.. Settled, changes];

    public int Customers => Parts.Sum(part => part.Columns.Count);

    /// <summary>About how much memory is held, in bytes.</summary>
    public long Bytes => Parts.Sum(part => part.Columns.Bytes + (part.Replaced?.LongLength ?? 0)) + (places?.Count ?? 0) * 48L;

    /// <summary>Whether so many histories were replaced that loading all anew is worth it.</summary>
    public bool IsWorn => Settled.Sum(part => part.Replaced?.Count(replaced => replaced) ?? 0) > 10_000 + Customers / 4;

    /// <summary>A copy in which customers have the histories that they have at a later position.</summary>
    /// <param name="newer">Their whole histories.</param>
    public HistoryCopy With(long position, IReadOnlyDictionary<string, CustomerHistory> newer)
    {
        var changed = new Dictionary<string, CustomerHistory>(Changed, StringComparer.Ordinal);
        foreach (var (customer, history) in newer) changed[customer] = history;
        var settled = Without(newer.Keys);
        if (changed.Count <= MostChanged) return new HistoryCopy(Histories, position, settled, changed) { places = places };

        var part = Columns.OfCores(changed);
        for (var customer = 0; customer < part.Count; customer++) places![part.IdOf(customer)] = (settled.Count, customer);
        return new HistoryCopy(Histories, position, [.. settled, new HistoryPart(part)], new Dictionary<string, CustomerHistory>()) { places = places };
    }

    /// <summary>Marks customers as replaced in the parts that stay.</summary>
    private List<HistoryPart> Without(IEnumerable<string> customers)
    {
        places ??= Places();
        var parts = Settled.ToList();
        foreach (var customer in customers)
        {
            if (!places.TryGetValue(customer, out var place)) continue;
            var part = parts[place.Part];
            if (ReferenceEquals(part, Settled[place.Part]))
                parts[place.Part] = part = part with { Replaced = part.Replaced is null ? new bool[part.Columns.Count] : [.. part.Replaced] };
            part.Replaced![place.Customer] = true;
        }
        return parts;
    }

    private Dictionary<string, (int Part, int Customer)> Places()
    {
        var found = new Dictionary<string, (int, int)>(Customers, StringComparer.Ordinal);
        foreach (var (index, part) in Settled.Index())
            for (var customer = 0; customer < part.Columns.Count; customer++) found[part.Columns.IdOf(customer)] = (index, customer);
        return found;
    }
}
