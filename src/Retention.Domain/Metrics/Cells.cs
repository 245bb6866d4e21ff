using System.Collections;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Retention.Domain.Metrics;

/// <summary>What a cell counts: several whole numbers that are added and subtracted together, so that merging is exact.</summary>
public interface ICounts<TSelf> : IAdditionOperators<TSelf, TSelf, TSelf>, ISubtractionOperators<TSelf, TSelf, TSelf>, IEquatable<TSelf>
    where TSelf : struct, ICounts<TSelf>;

/// <summary>Sums whose parts, of different customers, add up.</summary>
public interface IMergeable<TSelf>
{
    void Add(TSelf others);
}

/// <summary>Cells and how many customers they are of.</summary>
public sealed class Counted<TCells>(TCells cells) : IMergeable<Counted<TCells>>
    where TCells : IMergeable<TCells>
{
    public TCells Cells => cells;

    public long Customers { get; set; }

    public void Add(Counted<TCells> others)
    {
        cells.Add(others.Cells);
        Customers += others.Customers;
    }
}

/// <summary>Where customers' contributions are added up.</summary>
public interface ICells<TKey, TCounts>
    where TCounts : struct, ICounts<TCounts>
{
    void Add(TKey key, TCounts counts);
}

/// <summary>
/// A sparse sum of contributions; cells that end at zero are absent.
/// </summary>
public sealed class Cells<TKey, TCounts> : ICells<TKey, TCounts>, IMergeable<Cells<TKey, TCounts>>, IEnumerable<KeyValuePair<TKey, TCounts>>
    where TKey : notnull
    where TCounts : struct, ICounts<TCounts>
{
    private readonly Dictionary<TKey, TCounts> sums = [];

    public int Count => sums.Count;

    public TCounts this[TKey key] => sums.GetValueOrDefault(key);

    public void Add(TKey key, TCounts counts)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, key, out _);
        sum += counts;
        if (sum.Equals(default)) sums.Remove(key);
    }

    public void Add(Cells<TKey, TCounts> others)
    {
        foreach (var (key, counts) in others.sums) Add(key, counts);
    }

    public Dictionary<TKey, TCounts>.Enumerator GetEnumerator() => sums.GetEnumerator();

    IEnumerator<KeyValuePair<TKey, TCounts>> IEnumerable<KeyValuePair<TKey, TCounts>>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
