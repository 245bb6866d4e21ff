using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>How often each reason was given, by row.</summary>
public sealed class LapseReasons(Partition partition) : IMergeable<LapseReasons>
{
    private readonly Dictionary<(int Row, string Reason), long> counts = [];

    /// <summary>The first local day on which a reason was given; null for none.</summary>
    public DateOnly? Began { get; private set; }

    public long Total => counts.Values.Sum();

    /// <summary>Every reason that the customer gave counts, also where it gave several.</summary>
    public void Add(CustomerView customer)
    {
        foreach (var (at, fact) in customer.Others)
        {
            if (fact is not Fact.LapseReason(var reason)) continue;
            var day = customer.DayOf(at);
            if (Began is null || day < Began) Began = day;
            Add((partition.IndexOf(day, at), reason), 1);
        }
    }

    public void Add(LapseReasons others)
    {
        foreach (var (key, count) in others.counts) Add(key, count);
        if (Began is null || others.Began < Began) Began = others.Began;
    }

    /// <summary>The reasons of some rows together, the most frequent first.</summary>
    public IReadOnlyList<(string Reason, long Count)> Of(Func<int, bool> rows) =>
    [
        .. counts.Where(pair => rows(pair.Key.Row)).GroupBy(pair => pair.Key.Reason, pair => pair.Value, StringComparer.Ordinal)
            .Select(reason => (reason.Key, reason.Sum())).OrderByDescending(reason => reason.Item2).ThenBy(reason => reason.Key, StringComparer.Ordinal),
    ];

    private void Add((int, string) key, long count) => counts[key] = counts.GetValueOrDefault(key) + count;
}
