using System.Runtime.InteropServices;

namespace Retention.Domain.Customers;

/// <summary>
/// A complaint's life up to the moment, in UTC ticks. It is open from its receipt; a resolution or a withdrawal closes it, and a reopening
/// opens it again. A step that finds the complaint as it would leave it (a second resolution, a reopening of an open one) changes nothing,
/// and neither does one that is dated before the receipt: their business times contradict.
/// </summary>
/// <param name="position">Where its receipt stands in the log.</param>
public sealed class Complaint(long position, long occurredAt, Fact.ComplaintReceived receipt)
{
    private readonly List<long> replies = [];
    private readonly List<long> resolutions = [];
    private readonly List<long> reopenings = [];
    private readonly List<long> withdrawals = [];
    private readonly List<(long Message, long Reply)> waits = [];
    private readonly List<long> idle = [];
    private long? waitingSince;

    /// <summary>Where its receipt stands in the log.</summary>
    public long Position => position;

    public long Received => occurredAt;

    /// <summary>What was said when it was received.</summary>
    public Fact.ComplaintReceived Receipt => receipt;

    /// <summary>The first confirmation of the receipt; null before one.</summary>
    public long? Acknowledged { get; private set; }

    public IReadOnlyList<long> Replies => replies;

    /// <summary>When it was closed by a resolution.</summary>
    public IReadOnlyList<long> Resolutions => resolutions;

    /// <summary>When it was opened again.</summary>
    public IReadOnlyList<long> Reopenings => reopenings;

    /// <summary>When it was closed by a withdrawal.</summary>
    public IReadOnlyList<long> Withdrawals => withdrawals;

    /// <summary>For each time that the customer wrote and waited: the first message that no reply had followed yet, and the reply.</summary>
    public IReadOnlyList<(long Message, long Reply)> Waits => waits;

    /// <summary>Where receipts and steps that change nothing stand in the log.</summary>
    public IReadOnlyList<long> Idle => idle;

    /// <summary>Whether it is neither resolved nor withdrawn.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>Whether it was open at an instant.</summary>
    /// <param name="ticks">UTC.</param>
    public bool IsOpenAt(long ticks) =>
        Received < ticks && resolutions.Count(at => at < ticks) + withdrawals.Count(at => at < ticks) == reopenings.Count(at => at < ticks);

    /// <summary>The first reply or resolution, which the promise is held to; null before one.</summary>
    public long? Answered => (replies.Count, resolutions.Count) switch
    {
        (0, 0) => null,
        (_, 0) => replies[0],
        (0, _) => resolutions[0],
        _ => Math.Min(replies[0], resolutions[0]),
    };

    /// <summary>
    /// Complaints that were received, in order of their receipt; steps of others wait for theirs. Of several receipts of one complaint the
    /// first counts.
    /// </summary>
    public static IReadOnlyList<Complaint> Of(CustomerView customer)
    {
        var others = customer.Others;
        Dictionary<long, Complaint>? complaints = null;
        for (var i = 0; i < others.Length; i++)
        {
            if (others[i].Fact is not Fact.ComplaintReceived received) continue;
            complaints ??= [];
            ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(complaints, received.Complaint, out var known);
            if (!known) own = new Complaint(customer.PositionOfOther(i), others[i].OccurredAt, received);
            else own!.idle.Add(customer.PositionOfOther(i));
        }
        if (complaints is null) return [];
        for (var i = 0; i < others.Length; i++)
        {
            var (at, fact) = others[i];
            if (fact is not Fact.OfComplaint step || fact is Fact.ComplaintReceived || !complaints.TryGetValue(step.Complaint, out var own)) continue;
            if (at < own.Received || !own.Takes(at, step)) own.idle.Add(customer.PositionOfOther(i));
        }
        return [.. complaints.Values];
    }

    /// <returns>Whether the step changed anything.</returns>
    private bool Takes(long at, Fact.OfComplaint step)
    {
        switch (step)
        {
            case Fact.ComplaintAcknowledged when Acknowledged is null:
                Acknowledged = at;
                break;
            case Fact.ComplaintReplied:
                replies.Add(at);
                if (waitingSince is { } since) waits.Add((since, at));
                waitingSince = null;
                break;
            case Fact.ComplaintMessage:
                waitingSince ??= at;
                break;
            case Fact.ComplaintResolved when IsOpen:
                resolutions.Add(at);
                IsOpen = false;
                break;
            case Fact.ComplaintReopened when !IsOpen:
                reopenings.Add(at);
                IsOpen = true;
                break;
            case Fact.ComplaintWithdrawn when IsOpen:
                withdrawals.Add(at);
                IsOpen = false;
                break;
            default:
                return false;
        }
        return true;
    }
}
