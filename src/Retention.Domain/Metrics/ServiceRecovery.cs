using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>How a complaint ended for its customer; <see cref="None"/> stands for orders of customers who never complained.</summary>
public enum Outcome
{
    Resolved,
    Unresolved,
    None,
}

/// <param name="Stratum">Orders before × tenure, see <see cref="ServiceRecovery.StratumOf"/>.</param>
public readonly record struct RecoveryCell(int Period, Outcome Outcome, int Stratum);

/// <summary>A sum of values and of their squares, so that parts merge exactly.</summary>
public readonly record struct Sample(long N, long Sum, long Squares)
{
    public static Sample Of(long value) => new(1, value, value * value);

    public double? Mean => N == 0 ? null : (double)Sum / N;

    /// <summary>The variance of the mean, <c>(Σx²/n − x̄²) / n</c>.</summary>
    public double ErrorSquared => N == 0 ? 0 : Math.Max(0, (double)Squares / N - (double)Sum / N * Sum / N) / N;

    public static Sample operator +(Sample a, Sample b) => new(a.N + b.N, a.Sum + b.Sum, a.Squares + b.Squares);

    public static Sample operator -(Sample a, Sample b) => new(a.N - b.N, a.Sum - b.Sum, a.Squares - b.Squares);
}

/// <summary>What followed moments, as values: 1 for who ordered again and 0 for who did not; 1, 0 and −1 for promoters, passives and detractors.</summary>
/// <param name="Change">After − before, where both are known.</param>
public readonly record struct RecoveryCounts(Sample Again, Sample NpsBefore, Sample NpsAfter, Sample Change) : ICounts<RecoveryCounts>
{
    public static RecoveryCounts operator +(RecoveryCounts a, RecoveryCounts b) =>
        new(a.Again + b.Again, a.NpsBefore + b.NpsBefore, a.NpsAfter + b.NpsAfter, a.Change + b.Change);

    public static RecoveryCounts operator -(RecoveryCounts a, RecoveryCounts b) =>
        new(a.Again - b.Again, a.NpsBefore - b.NpsBefore, a.NpsAfter - b.NpsAfter, a.Change - b.Change);
}

/// <summary>
/// What a complaint does to coming back, and what solving it does: the share of customers who order again within 90 days after a complaint
/// that was resolved in that time, after one that was not, and, for comparison, after orders of customers who never complained. A complaint
/// counts if its customer had ordered before it; one that was withdrawn unresolved is neither. Only moments whose 90 days are over count.
/// <para>
/// Who complains is no ordinary customer, so controls are matched: moments are stratified by orders before (1, 2, 3–5, 6+) and tenure since
/// the first order (&lt; 90 days, &lt; 365 days, more), and the mean of the controls weighs each stratum as the complaints do. Direct
/// standardisation: Rothman, <em>Epidemiology: An Introduction</em>. Several moments of one customer are taken as independent.
/// </para>
/// </summary>
public static class ServiceRecovery
{
    /// <summary>For so many days of 24 hours after a moment is looked for an order, and around it for answers.</summary>
    public const int Days = 90;

    public const int Strata = 12;

    private const long Window = Days * TimeSpan.TicksPerDay;

    /// <param name="by">The evaluation moment is in UTC ticks.</param>
    public static void Contribute(CustomerView customer, (Partition Partition, long Before) by, ICells<RecoveryCell, RecoveryCounts> cells)
    {
        if (customer.Orders.IsEmpty) return;
        var scores = customer.Answers.Where(given => given.Answer.Instrument == Instrument.Nps).ToList();
        if (customer.Complaints is { Count: > 0 } complaints)
        {
            foreach (var complaint in complaints)
            {
                var end = complaint.Received + Window;
                if (complaint.Resolutions is [var resolved, ..] && resolved <= end) Add(Outcome.Resolved, complaint.Received);
                else if (complaint.Withdrawals is not [var withdrawn, ..] || withdrawn > end) Add(Outcome.Unresolved, complaint.Received);
            }
            return;
        }
        foreach (var order in customer.Orders) Add(Outcome.None, order.OccurredAt);

        void Add(Outcome outcome, long moment)
        {
            var earlier = OrdersUntil(customer.Orders, moment, included: outcome == Outcome.None);
            if (earlier == 0 || moment + Window > by.Before) return;
            var next = OrdersUntil(customer.Orders, moment, included: true);
            var again = next < customer.Orders.Length && customer.Orders[next].OccurredAt <= moment + Window;
            var cell = new RecoveryCell(by.Partition.IndexOf(customer.DayOf(moment), moment), outcome, StratumOf(earlier, moment - customer.Orders[0].OccurredAt));
            cells.Add(cell, CountsOf(again, scores, moment));
        }
    }

    /// <param name="orders">Valid orders before the moment, at least one.</param>
    /// <param name="tenure">Since the first of them, in ticks.</param>
    public static int StratumOf(int orders, long tenure) =>
        (orders switch { 1 => 0, 2 => 1, <= 5 => 2, _ => 3 }) * 3 + (tenure < 90 * TimeSpan.TicksPerDay ? 0 : tenure < 365 * TimeSpan.TicksPerDay ? 1 : 2);

    private static RecoveryCounts CountsOf(bool again, List<GivenAnswer> scores, long moment)
    {
        int? before = null, after = null;
        foreach (var (at, _, score) in scores)
        {
            var value = score >= 9 ? 1 : score <= 6 ? -1 : 0;
            if (at < moment && at >= moment - Window) before = value;
            if (at > moment && at <= moment + Window) after ??= value;
        }
        return new(
            Sample.Of(again ? 1 : 0), before is { } was ? Sample.Of(was) : default, after is { } became ? Sample.Of(became) : default,
            after - before is { } change ? Sample.Of(change) : default);
    }

    private static int OrdersUntil(ReadOnlySpan<Order> orders, long moment, bool included)
    {
        var (low, high) = (0, orders.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (orders[middle].OccurredAt < moment || (included && orders[middle].OccurredAt == moment)) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}

/// <summary>The mean of controls, each stratum weighted as among the complaints that they are compared with.</summary>
/// <param name="Controls">Moments of controls in those strata.</param>
/// <param name="Matched">The complaints in strata that have controls; the others are compared with nothing.</param>
public sealed record MatchedMean(double Mean, double ErrorSquared, long Controls, Sample Matched)
{
    /// <summary>The complaints' own mean less that of the controls.</summary>
    public double Difference => Matched.Mean!.Value - Mean;

    /// <param name="complaints">By stratum, like <paramref name="controls"/>.</param>
    /// <returns>Null where no complaint has a control.</returns>
    public static MatchedMean? Of(IReadOnlyList<Sample> complaints, IReadOnlyList<Sample> controls)
    {
        var strata = Enumerable.Range(0, complaints.Count).Where(stratum => complaints[stratum].N > 0 && controls[stratum].N > 0).ToList();
        if (strata.Count == 0) return null;
        var matched = strata.Aggregate(new Sample(), (sum, stratum) => sum + complaints[stratum]);
        var (mean, error, count) = (0.0, 0.0, 0L);
        foreach (var stratum in strata)
        {
            var weight = (double)complaints[stratum].N / matched.N;
            mean += weight * controls[stratum].Mean!.Value;
            error += weight * weight * controls[stratum].ErrorSquared;
            count += controls[stratum].N;
        }
        return new(mean, error, count, matched);
    }
}
