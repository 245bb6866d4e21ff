using System.Numerics;

namespace Retention.Domain.Metrics;

/// <summary>How often one whole number occurs.</summary>
public record struct Tally(long Count) : ICounts<Tally>
{
    public static Tally operator +(Tally a, Tally b) => new(a.Count + b.Count);

    public static Tally operator -(Tally a, Tally b) => new(a.Count - b.Count);
}

/// <summary>
/// The quantiles of type 7 at 20, 40, 60 and 80 % of whole numbers (see <see cref="Percentiles"/>), in integer arithmetic: each lies a
/// whole number of fifths from one value to the next, so that no value is put on the wrong side of an edge by rounding.
/// </summary>
public sealed class Quintiles
{
    private readonly (long First, long Second, long Third, long Fourth) below;

    private Quintiles(Func<long, long> valueAt, long n)
    {
        Edges = [.. Enumerable.Range(1, 4).Select(fifth => Edge(valueAt, (n - 1) * fifth))];
        var floors = Edges.Select(edge => (long)decimal.Floor(edge)).ToArray();
        below = (floors[0], floors[1], floors[2], floors[3]);
    }

    /// <summary>Four, ascending, in the unit of the values; equal where one value takes more than a fifth.</summary>
    public IReadOnlyList<decimal> Edges { get; }

    public int Distinct => Edges.Distinct().Count();

    /// <param name="counts">How often each value occurs.</param>
    /// <returns>Null without values.</returns>
    public static Quintiles? Of(DenseCells<Tally> counts)
    {
        var n = counts.Sum(value => value.Value.Count);
        return n == 0 ? null : new Quintiles(ValueAt, n);

        long ValueAt(long rank)
        {
            foreach (var (value, tally) in counts)
            {
                if (rank < tally.Count) return value;
                rank -= tally.Count;
            }
            throw new ArgumentOutOfRangeException(nameof(counts), "A count is negative.");
        }
    }

    /// <param name="values">In any order; they are put into another one.</param>
    /// <returns>Null without values.</returns>
    public static Quintiles? Of(Memory<long> values)
    {
        var last = -1;
        return values.IsEmpty ? null : new Quintiles(ValueAt, values.Length);

        // Each rank asked for is the last one, the one after it, or beyond; nothing behind the last one's place is smaller.
        long ValueAt(long rank)
        {
            if (rank <= last) return values.Span[(int)rank];
            last++;
            var value = Select(values.Span[last..], (int)rank - last);
            last = (int)rank;
            return value;
        }
    }

    /// <summary>How many of the four edges lie below a value, equal ones each for itself.</summary>
    public int Below(long value) =>
        (value > below.First ? 1 : 0) + (value > below.Second ? 1 : 0) + (value > below.Third ? 1 : 0) + (value > below.Fourth ? 1 : 0);

    private static decimal Edge(Func<long, long> valueAt, long fifths)
    {
        decimal lower = valueAt(fifths / 5);
        return fifths % 5 == 0 ? lower : lower + (valueAt(fifths / 5 + 1) - lower) * (fifths % 5) / 5;
    }

    /// <summary>
    /// The value of a rank, with no greater one before its place and no smaller one after. Hoare (1961), CACM 4(7), Algorithm 65: FIND;
    /// a part that does not shrink as it should is sorted instead, so that no order of the values takes quadratic time.
    /// </summary>
    private static long Select(Span<long> values, int rank)
    {
        for (var rounds = 2 * BitOperations.Log2((uint)values.Length); values.Length > 32 && rounds > 0; rounds--)
        {
            var (from, to) = Divide(values);
            if (rank <= to) values = values[..(to + 1)];
            else if (rank < from) return values[rank];
            else
            {
                values = values[from..];
                rank -= from;
            }
        }
        values.Sort();
        return values[rank];
    }

    // Afterwards all values up to To are at most the pivot, all from From on at least, and one between the two is equal to it.
    private static (int From, int To) Divide(Span<long> values)
    {
        var (a, b, c) = (values[0], values[values.Length / 2], values[^1]);
        var pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
        var (i, j) = (0, values.Length - 1);
        while (i <= j)
        {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i > j) break;
            (values[i], values[j]) = (values[j], values[i]);
            i++;
            j--;
        }
        return (i, j);
    }
}
