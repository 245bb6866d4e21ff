using System.Runtime.InteropServices;
using Retention.Domain.Customers;

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
}

/// <summary>Numbers slices, so that cells are found by numbers.</summary>
internal sealed class SliceNumbers
{
    /// <summary>The number of the slice of all.</summary>
    public const int All = 0;

    private readonly List<Slice> slices = [Slice.All];
    private readonly Dictionary<string, int>[] byValue = [.. MaintainedCells.Dimensions.Select(_ => new Dictionary<string, int>(StringComparer.Ordinal))];
    private readonly int[] nameless = new int[MaintainedCells.Dimensions.Count];

    public Slice this[int number] => slices[number];

    /// <summary>The slices that a customer is counted in, that of all first.</summary>
    public void Of(CustomerView customer, int[] numbers)
    {
        numbers[0] = All;
        for (var i = 0; i < MaintainedCells.Dimensions.Count; i++) numbers[i + 1] = Of(i, customer.DimensionOf(MaintainedCells.Dimensions[i]));
    }

    /// <summary>The number of a slice.</summary>
    public int Of(Slice slice)
    {
        if (slice == Slice.All) return All;
        for (var i = 0; i < MaintainedCells.Dimensions.Count; i++)
        {
            if (MaintainedCells.Dimensions[i] == slice.Dimension) return Of(i, Slice.ValueOf(slice.Value));
        }
        throw new ArgumentException($"{slice.Dimension} is no maintained dimension.", nameof(slice));
    }

    private int Of(int dimension, string? value)
    {
        if (value is null) return nameless[dimension] != 0 ? nameless[dimension] : nameless[dimension] = Add(dimension, null);
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(byValue[dimension], value, out var known);
        return known ? number : number = Add(dimension, value);
    }

    private int Add(int dimension, string? value)
    {
        slices.Add(Slice.Of(MaintainedCells.Dimensions[dimension], value));
        return slices.Count - 1;
    }
}
