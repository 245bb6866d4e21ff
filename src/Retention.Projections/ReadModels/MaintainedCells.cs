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
    /// <summary>Rises when a contribution changes: cells of another version are made anew.</summary>
    private const string Version = "1";

    public static IReadOnlyList<Grain> Grains { get; } = [Grain.Day, Grain.Week, Grain.Month, Grain.Quarter, Grain.Year];

    /// <summary>The tables that hold them, all with a column tenant_id.</summary>
    public static IReadOnlyList<string> Tables { get; } =
    [
        ActivityCells.Table.Name, RevenueCells.Table.Name, CohortCells.Table.Name, ClvCells.Table.Name, AnswerCells.Table.Name,
        ComplaintCells.Table.Name,
    ];

    internal IReadOnlyDictionary<Grain, Cells<ActivityCell, ActivityFlows>> ActivityByGrain { get; } = Grains.ToDictionary(grain => grain, _ => new Cells<ActivityCell, ActivityFlows>());
    internal IReadOnlyDictionary<Grain, Cells<int, RevenueCounts>> RevenueByGrain { get; } = Grains.ToDictionary(grain => grain, _ => new Cells<int, RevenueCounts>());
    internal IReadOnlyDictionary<Grain, Cells<CohortCell, CohortCounts>> CohortsByGrain { get; } = Grains.ToDictionary(grain => grain, _ => new Cells<CohortCell, CohortCounts>());
    internal IReadOnlyDictionary<Grain, Cells<int, ClvCounts>> ClvByGrain { get; } = Grains.ToDictionary(grain => grain, _ => new Cells<int, ClvCounts>());
    internal Cells<AnswerCell, AnswerCounts> AnswersByDay { get; } = new();
    internal Cells<DateOnly, ComplaintCounts> ComplaintsByDay { get; } = new();

    /// <summary>Names what the cells of a definition are made by, this program's contributions included.</summary>
    public static string KeyOf(Definition definition) => $"{Version}|{definition.Key}";

    /// <summary>The definition of a <see cref="KeyOf"/>.</summary>
    public static Definition DefinitionOf(string key) => Definition.FromKey(key[(key.IndexOf('|', StringComparison.Ordinal) + 1)..]);

    /// <summary>Marks the cells that other contributions have made, so that they are made anew before anything is added to them.</summary>
    public static async Task MarkStaleAsync(Place place, CancellationToken ct)
    {
        await using var command = place.Command(
            "update {schema}.reflections set stale = true where not stale and maintained_by not like $1 || '|%'");
        command.Parameters.AddWithValue(Version);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Adds everything that one customer contributes.</summary>
    public void Add(CustomerHistory history) => Add(new CustomerView(history, definition));

    private void Add(CustomerView customer)
    {
        foreach (var grain in Grains)
        {
            var partition = definition.ByDays(grain);
            CustomerRetention.Contribute(customer, partition, ActivityByGrain[grain]);
            Revenue.Contribute(customer, partition, RevenueByGrain[grain]);
            Cohorts.Contribute(customer, partition, CohortsByGrain[grain]);
            HistoricClv.Contribute(customer, partition, ClvByGrain[grain]);
        }
        Feedback.Contribute(customer, AnswersByDay);
        Complaints.Contribute(customer, ComplaintsByDay);
    }

    public void Subtract(MaintainedCells others)
    {
        foreach (var grain in Grains)
        {
            ActivityByGrain[grain].Subtract(others.ActivityByGrain[grain]);
            RevenueByGrain[grain].Subtract(others.RevenueByGrain[grain]);
            CohortsByGrain[grain].Subtract(others.CohortsByGrain[grain]);
            ClvByGrain[grain].Subtract(others.ClvByGrain[grain]);
        }
        AnswersByDay.Subtract(others.AnswersByDay);
        ComplaintsByDay.Subtract(others.ComplaintsByDay);
    }

    /// <summary>The statements that add these cells to the stored ones; none for a model without a difference.</summary>
    public IEnumerable<NpgsqlBatchCommand> Write(Place place, string tenant)
    {
        foreach (var grain in Grains)
        {
            var partition = definition.ByDays(grain);
            if (ActivityByGrain[grain].Count > 0) yield return ActivityCells.Table.Add(place, tenant, partition, ActivityByGrain[grain]);
            if (RevenueByGrain[grain].Count > 0) yield return RevenueCells.Table.Add(place, tenant, partition, RevenueByGrain[grain]);
            if (CohortsByGrain[grain].Count > 0) yield return CohortCells.Table.Add(place, tenant, partition, CohortsByGrain[grain]);
            if (ClvByGrain[grain].Count > 0) yield return ClvCells.Table.Add(place, tenant, partition, ClvByGrain[grain]);
        }
        if (AnswersByDay.Count > 0) yield return AnswerCells.Table.Add(place, tenant, definition.ByDays(Grain.Day), AnswersByDay);
        if (ComplaintsByDay.Count > 0) yield return ComplaintCells.Table.Add(place, tenant, definition.ByDays(Grain.Day), ComplaintsByDay);
    }
}
