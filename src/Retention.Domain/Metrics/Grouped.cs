namespace Retention.Domain.Metrics;

/// <summary>Sums by group, for what one customer may contribute to several groups of; a group is there once it is asked for.</summary>
/// <param name="empty">Makes cells without contributions.</param>
public sealed class Grouped<TCells>(Func<TCells> empty) : IMergeable<Grouped<TCells>>
    where TCells : IMergeable<TCells>
{
    private readonly Dictionary<string, TCells> named = new(StringComparer.Ordinal);
    private bool hasNameless;
    private TCells? nameless;

    /// <summary>Groups in order of their values, that without one last.</summary>
    public IReadOnlyList<(string? Value, TCells Cells)> All =>
    [
        .. named.OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => ((string?)group.Key, group.Value)),
        .. hasNameless ? [(null, nameless!)] : Array.Empty<(string?, TCells)>(),
    ];

    public TCells this[string? value]
    {
        get
        {
            if (value is not null)
            {
                if (!named.TryGetValue(value, out var cells)) named[value] = cells = empty();
                return cells;
            }
            if (!hasNameless) (hasNameless, nameless) = (true, empty());
            return nameless!;
        }
    }

    public void Add(Grouped<TCells> others)
    {
        foreach (var (value, cells) in others.All) this[value].Add(cells);
    }
}
