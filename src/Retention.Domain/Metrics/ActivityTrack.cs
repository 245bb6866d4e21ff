using System.Runtime.InteropServices;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <param name="Ticks">UTC.</param>
internal readonly record struct Moment(long Ticks, int Period);

/// <summary>When one customer did something of a kind, in order of time; one track reads one customer after another.</summary>
internal sealed class ActivityTrack(CohortActivity kind, Partition partition)
{
    private static readonly Comparison<Moment> ByTime = (a, b) => a.Ticks.CompareTo(b.Ticks);

    private readonly List<Moment> moments = [];
    private readonly HashSet<long> complaints = [];
    private readonly HashSet<long> withdrawn = [];

    public ReadOnlySpan<Moment> Read(CustomerView customer)
    {
        moments.Clear();
        if (kind is CohortActivity.Order or CohortActivity.Any)
        {
            foreach (var order in customer.Orders) moments.Add(new Moment(order.OccurredAt, partition.IndexOf(order.Day, order.OccurredAt)));
        }
        if (kind != CohortActivity.Order) ReadOthers(customer);
        if (kind == CohortActivity.Any) moments.Sort(ByTime);
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
        Fact.Profile profile => profile.Registered && kind is CohortActivity.Registration or CohortActivity.Any,
        Fact.ComplaintReceived complaint => kind is CohortActivity.Complaint or CohortActivity.Any && complaints.Add(complaint.Complaint),
        Fact.Answer answer => kind is CohortActivity.Feedback or CohortActivity.Any && !withdrawn.Contains(answer.Id),
        _ => false,
    };
}
