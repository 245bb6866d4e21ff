namespace Retention.Projections.Tests;

/// <summary>
/// The record by the letter of its rules, from one event to the next: what is stored, what is retracted, and who is whom. What it amounts to
/// are plain facts of plain customers, without the retracted ones and with merged customers renamed.
/// </summary>
internal sealed class NaiveRecord
{
    private readonly List<Happening> stored = [];
    private readonly HashSet<int> retracted = [];
    private readonly HashSet<(string, string)> awaited = [];

    /// <summary>Takes in what is told next.</summary>
    /// <returns>Whether it is new: nothing of its name is in force.</returns>
    public bool Tell(Happening next)
    {
        if (InForce(next.Name()) is not null) return false;
        stored.Add(next);
        if (awaited.Remove(next.Name()) && next.What != What.Retracted) retracted.Add(stored.Count - 1);
        if (next.What != What.Retracted) return true;
        if (InForce(next.Target()) is { } hit && stored[hit].What != What.Retracted) retracted.Add(hit);
        else if (stored.All(earlier => earlier.Name() != next.Target())) awaited.Add(next.Target());
        return true;
    }

    /// <summary>The facts that are so, of the customers whom they turned out to be of.</summary>
    public IReadOnlyList<Happening> Facts()
    {
        var so = stored.Where((_, index) => !retracted.Contains(index)).ToList();
        var merges = so.Where(told => told.What is What.Merged or What.Unmerged).GroupBy(told => (told.Customer, told.About))
            .Select(pair => InOrder(pair).Last()).Where(latest => latest.What == What.Merged).ToList();
        return [.. so.Where(told => !told.Corrects()).Select(told => told with { Customer = NameOf(told.Customer, InOrder(merges)) })];
    }

    private static string NameOf(string customer, IReadOnlyList<Happening> merges)
    {
        var same = new HashSet<string> { customer };
        for (var size = 0; size < same.Count;)
        {
            size = same.Count;
            foreach (var merge in merges)
            {
                if (same.Contains(merge.Customer)) same.Add(merge.About);
                if (same.Contains(merge.About)) same.Add(merge.Customer);
            }
        }
        return merges.LastOrDefault(merge => same.Contains(merge.About))?.About ?? customer;
    }

    private static List<Happening> InOrder(IEnumerable<Happening> told) =>
        [.. told.OrderBy(next => next.At).ThenBy(next => next.Source, StringComparer.Ordinal).ThenBy(next => next.Id, StringComparer.Ordinal)];

    private int? InForce((string, string) name)
    {
        for (var index = stored.Count - 1; index >= 0; index--)
            if (stored[index].Name() == name && !retracted.Contains(index)) return index;
        return null;
    }
}
