using Retention.Domain.Definitions;

namespace Retention.Domain.Customers;

/// <summary>
/// One customer as seen under a definition: the facts known and before the moment, resolved into orders, spans, complaints and answers.
/// Contributions read nothing else.
/// </summary>
public sealed class CustomerView
{
    private readonly Lazy<Purchases> purchases;
    private readonly Lazy<IReadOnlyList<Span>> spans;
    private readonly Lazy<IReadOnlyList<Complaint>> complaints;

    /// <param name="before">UTC ticks of the evaluation moment; facts at or after it are ignored.</param>
    public CustomerView(CustomerHistory history, Definition definition, long before = long.MaxValue)
    {
        Entries = [.. history.Entries.Where(entry => entry.KnownUntil == 0 && entry.OccurredAt < before)];
        Definition = definition;
        purchases = new(() => Purchases.Of(Entries, definition));
        spans = new(() => Span.Of(Purchases.Valid, definition.ActivityDays));
        complaints = new(() => Complaint.Of(Entries, definition.Calendar));
    }

    public Definition Definition { get; }

    public IReadOnlyList<Entry> Entries { get; }

    public Purchases Purchases => purchases.Value;

    /// <summary>Valid orders, in order of time; the first one acquired the customer.</summary>
    public IReadOnlyList<Order> Orders => Purchases.Valid;

    public IReadOnlyList<Span> Spans => spans.Value;

    public IReadOnlyList<Complaint> Complaints => complaints.Value;

    public IEnumerable<(DateOnly Day, Fact.Answer Answer)> Answers =>
        Entries.Where(entry => entry.Fact is Fact.Answer).Select(entry => (Definition.Calendar.DayOf(entry.OccurredAt), (Fact.Answer)entry.Fact));

    /// <summary>The attributes in force after the last fact.</summary>
    public IReadOnlyDictionary<string, string> Attributes()
    {
        var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in Entries.Select(entry => entry.Fact).OfType<Fact.Profile>().SelectMany(profile => profile.Attributes))
        {
            if (value is null) attributes.Remove(name);
            else attributes[name] = value;
        }
        return attributes;
    }
}

/// <summary>
/// A complaint's life in local days; the first event of each kind counts, and one that is dated before the receipt counts on its day, so
/// that never more are resolved than received.
/// </summary>
/// <param name="Replied">The day of the first reply; null before one.</param>
/// <param name="Resolved">The day of the first resolution; null before one.</param>
public sealed record Complaint(long Id, DateOnly Received, DateOnly? Replied, DateOnly? Resolved, string? Channel, string? Category)
{
    /// <summary>Complaints that were received; replies and resolutions of others wait for theirs.</summary>
    public static IReadOnlyList<Complaint> Of(IReadOnlyList<Entry> entries, Calendar calendar)
    {
        var complaints = new Dictionary<long, Complaint>();
        foreach (var entry in entries)
        {
            if (entry.Fact is Fact.ComplaintReceived received)
                complaints.TryAdd(received.Complaint, new Complaint(
                    received.Complaint, calendar.DayOf(entry.OccurredAt), null, null, received.Channel, received.Category));
        }
        foreach (var entry in entries)
        {
            if (entry.Fact is Fact.ComplaintReplied reply && complaints.TryGetValue(reply.Complaint, out var answered))
                complaints[reply.Complaint] = answered with { Replied = answered.Replied ?? DayOf(entry, answered) };
            if (entry.Fact is Fact.ComplaintResolved resolution && complaints.TryGetValue(resolution.Complaint, out var closed))
                complaints[resolution.Complaint] = closed with { Resolved = closed.Resolved ?? DayOf(entry, closed) };
        }
        return [.. complaints.Values];

        DateOnly DayOf(Entry entry, Complaint complaint)
        {
            var day = calendar.DayOf(entry.OccurredAt);
            return day < complaint.Received ? complaint.Received : day;
        }
    }
}
