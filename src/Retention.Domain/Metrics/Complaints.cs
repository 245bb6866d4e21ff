using Retention.Domain.Customers;

namespace Retention.Domain.Metrics;

/// <summary>Complaints of one day: how many were received, first replied to and first resolved on it.</summary>
public readonly record struct ComplaintCounts(long Received, long Replied, long Resolved) : ICounts<ComplaintCounts>
{
    public long Opened => Received - Resolved;

    public static ComplaintCounts operator +(ComplaintCounts a, ComplaintCounts b) =>
        new(a.Received + b.Received, a.Replied + b.Replied, a.Resolved + b.Resolved);

    public static ComplaintCounts operator -(ComplaintCounts a, ComplaintCounts b) =>
        new(a.Received - b.Received, a.Replied - b.Replied, a.Resolved - b.Resolved);
}

/// <summary>
/// Complaints by the local day of their receipt, first reply and first resolution. Open at a moment: received before it and not yet
/// resolved. A reply or resolution counts once its complaint is known.
/// </summary>
public static class Complaints
{
    public static void Contribute(CustomerView customer, ICells<DateOnly, ComplaintCounts> cells)
    {
        foreach (var complaint in customer.Complaints)
        {
            cells.Add(complaint.Received, new() { Received = 1 });
            if (complaint.Replied is { } replied) cells.Add(replied, new() { Replied = 1 });
            if (complaint.Resolved is { } resolved) cells.Add(resolved, new() { Resolved = 1 });
        }
    }
}
