using Retention.Domain.Definitions;

namespace Retention.Domain.Customers;

/// <summary>
/// A complaint's life in local days; the first event of each kind counts, and one that is dated before the receipt counts on its day, so
/// that never more are resolved than received.
/// </summary>
/// <param name="Replied">The day of the first reply; null before one.</param>
/// <param name="Resolved">The day of the first resolution; null before one.</param>
public sealed record Complaint(long Id, DateOnly Received, DateOnly? Replied, DateOnly? Resolved, string? Channel, string? Category)
{
    /// <summary>Complaints that were received; replies and resolutions of others wait for theirs.</summary>
    public static IReadOnlyList<Complaint> Of(ReadOnlySpan<Told> others, Calendar calendar)
    {
        var complaints = new Dictionary<long, Complaint>();
        foreach (var (at, fact) in others)
        {
            if (fact is Fact.ComplaintReceived received)
                complaints.TryAdd(received.Complaint, new Complaint(received.Complaint, calendar.DayOf(at), null, null, received.Channel, received.Category));
        }
        if (complaints.Count == 0) return [];
        foreach (var (at, fact) in others)
        {
            if (fact is Fact.ComplaintReplied reply && complaints.TryGetValue(reply.Complaint, out var answered))
                complaints[reply.Complaint] = answered with { Replied = answered.Replied ?? DayOf(at, answered) };
            if (fact is Fact.ComplaintResolved resolution && complaints.TryGetValue(resolution.Complaint, out var closed))
                complaints[resolution.Complaint] = closed with { Resolved = closed.Resolved ?? DayOf(at, closed) };
        }
        return [.. complaints.Values];

        DateOnly DayOf(long at, Complaint complaint)
        {
            var day = calendar.DayOf(at);
            return day < complaint.Received ? complaint.Received : day;
        }
    }
}
