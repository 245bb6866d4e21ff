using Retention.Domain.Clv;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.ReadModels;

/// <summary>What one customer contributes to everything that is maintained.</summary>
internal sealed class CustomerCells
{
    private readonly SliceNumbers numbers;
    private readonly (Partition.ByGrain Partition, Flows Flows, Periods<RevenueCounts> Revenue, Columns Cohorts, Periods<ClvCounts>? Clv)[] grains;
    private readonly int[] slices = new int[MaintainedCells.Dimensions.Count + 1];

    public CustomerCells(Definition definition, SliceNumbers numbers)
    {
        this.numbers = numbers;
        grains = [.. MaintainedCells.Grains.Select(grain => (
            definition.ByDays(grain), new Flows(Activity, grain), new Periods<RevenueCounts>(Revenue, grain),
            new Columns(Cohorts, grain, MaintainedCells.LastColumn(grain)),
            MaintainedCells.ClvGrains.Contains(grain) ? new Periods<ClvCounts>(Clv, grain) : null))];
    }

    public Contribution<DateOnly, DailyFlows> Activity { get; } = new();

    public Contribution<(Grain Grain, int Period), RevenueCounts> Revenue { get; } = new();

    public Contribution<(Grain Grain, CohortCell Cell), CohortCounts> Cohorts { get; } = new();

    public Contribution<(Grain Grain, int Cohort), ClvCounts> Clv { get; } = new();

    public Contribution<AnswerCell, AnswerCounts> Answers { get; } = new();

    public Contribution<RequestCell, RequestCounts> Requests { get; } = new();

    public Contribution<PurchaseSpanCell, PurchaseSpanCounts> PurchaseSpans { get; } = new();

    /// <summary>The slices that count the customer, that of all first.</summary>
    public ReadOnlySpan<int> Slices => slices;

    public void Set(CustomerView? customer)
    {
        Activity.Clear();
        Revenue.Clear();
        Cohorts.Clear();
        Clv.Clear();
        Answers.Clear();
        Requests.Clear();
        PurchaseSpans.Clear();
        if (customer is null) return;
        numbers.Of(customer, slices);
        foreach (var (partition, flows, revenue, cohorts, clv) in grains)
        {
            CustomerRetention.Contribute(customer, partition, flows);
            Domain.Metrics.Revenue.Contribute(customer, partition, revenue);
            Domain.Metrics.Cohorts.Contribute(customer, partition, cohorts);
            if (clv is not null) HistoricClv.Contribute(customer, partition, clv);
        }
        Feedback.Contribute(customer, Answers);
        Feedback.Contribute(customer, Requests);
        Domain.Clv.PurchaseSpans.Contribute(customer, PurchaseSpans);
    }

    /// <summary>Becomes the difference to what the customer contributed before.</summary>
    public void Subtract(CustomerCells before)
    {
        Activity.Subtract(before.Activity);
        Revenue.Subtract(before.Revenue);
        Cohorts.Subtract(before.Cohorts);
        Clv.Subtract(before.Clv);
        Answers.Subtract(before.Answers);
        Requests.Subtract(before.Requests);
        PurchaseSpans.Subtract(before.PurchaseSpans);
    }

    private sealed class Flows(Contribution<DateOnly, DailyFlows> days, Grain grain) : ICells<ActivityCell, ActivityFlows>
    {
        public void Add(ActivityCell key, ActivityFlows counts) => days.Add(key.Day, DailyFlows.Of(counts, grain));
    }

    private sealed class Periods<TCounts>(Contribution<(Grain, int), TCounts> cells, Grain grain) : ICells<int, TCounts>
        where TCounts : struct, ICounts<TCounts>
    {
        public void Add(int key, TCounts counts) => cells.Add((grain, key), counts);
    }

    /// <summary>Beyond the last column that is kept, only who ordered last or second there matters, for suffix and prefix sums.</summary>
    private sealed class Columns(Contribution<(Grain, CohortCell), CohortCounts> cells, Grain grain, int last) : ICells<CohortCell, CohortCounts>
    {
        public void Add(CohortCell key, CohortCounts counts) => cells.Add(
            (grain, key.K <= last ? key : key with { K = last + 1 }), key.K <= last ? counts : new CohortCounts { Last = counts.Last, Second = counts.Second });
    }
}
