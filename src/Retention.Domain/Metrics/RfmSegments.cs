namespace Retention.Domain.Metrics;

/// <summary>A block of cells (R, F), both ends included.</summary>
public readonly record struct RfmBlock(int RFrom, int RTo, int FFrom, int FTo)
{
    public bool Holds(int r, int f) => r >= RFrom && r <= RTo && f >= FFrom && f <= FTo;
}

/// <param name="Name">As served and asked for, such as <c>about-to-sleep</c>.</param>
public sealed record RfmSegment(string Name, IReadOnlyList<RfmBlock> Blocks);

/// <summary>A division of the 25 cells of recency and frequency scores into segments: every cell belongs to exactly one.</summary>
public sealed class RfmSegments
{
    private readonly RfmSegment[] byCell = new RfmSegment[25];

    /// <exception cref="ArgumentException">A cell belongs to no segment or to several; all such cells are named.</exception>
    public RfmSegments(params IReadOnlyList<RfmSegment> all)
    {
        All = all;
        var faults = new List<string>();
        for (var (r, f) = (1, 1); r <= 5; (r, f) = f < 5 ? (r, f + 1) : (r + 1, 1))
        {
            var segments = all.Where(segment => segment.Blocks.Any(block => block.Holds(r, f))).ToList();
            if (segments.Count == 1) byCell[Cell(r, f)] = segments[0];
            else faults.Add($"R{r} F{f} in {(segments.Count == 0 ? "none" : string.Join(" and ", segments.Select(segment => segment.Name)))}");
        }
        if (faults.Count > 0) throw new ArgumentException($"Every cell belongs to one segment: {string.Join(", ", faults)}.", nameof(all));
    }

    public static RfmSegments Default { get; } = new(
        new("champions", [new(5, 5, 4, 5)]),
        new("loyal", [new(3, 4, 4, 5)]),
        new("potential-loyal", [new(4, 5, 2, 3)]),
        new("new", [new(5, 5, 1, 1)]),
        new("promising", [new(4, 4, 1, 1)]),
        new("need-attention", [new(3, 3, 3, 3)]),
        new("about-to-sleep", [new(3, 3, 1, 2)]),
        new("cannot-lose", [new(1, 2, 5, 5)]),
        new("at-risk", [new(1, 2, 3, 4)]),
        new("hibernating", [new(2, 2, 1, 2), new(1, 1, 2, 2)]),
        new("lost", [new(1, 1, 1, 1)]));

    /// <summary>In the order of the table, from the best.</summary>
    public IReadOnlyList<RfmSegment> All { get; }

    public RfmSegment Of(RfmScore score) => byCell[Cell(score.R, score.F)];

    private static int Cell(int r, int f) => (r - 1) * 5 + f - 1;
}
