using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>The groups of an answer: the largest ones and <c>other</c> for the rest, so that groups sum to the total.</summary>
internal static class TopGroups
{
    public const string Other = "other";

    /// <summary>Named in an answer of JSON; an export has no limit.</summary>
    private const int Most = 10;

    /// <param name="size">How large a group is; the most customers come first.</param>
    /// <param name="merge">One sum of the rest.</param>
    public static IReadOnlyList<Group<TCells>> Of<TCells>(
        MetricRequest request, IReadOnlyList<Group<TCells>> groups, Func<TCells, long> size, Func<IEnumerable<TCells>, TCells> merge)
    {
        if (request.IsExport || groups.Count <= Most) return groups;
        var bySize = groups.Where(group => group.Value != Other).OrderByDescending(group => size(group.Cells)).ThenBy(group => group.Value is null).ThenBy(group => group.Value, StringComparer.Ordinal).ToList();
        // A value of this very name is among the rest, so that no two rows go by one name.
        var rest = bySize.Skip(Most).Concat(groups.Where(group => group.Value == Other));
        return [.. bySize.Take(Most), new Group<TCells>(Other, merge(rest.Select(group => group.Cells)))];
    }

    /// <summary>
    /// The groups that anybody counts in. A fold meets everybody, also who has not bought: a group in which nobody contributes is none, and
    /// takes none of the places.
    /// </summary>
    public static IReadOnlyList<Group<TCells>> WithContributions<TCells>(
        MetricRequest request, IReadOnlyList<Group<TCells>> groups, Func<TCells, bool> contributes) =>
        request.Question.GroupBy is null ? groups : [.. groups.Where(group => contributes(group.Cells))];

    /// <summary>The sum of cells by key.</summary>
    public static IReadOnlyDictionary<TKey, TCounts> Sum<TKey, TCounts>(IEnumerable<IReadOnlyDictionary<TKey, TCounts>> parts)
        where TKey : notnull
        where TCounts : struct, System.Numerics.IAdditionOperators<TCounts, TCounts, TCounts>
    {
        var sums = new Dictionary<TKey, TCounts>();
        foreach (var (key, counts) in parts.SelectMany(part => part)) sums[key] = sums.GetValueOrDefault(key) + counts;
        return sums;
    }

    /// <summary>The sum of cells that merge.</summary>
    /// <param name="into">Without contributions.</param>
    public static TCells Merge<TCells>(IEnumerable<TCells> parts, TCells into)
        where TCells : IMergeable<TCells>
    {
        foreach (var part in parts) into.Add(part);
        return into;
    }
}
