using System.Runtime.InteropServices;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>
/// Cells of several slices. A key has one place in all of them, so that it is looked for once for all slices that count a customer.
/// </summary>
internal sealed class SlicedCells<TKey, TCounts>
    where TKey : notnull
    where TCounts : struct, ICounts<TCounts>
{
    private readonly SliceNumbers slices;
    private readonly Dictionary<TKey, int> places = [];
    private readonly List<TKey> keys = [];
    private readonly List<PlacedCells<TCounts>> bySlice = [];

    public SlicedCells(SliceNumbers slices) => this.slices = slices;

    /// <summary>For how many cells there is room.</summary>
    public int Size => bySlice.Sum(cells => cells.SizeOf(keys.Count));

    /// <summary>The cells that are not zero.</summary>
    public IEnumerable<KeyValuePair<(Slice Slice, TKey Key), TCounts>> Sums =>
        bySlice.SelectMany((cells, slice) => cells.Sums.Select(cell => KeyValuePair.Create((slices[slice], keys[cell.Place]), cell.Counts)));

    /// <summary>Forgets all cells, and keeps the room for others.</summary>
    public void Clear()
    {
        places.Clear();
        keys.Clear();
        foreach (var cells in bySlice) cells.Clear();
    }

    /// <summary>Adds to the cell of a key in each of some slices.</summary>
    public void Add(ReadOnlySpan<int> counted, TKey key, TCounts counts)
    {
        var place = PlaceOf(key);
        foreach (var slice in counted) Of(slice).Add(place, keys.Count, counts);
    }

    public void Add(ReadOnlySpan<int> counted, Contribution<TKey, TCounts> cells)
    {
        foreach (var (key, counts) in cells.Cells) Add(counted, key, counts);
    }

    public void Subtract(ReadOnlySpan<int> counted, Contribution<TKey, TCounts> cells)
    {
        foreach (var (key, counts) in cells.Cells) Add(counted, key, default(TCounts) - counts);
    }

    public void Add(SlicedCells<TKey, TCounts> others)
    {
        var own = others.keys.ConvertAll(PlaceOf);
        foreach (var (number, cells) in others.bySlice.Index())
        {
            var sums = Of(slices.Of(others.slices[number]));
            foreach (var (place, counts) in cells.Sums) sums.Add(own[place], keys.Count, counts);
        }
    }

    private PlacedCells<TCounts> Of(int slice)
    {
        while (bySlice.Count <= slice) bySlice.Add(new());
        return bySlice[slice];
    }

    private int PlaceOf(TKey key)
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(places, key, out var known);
        if (known) return place;
        keys.Add(key);
        return place = keys.Count - 1;
    }
}

/// <summary>The cells of one slice, by the places of their keys: few are in a table, many in an array.</summary>
internal sealed class PlacedCells<TCounts>
    where TCounts : struct, ICounts<TCounts>
{
    private const int Few = 64;

    // An array takes the room of about so many entries of a table for each that is used.
    private const int Sparse = 4;

    private Dictionary<int, TCounts>? few = [];
    private TCounts[] many = [];

    /// <param name="places">How many places there are.</param>
    public int SizeOf(int places) => few?.Count ?? places;

    /// <summary>The cells that are not zero.</summary>
    public IEnumerable<(int Place, TCounts Counts)> Sums =>
        (few is null ? many.Select((counts, place) => (place, counts)) : few.Select(cell => (cell.Key, cell.Value))).Where(cell => !cell.Item2.Equals(default));

    /// <param name="places">How many places there are.</param>
    public void Add(int place, int places, TCounts counts)
    {
        if (few is not null && few.Count >= Few && few.Count * Sparse >= places) Spread(places);
        if (few is not null)
        {
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(few, place, out _);
            sum += counts;
            return;
        }
        if (place >= many.Length) Array.Resize(ref many, Math.Max(places, many.Length * 2));
        many[place] += counts;
    }

    public void Clear()
    {
        few?.Clear();
        Array.Clear(many);
    }

    private void Spread(int places)
    {
        many = new TCounts[places];
        foreach (var (place, counts) in few!) many[place] = counts;
        few = null;
    }
}
