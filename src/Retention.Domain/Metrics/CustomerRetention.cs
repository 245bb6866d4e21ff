using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>A period and the day of a flow in it: whether the flow counts depends on the evaluation moment.</summary>
public readonly record struct ActivityCell(int Period, DateOnly Day);

/// <summary>Flows of customers.</summary>
/// <param name="Acquired">First spans begun.</param>
/// <param name="Reactivated">Later spans begun.</param>
/// <param name="Lapsed">Spans ended; <paramref name="LapsedOld"/> of them by customers active at the period's start.</param>
/// <param name="Regained">Reactivations of customers who were active at the period's start, so that lost = LapsedOld − Regained.</param>
public readonly record struct ActivityFlows(long Acquired, long Reactivated, long Lapsed, long LapsedOld, long Regained) : ICounts<ActivityFlows>
{
    public static ActivityFlows operator +(ActivityFlows a, ActivityFlows b) => new(
        a.Acquired + b.Acquired, a.Reactivated + b.Reactivated, a.Lapsed + b.Lapsed, a.LapsedOld + b.LapsedOld, a.Regained + b.Regained);

    public static ActivityFlows operator -(ActivityFlows a, ActivityFlows b) => new(
        a.Acquired - b.Acquired, a.Reactivated - b.Reactivated, a.Lapsed - b.Lapsed, a.LapsedOld - b.LapsedOld, a.Regained - b.Regained);
}

/// <summary>
/// Retention over a period [a, b), with S active at a, E active at b, N first spans, R reactivations and L lapses in it:
/// <c>E = S + N + R − L</c>, lost = |active at a, not at b|, retained = S − lost, <c>retentionRate = retained / S</c>. The textbook
/// figure is <c>(E − N) / S</c>; the two differ by <c>(R − L_new − (L_old − lost)) / S</c>, where L_old are the lapses of customers
/// active at a. Activity is by windows of W days, see <see cref="Span"/>. In a period that is in progress E and lost are as of the moment.
/// </summary>
public static class CustomerRetention
{
    public static void Contribute(CustomerView customer, Partition partition, ICells<ActivityCell, ActivityFlows> cells)
    {
        var spans = customer.Spans;
        for (var i = 0; i < spans.Length; i++)
        {
            var started = partition.IndexOf(spans[i].Start);
            var regained = i > 0 && ActiveAt(spans[..i], partition.StartOf(started)) ? 1 : 0;
            cells.Add(new(started, spans[i].Start), i == 0 ? new() { Acquired = 1 } : new() { Reactivated = 1, Regained = regained });

            var ended = partition.IndexOf(spans[i].End);
            var old = ActiveAt(spans[..(i + 1)], partition.StartOf(ended)) ? 1 : 0;
            cells.Add(new(ended, spans[i].End), new() { Lapsed = 1, LapsedOld = old });
        }
    }

    /// <summary>
    /// The flows of each period that are in effect: starts are effective at once (facts after the moment are no part of the cells), a
    /// lapse only once its day is over.
    /// </summary>
    public static IReadOnlyDictionary<int, ActivityFlows> InEffect(IEnumerable<KeyValuePair<ActivityCell, ActivityFlows>> cells, DateOnly asOfDay)
    {
        var flows = new Dictionary<int, ActivityFlows>();
        foreach (var (cell, counts) in cells)
        {
            var effective = cell.Day < asOfDay ? counts : counts with { Lapsed = 0, LapsedOld = 0 };
            flows[cell.Period] = flows.GetValueOrDefault(cell.Period) + effective;
        }
        return flows;
    }

    /// <summary>Flows in effect at a moment, by period: the sink of a fold as of that moment.</summary>
    public sealed class FlowsInEffect(DateOnly asOfDay) : ICells<ActivityCell, ActivityFlows>, IMergeable<FlowsInEffect>
    {
        public DenseCells<ActivityFlows> ByPeriod { get; } = new();

        public void Add(ActivityCell key, ActivityFlows counts) =>
            ByPeriod.Add(key.Period, key.Day < asOfDay ? counts : counts with { Lapsed = 0, LapsedOld = 0 });

        public void Add(FlowsInEffect others) => ByPeriod.Add(others.ByPeriod);
    }

    /// <param name="flows">Of every period from the first on, those before <paramref name="first"/> included.</param>
    public static IEnumerable<RetentionRow> Rows(IReadOnlyDictionary<int, ActivityFlows> flows, Partition partition, AsOf asOf, int first, int last)
    {
        var opening = flows.Where(flow => flow.Key < first).Sum(flow => flow.Value.Acquired + flow.Value.Reactivated - flow.Value.Lapsed);
        for (var period = first; period <= last; period++)
        {
            var row = new RetentionRow(period, asOf.Of(partition, period), opening, flows.GetValueOrDefault(period));
            opening = row.Closing;
            yield return row;
        }
    }

    private static bool ActiveAt(ReadOnlySpan<Span> spans, DateOnly boundary)
    {
        // Spans follow each other: only the last one that began before can reach to the boundary.
        for (var i = spans.Length - 1; i >= 0; i--)
        {
            if (spans[i].Start < boundary) return spans[i].ActiveAt(boundary);
        }
        return false;
    }
}

/// <summary>The waterfall of one period and the rates that follow from it; a rate is null when nobody was active at the start.</summary>
public sealed record RetentionRow(int Period, PeriodStatus Status, long Opening, ActivityFlows Flows)
{
    public long Closing => Opening + Flows.Acquired + Flows.Reactivated - Flows.Lapsed;

    public long LapsedNew => Flows.Lapsed - Flows.LapsedOld;

    public long Lost => Flows.LapsedOld - Flows.Regained;

    public long Retained => Opening - Lost;

    public double? Rate => Opening == 0 ? null : (double)Retained / Opening;

    public double? RateByFormula => Opening == 0 ? null : (double)(Closing - Flows.Acquired) / Opening;

    public double? ChurnRate => Opening == 0 ? null : (double)Lost / Opening;
}
