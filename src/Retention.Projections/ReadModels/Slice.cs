using Retention.Domain.Customers;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>The customers that a maintained cell counts: all of them, or those with one value of one dimension.</summary>
/// <param name="Dimension">Empty for all.</param>
/// <param name="Value">As stored: empty where a customer has none, else = and the value.</param>
public readonly record struct Slice(string Dimension, string Value)
{
    public static Slice All { get; } = new("", "");

    public static Slice Of(string dimension, string? value) => new(dimension, value is null ? "" : $"={value}");

    /// <summary>The value; null where a customer has none.</summary>
    public static string? ValueOf(string stored) => stored == "" ? null : stored[1..];

    /// <summary>The slices that a customer is counted in, that of all first.</summary>
    public static void Of(CustomerView customer, Slice[] slices)
    {
        slices[0] = All;
        for (var i = 0; i < MaintainedCells.Dimensions.Count; i++)
            slices[i + 1] = Of(MaintainedCells.Dimensions[i], customer.DimensionOf(MaintainedCells.Dimensions[i]));
    }
}

/// <summary>Cells of several slices.</summary>
internal sealed class SlicedCells<TKey, TCounts>
    where TKey : notnull
    where TCounts : struct, ICounts<TCounts>
{
    private readonly Dictionary<(Slice Slice, TKey Key), TCounts> sums = [];

    /// <summary>The cells that are not zero.</summary>
    public IReadOnlyDictionary<(Slice Slice, TKey Key), TCounts> Sums => sums;

    public void Add(Slice slice, Cells<TKey, TCounts> cells)
    {
        foreach (var (key, counts) in cells) Add(slice, key, counts);
    }

    public void Subtract(Slice slice, Cells<TKey, TCounts> cells)
    {
        foreach (var (key, counts) in cells) Add(slice, key, default(TCounts) - counts);
    }

    public void Subtract(SlicedCells<TKey, TCounts> others)
    {
        foreach (var ((slice, key), counts) in others.sums) Add(slice, key, default(TCounts) - counts);
    }

    private void Add(Slice slice, TKey key, TCounts counts)
    {
        ref var sum = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(sums, (slice, key), out _);
        sum += counts;
        if (sum.Equals(default)) sums.Remove((slice, key));
    }
}
