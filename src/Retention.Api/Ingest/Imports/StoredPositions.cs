using NpgsqlTypes;

namespace Retention.Api.Ingest.Imports;

/// <summary>The positions that an import has stored at, as ranges: few, since those of a batch mostly follow each other.</summary>
public sealed class StoredPositions
{
    /// <summary>Beyond so many ranges the last one is stretched; what lies between is told apart by its source alone.</summary>
    private const int MostRanges = 10_000;

    private readonly List<(long First, long Last)> ranges = [];

    public StoredPositions()
    {
    }

    /// <param name="stored">As <see cref="ToRanges"/> gives them.</param>
    public StoredPositions(IEnumerable<NpgsqlRange<long>> stored) =>
        ranges.AddRange(stored.Select(range => (range.LowerBoundIsInclusive ? range.LowerBound : range.LowerBound + 1, range.UpperBoundIsInclusive ? range.UpperBound : range.UpperBound - 1)));

    /// <summary>0 while there is none.</summary>
    public long Last => ranges.Count > 0 ? ranges[^1].Last : 0;

    /// <summary>Adds positions that were drawn after all that are there.</summary>
    public void Add(IEnumerable<long> positions)
    {
        foreach (var position in positions.Order())
        {
            if (ranges is [.., var (first, last)] && (position == last + 1 || ranges.Count == MostRanges)) ranges[^1] = (first, position);
            else ranges.Add((position, position));
        }
    }

    public bool Contains(long position)
    {
        var after = ranges.FindLastIndex(range => range.First <= position);
        return after >= 0 && position <= ranges[after].Last;
    }

    public NpgsqlRange<long>[] ToRanges() => [.. ranges.Select(range => new NpgsqlRange<long>(range.First, range.Last))];
}
