namespace Retention.Domain.Metrics;

/// <summary>
/// Which groups of one row are not shown, so that nobody's answer can be told from the others': those with fewer than n responses, and,
/// where only one of them has any, the next smallest group as well: the one could else be recomputed from the total.
/// </summary>
public static class Suppression
{
    /// <param name="responses">Of each group.</param>
    /// <returns>For each group whether it is suppressed. Of equal groups the first one is the smaller.</returns>
    public static bool[] Of(IReadOnlyList<long> responses, int minN)
    {
        var suppressed = responses.Select(count => count < minN).ToArray();
        if (Enumerable.Range(0, responses.Count).Count(group => suppressed[group] && responses[group] > 0) != 1) return suppressed;
        var next = Enumerable.Range(0, responses.Count).Where(group => !suppressed[group]).OrderBy(group => responses[group]).Take(1);
        foreach (var group in next) suppressed[group] = true;
        return suppressed;
    }
}
