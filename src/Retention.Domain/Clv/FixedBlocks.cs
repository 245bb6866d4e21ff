namespace Retention.Domain.Clv;

/// <summary>
/// Work over an index range on all cores, in blocks of a fixed size: sums are taken within blocks and then over blocks in their order, so
/// that a figure does not depend on the number of cores.
/// </summary>
internal static class FixedBlocks
{
    public const int Size = 4_096;

    public static void ForEach(int length, Action<Range> block) => Run(length, (_, range) => block(range));

    /// <summary>The sums of what each block adds to its own row of so many zeros.</summary>
    public static double[] Sum(int length, int width, Action<Range, double[]> block)
    {
        var parts = new double[Blocks(length)][];
        Run(length, (index, range) => block(range, parts[index] = new double[width]));
        var sums = new double[width];
        foreach (var part in parts)
        {
            for (var column = 0; column < width; column++) sums[column] += part[column];
        }
        return sums;
    }

    private static int Blocks(int length) => (length + Size - 1) / Size;

    private static void Run(int length, Action<int, Range> block)
    {
        if (length <= Size)
        {
            if (length > 0) block(0, ..length);
            return;
        }
        Parallel.For(0, Blocks(length), index => block(index, (index * Size)..Math.Min((index + 1) * Size, length)));
    }
}
