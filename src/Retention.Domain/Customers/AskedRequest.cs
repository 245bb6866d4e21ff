namespace Retention.Domain.Customers;

/// <summary>A request for an answer and what became of it by the moment. Sent again under the same id, it counts once, when it was first sent.</summary>
/// <param name="OccurredAt">When it was sent, in UTC ticks.</param>
/// <param name="Bounced">Whether it did not reach the customer.</param>
/// <param name="AnsweredAt">When the first answer that names it, stands, and was not given before it, was given; null for none.</param>
public readonly record struct AskedRequest(long OccurredAt, Fact.Request Request, bool Bounced, long? AnsweredAt)
{
    /// <summary>The requests among a customer's facts, in order. One id may ask by several instruments; each is a request of its own.</summary>
    public static IReadOnlyList<AskedRequest> Of(ReadOnlySpan<Told> others)
    {
        Dictionary<(long, Instrument), (long At, Fact.Request Request)>? requests = null;
        foreach (var (at, fact) in others)
        {
            if (fact is Fact.Request request) (requests ??= []).TryAdd((request.Id, request.Instrument), (at, request));
        }
        if (requests is null) return [];
        var bounced = new HashSet<(long, Instrument)>();
        foreach (var (_, fact) in others)
        {
            if (fact is Fact.Bounce bounce) bounced.Add((bounce.RequestId, bounce.Instrument));
        }
        var answered = new Dictionary<(long, Instrument), long>();
        foreach (var (at, answer, _) in GivenAnswer.Of(others))
        {
            if (answer.RequestId is { } id && requests.TryGetValue((id, answer.Instrument), out var asked) && at >= asked.At) answered.TryAdd((id, answer.Instrument), at);
        }
        return [.. requests.Select(item => new AskedRequest(
            item.Value.At, item.Value.Request, bounced.Contains(item.Key), answered.TryGetValue(item.Key, out var at) ? at : null))
            .OrderBy(asked => asked.OccurredAt)];
    }

    /// <summary>When the customer was last asked: the last request that did not bounce, in UTC ticks; null for none.</summary>
    public static long? LastDelivered(ReadOnlySpan<Told> others)
    {
        HashSet<(long, Instrument)>? bounced = null;
        long? last = null;
        foreach (var (_, fact) in others)
        {
            if (fact is Fact.Bounce bounce) (bounced ??= []).Add((bounce.RequestId, bounce.Instrument));
        }
        foreach (var (at, fact) in others)
        {
            if (fact is Fact.Request request && bounced?.Contains((request.Id, request.Instrument)) != true) last = at;
        }
        return last;
    }
}
