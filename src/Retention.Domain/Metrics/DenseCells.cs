using System.Collections;

namespace Retention.Domain.Metrics;

/// <summary>
/// A sum of contributions by whole numbers that lie close together, such as periods or days, in one array that grows as needed: the
/// sink of a fold over all customers, where <see cref="Cells{TKey,TCounts}"/> is that of few customers. Once the array spans the numbers that
/// occur, adding allocates nothing. Each core fills cells of its own, and <see cref="Add(DenseCells{TCounts})"/> merges them.
/// </summary>
public sealed class DenseCells<TCounts> : ICells<int, TCounts>, IMergeable<DenseCells<TCounts>>, IEnumerable<KeyValuePair<int, TCounts>>
    where TCounts : struct, ICounts<TCounts>
{
    private const int Least = 64;

    private TCounts[] cells = [];
    private int first;

    /// <summary>The counts at a number; zero where nothing was added.</summary>
    public TCounts this[int index] => Holds(index) ? cells[index - first] : default;

    /// <summary>The place of a number, to add to. It is valid until the next call.</summary>
    public ref TCounts At(int index)
    {
        if (!Holds(index)) Grow(index);
        return ref cells[index - first];
    }

    public void Add(int key, TCounts counts) => At(key) += counts;

    public void Add(DenseCells<TCounts> others)
    {
        foreach (var (index, counts) in others) At(index) += counts;
    }

    /// <summary>In ascending order, without the numbers whose counts are zero.</summary>
    public IEnumerator<KeyValuePair<int, TCounts>> GetEnumerator()
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (!cells[i].Equals(default)) yield return KeyValuePair.Create(first + i, cells[i]);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private bool Holds(int index) => unchecked((uint)(index - first)) < (uint)cells.Length;

    // Twice as long each time, so that growing costs no more than what was added.
    private void Grow(int index)
    {
        if (cells.Length == 0)
        {
            (cells, first) = (new TCounts[Least], index);
            return;
        }
        var (from, to) = ((long)first, (long)first + cells.Length);
        if (index < from) from = Math.Max(int.MinValue, Math.Min(index, from - cells.Length));
        else to = Math.Max(index + 1L, to + cells.Length);

        var grown = new TCounts[to - from];
        cells.CopyTo(grown, first - from);
        (cells, first) = (grown, (int)from);
    }
}
