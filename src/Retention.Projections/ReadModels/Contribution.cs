using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>
/// What one customer contributes to cells, in the order in which it is contributed. Before and after a change that order is nearly the same,
/// so that the difference is found cell by cell, without hashing. One key may be in it several times; what counts is the sum.
/// </summary>
internal sealed class Contribution<TKey, TCounts> : ICells<TKey, TCounts>
    where TKey : notnull
    where TCounts : struct, ICounts<TCounts>
{
    /// <summary>So many neighbours are compared before a key is looked for among all.</summary>
    private const int Near = 4;

    private readonly Dictionary<TKey, int> places = [];
    private (TKey Key, TCounts Counts)[] cells = new (TKey, TCounts)[32];
    private int count;

    public ReadOnlySpan<(TKey Key, TCounts Counts)> Cells => cells.AsSpan(0, count);

    public void Clear() => count = 0;

    public void Add(TKey key, TCounts counts)
    {
        if (count > 0 && Same(cells[count - 1].Key, key))
        {
            cells[count - 1].Counts += counts;
            return;
        }
        if (count == cells.Length) Array.Resize(ref cells, count * 2);
        cells[count++] = (key, counts);
    }

    /// <summary>Becomes the difference to what was contributed before; cells without one leave.</summary>
    public void Subtract(Contribution<TKey, TCounts> before)
    {
        places.Clear();
        var own = count;
        for (var i = 0; i < before.count; i++)
        {
            var (key, counts) = before.cells[i];
            var place = PlaceOf(key, i, own);
            if (place >= 0) cells[place].Counts -= counts;
            else Add(key, default(TCounts) - counts);
        }
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            if (!cells[i].Counts.Equals(default)) cells[kept++] = cells[i];
        }
        count = kept;
    }

    private int PlaceOf(TKey key, int near, int own)
    {
        for (var i = near; i < Math.Min(own, near + Near); i++)
        {
            if (Same(cells[i].Key, key)) return i;
        }
        if (places.Count == 0)
        {
            for (var i = 0; i < own; i++) places.TryAdd(cells[i].Key, i);
        }
        return places.GetValueOrDefault(key, -1);
    }

    private static bool Same(TKey a, TKey b) => EqualityComparer<TKey>.Default.Equals(a, b);
}
