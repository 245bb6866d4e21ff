using Npgsql;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.EventLog;

namespace Retention.Projections.ReadModels;

/// <summary>
/// The cells that are kept up to date, for the tenant's own definition: every read model that has periods for each of
/// <see cref="Grains"/>, answers and complaints by day. Every other question is a fold of histories.
/// </summary>
public sealed class MaintainedCells(Definition definition)
{
    public static IReadOnlyList<Grain> Grains { get; } = [Grain.Day, Grain.Week, Grain.Month, Grain.Quarter, Grain.Year];

    /// <summary>The tables that hold them, all with a column tenant_id.</summary>
    public static IReadOnlyList<string> Tables { get; } =
    [
        ActivityCells.Table.Name, RevenueCells.Table.Name, CohortCells.Table.Name, ClvCells.Table.Name, AnswerCells.Table.Name,
        ComplaintCells.Table.Name,
    ];

    private readonly Dictionary<Grain, Cells<ActivityCell, ActivityFlows>> activity = Grains.ToDictionary(grain => grain, _ => new Cells<ActivityCell, ActivityFlows>());
    private readonly Dictionary<Grain, Cells<int, RevenueCounts>> revenue = Grains.ToDictionary(grain => grain, _ => new Cells<int, RevenueCounts>());
    private readonly Dictionary<Grain, Cells<CohortCell, CohortCounts>> cohorts = Grains.ToDictionary(grain => grain, _ => new Cells<CohortCell, CohortCounts>());
    private readonly Dictionary<Grain, Cells<int, ClvCounts>> clv = Grains.ToDictionary(grain => grain, _ => new Cells<int, ClvCounts>());
    private readonly Cells<AnswerCell, AnswerCounts> answers = new();
    private readonly Cells<DateOnly, ComplaintCounts> complaints = new();

    /// <summary>Adds everything that one customer contributes.</summary>
    public void Add(CustomerHistory history)
    {
        var customer = new CustomerView(history, definition);
        foreach (var grain in Grains)
        {
            var partition = definition.By(grain);
            CustomerRetention.Contribute(customer, partition, activity[grain]);
            Revenue.Contribute(customer, partition, revenue[grain]);
            Cohorts.Contribute(customer, partition, cohorts[grain]);
            HistoricClv.Contribute(customer, partition, clv[grain]);
        }
        Feedback.Contribute(customer, answers);
        Complaints.Contribute(customer, complaints);
    }

    public void Subtract(MaintainedCells others)
    {
        foreach (var grain in Grains)
        {
            activity[grain].Subtract(others.activity[grain]);
            revenue[grain].Subtract(others.revenue[grain]);
            cohorts[grain].Subtract(others.cohorts[grain]);
            clv[grain].Subtract(others.clv[grain]);
        }
        answers.Subtract(others.answers);
        complaints.Subtract(others.complaints);
    }

    /// <summary>The statements that add these cells to the stored ones; none for a model without a difference.</summary>
    public IEnumerable<NpgsqlBatchCommand> Write(Place place, string tenant)
    {
        foreach (var grain in Grains)
        {
            var partition = definition.By(grain);
            if (activity[grain].Count > 0) yield return ActivityCells.Table.Add(place, tenant, partition, activity[grain]);
            if (revenue[grain].Count > 0) yield return RevenueCells.Table.Add(place, tenant, partition, revenue[grain]);
            if (cohorts[grain].Count > 0) yield return CohortCells.Table.Add(place, tenant, partition, cohorts[grain]);
            if (clv[grain].Count > 0) yield return ClvCells.Table.Add(place, tenant, partition, clv[grain]);
        }
        if (answers.Count > 0) yield return AnswerCells.Table.Add(place, tenant, definition.By(Grain.Day), answers);
        if (complaints.Count > 0) yield return ComplaintCells.Table.Add(place, tenant, definition.By(Grain.Day), complaints);
    }
}
