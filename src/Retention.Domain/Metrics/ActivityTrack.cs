using System.Runtime.InteropServices;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <param name="Ticks">UTC.</param>
internal readonly record struct Moment(long Ticks, int Period);

/// <summary>When one customer did something of a kind, in order of time; one track reads one customer after another.</summary>
internal sealed class ActivityTrack(ActivityKind kind, Partition partition)
{
    private static readonly Comparison<Moment> ByTime = (a, b) => a.Ticks.CompareTo(b.Ticks);

    private readonly List<Moment> moments = [];
    private readonly HashSet<long> complaints = [];
    private readonly HashSet<long> withdrawn = [];

    public ReadOnlySpan<Moment> Read(CustomerView customer)
    {
        moments.Clear();
        if (kind is ActivityKind.Order or ActivityKind.Any)
        {
            foreach (var order in customer.Orders) moments.Add(new Moment(order.OccurredAt, partition.IndexOf(order.Day, order.OccurredAt)));
        }
        if (kind != ActivityKind.Order) ReadOthers(customer);
        if (kind == ActivityKind.Any) moments.Sort(ByTime);
        return CollectionsMarshal.AsSpan(moments);
    }

    private void ReadOthers(CustomerView customer)
    {
        complaints.Clear();
        withdrawn.Clear();
        foreach (var (_, fact) in customer.Others)
        {
            if (fact is Fact.Withdrawal withdrawal) withdrawn.Add(withdrawal.AnswerId);
        }
        foreach (var (at, fact) in customer.Others)
        {
            if (Counts(fact)) moments.Add(new Moment(at, partition.IndexOf(customer.DayOf(at), at)));
        }
    }

    private bool Counts(Fact fact) => fact switch
    {
        Fact.Profile profile => profile.Registered && kind is ActivityKind.Registration or ActivityKind.Any,
        Fact.ComplaintReceived complaint => kind is ActivityKind.Complaint or ActivityKind.Any && complaints.Add(complaint.Complaint),
        Fact.Answer answer => kind is ActivityKind.Feedback or ActivityKind.Any && !withdrawn.Contains(answer.Id),
        _ => false,
    };
}
