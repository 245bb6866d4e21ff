using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>
/// What customers contribute to any question about cohorts. A customer enters a cohort by a start activity; every activity of the return
/// kind from that instant on, besides the entry itself, is a return. Once the buffers have grown, adding a customer allocates nothing.
/// </summary>
public sealed class CohortFold(CohortFrame frame) : IMergeable<CohortFold>
{
    private readonly CohortQuestion asked = frame.Asked;
    private readonly CohortColumns columns = frame.Asked.Columns;
    private readonly ActivityTrack startTrack = new(frame.Asked.Start, frame.Partition);
    private readonly ActivityTrack returnTrack = new(frame.Asked.Return, frame.Partition);

    public CohortSums Sums { get; } = frame.NoSums();

    public void Add(CohortFold others) => Sums.Add(others.Sums);

    public void Add(CustomerView customer)
    {
        var starts = startTrack.Read(customer);
        if (starts.IsEmpty) return;
        var returns = asked.Return == asked.Start ? starts : returnTrack.Read(customer);
        Enter(customer, starts[0], returns);
        if (asked.Entry == CohortEntry.First) return;
        for (var i = 1; i < starts.Length; i++)
        {
            if (starts[i].Period != starts[i - 1].Period) Enter(customer, starts[i], returns);
        }
    }

    private void Enter(CustomerView customer, Moment entry, ReadOnlySpan<Moment> returns)
    {
        if (Sums.At(entry.Period) is not { } cohort) return;
        var later = returns[FirstFrom(returns, entry.Ticks)..];
        var again = FirstReturn(entry, later);
        cohort.Size++;
        if (again == 0) cohort.Again++;
        if (asked.Measure == CohortMeasure.Orders) AddOrders(entry, returns, cohort.Values);
        else if (!asked.CountsCustomers) AddRevenue(customer, entry, cohort.Values);
        else if (asked.Mode == CohortMode.On) AddReturns(entry, later, cohort.Values);
        else if (asked.Mode == CohortMode.OnOrAfter) AddAt(columns.StartedBy(LastReturn(entry, later)), cohort.Values);
        else if (asked.Mode == CohortMode.OnOrBefore) AddAt(EndingFrom(asked.MinOrders == 1 ? again : FirstEnough(entry, later)), cohort.Values);
        else AddSurvival(customer, entry, cohort.Values);
    }

    /// <summary>The period of the first return; −1 for none.</summary>
    /// <param name="later">Activities of the return kind from the entry's instant on.</param>
    private int FirstReturn(Moment entry, ReadOnlySpan<Moment> later)
    {
        var entries = asked.Return == asked.Start || asked.Return == CohortActivity.Any || asked.Start == CohortActivity.Any ? 1 : 0;
        if (entries == 1 && (later.IsEmpty || later[0].Ticks != entry.Ticks)) entries = 0;
        return entries < later.Length ? frame.PeriodsBetween(entry, later[entries]) : -1;
    }

    private void AddReturns(Moment entry, ReadOnlySpan<Moment> later, long[] values)
    {
        var counted = 0;
        for (var i = 0; i < later.Length;)
        {
            var (k, count) = (frame.PeriodsBetween(entry, later[i]), 0);
            if (k > columns.LastPeriod) return;
            while (i < later.Length && frame.PeriodsBetween(entry, later[i]) == k) (i, count) = (i + 1, count + 1);
            var column = columns.Of(k);
            if (column <= counted || count < asked.MinOrders) continue;
            values[column]++;
            counted = column;
        }
    }

    /// <summary>The last period with enough activities; 0 where none of the later ones has.</summary>
    private int LastReturn(Moment entry, ReadOnlySpan<Moment> later)
    {
        for (var i = later.Length - 1; i >= 0;)
        {
            var (k, count) = (frame.PeriodsBetween(entry, later[i]), 0);
            if (k == 0) return 0;
            while (i >= 0 && frame.PeriodsBetween(entry, later[i]) == k) (i, count) = (i - 1, count + 1);
            if (count >= asked.MinOrders) return k;
        }
        return 0;
    }

    /// <summary>The first period with enough activities, the entry's own included; −1 for none.</summary>
    private int FirstEnough(Moment entry, ReadOnlySpan<Moment> later)
    {
        for (var i = 0; i + asked.MinOrders <= later.Length; i++)
        {
            var k = frame.PeriodsBetween(entry, later[i]);
            if (frame.PeriodsBetween(entry, later[i + asked.MinOrders - 1]) == k) return k;
        }
        return -1;
    }

    private void AddOrders(Moment entry, ReadOnlySpan<Moment> orders, long[] values)
    {
        foreach (var order in orders)
        {
            var k = frame.PeriodsBetween(entry, order);
            if (k >= 0) AddAt(columns.Of(k), values);
        }
    }

    private void AddRevenue(CustomerView customer, Moment entry, long[] values)
    {
        foreach (var order in customer.Orders) Book(order.OccurredAt, order.Day, order.Booked);
        foreach (var (at, day, amount) in customer.Elsewhere) Book(at, day, amount);

        void Book(long at, DateOnly day, long amount)
        {
            var k = frame.PeriodsBetween(entry, new Moment(at, frame.Partition.IndexOf(day, at)));
            if (k >= 0) AddAt(asked.Cumulates ? columns.EndingFrom(k) : columns.Of(k), values, amount);
        }
    }

    /// <summary>A bracket counts whoever is active at the end of any of its periods.</summary>
    private void AddSurvival(CustomerView customer, Moment entry, long[] values)
    {
        var spans = customer.Spans;
        for (var column = 1; column < columns.Count; column++)
        {
            for (var k = columns.All[column].First; k <= columns.All[column].Last; k++)
            {
                var (status, end) = frame.EndOf(entry, k);
                if (status == PeriodStatus.NotObservable) return;
                if (!IsActive(spans, status == PeriodStatus.Complete ? end : null)) continue;
                values[column]++;
                break;
            }
        }
    }

    /// <param name="boundary">Null for the moment of the question, at which starts count at once and a lapse only once its day is over.</param>
    private bool IsActive(ReadOnlySpan<Span> spans, DateOnly? boundary)
    {
        foreach (var span in spans)
        {
            if (boundary is { } day ? span.ActiveAt(day) : span.Start <= frame.AsOf.Day && frame.AsOf.Day <= span.End) return true;
        }
        return false;
    }

    private int EndingFrom(int k) => k < 0 ? -1 : columns.EndingFrom(k);

    private static void AddAt(int column, long[] values, long amount = 1)
    {
        if (column >= 0) values[column] += amount;
    }

    private static int FirstFrom(ReadOnlySpan<Moment> moments, long ticks)
    {
        var (low, high) = (0, moments.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (moments[middle].Ticks < ticks) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
