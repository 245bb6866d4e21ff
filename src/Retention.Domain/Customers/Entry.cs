namespace Retention.Domain.Customers;

/// <summary>
/// One fact in a customer's history. It was known from log position <paramref name="KnownFrom"/> on, and until
/// <paramref name="KnownUntil"/> where it was retracted.
/// </summary>
/// <param name="KnownUntil">0 while nothing has retracted it.</param>
/// <param name="OccurredAt">Business time in UTC ticks of 100 ns.</param>
/// <param name="Source">With <paramref name="Id"/>, the event's identity, which breaks ties of time; empty where names were not loaded.</param>
public sealed record Entry(long KnownFrom, long KnownUntil, long OccurredAt, string Source, string Id, Fact Fact)
{
    /// <summary>By (occurredAt, source, id), never by arrival.</summary>
    public static IComparer<Entry> InOrder { get; } = Comparer<Entry>.Create((a, b) =>
    {
        var time = a.OccurredAt.CompareTo(b.OccurredAt);
        if (time != 0) return time;
        var source = string.CompareOrdinal(a.Source, b.Source);
        return source != 0 ? source : string.CompareOrdinal(a.Id, b.Id);
    });
}
