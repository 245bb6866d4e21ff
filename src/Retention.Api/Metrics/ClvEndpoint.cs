using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>Historic lifetime value of a cohort, in major units; every figure is null while its period is not observable.</summary>
/// <param name="Within">Net revenue per customer by window in days; null where the cohort is not old enough.</param>
public sealed record ClvFigures(
    DateOnly Period, DateOnly From, DateOnly To, PeriodStatus Status, string? Group, long? Customers, decimal? Revenue, double? RevenuePerCustomer, decimal? Margin,
    double? MarginPerCustomer, Dictionary<string, double?>? Within)
{
    public static ClvFigures Of(int cohort, string? group, ClvCounts counts, MetricRequest request)
    {
        var (partition, asOf) = (request.Question.Partition, request.Question.AsOf);
        var (from, to) = (partition.StartOf(cohort), partition.EndOf(cohort));
        var status = asOf.Of(partition, cohort);
        if (status == PeriodStatus.NotObservable) return new(from, from, to, status, group, null, null, null, null, null, null);
        var known = counts.MarginRevenue != 0 || counts.Margin != 0;
        return new(
            from, from, to, status, group, counts.Customers, Currency.FromUnits(counts.Revenue, request.MoneyDigits), PerUnit.Money(counts.Revenue, counts.Customers),
            known ? Currency.FromUnits(counts.Margin, request.MoneyDigits) : null,
            known && counts.MarginRevenue == counts.Revenue ? PerUnit.Money(counts.Margin, counts.Customers) : null,
            HistoricClv.Windows.ToDictionary(
                days => $"{days}",
                days => HistoricClv.OldEnough(to, days, asOf) ? PerUnit.Money(HistoricClv.Within(counts, days), counts.Customers) : null));
    }
}

/// <summary><c>GET /v1/metrics/clv</c>: historic lifetime value by cohort.</summary>
public static class ClvEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new());
        var groups = TopGroups.Of(
            request, await ClvCells.ByCohortAsync(request.Snapshot, request.Question, http.RequestAborted),
            cells => cells.Values.Sum(counts => counts.Customers), TopGroups.Sum);
        var periods = request.Periods(groups.SelectMany(group => group.Cells).Where(cell => cell.Value.Customers > 0).Select(cell => (int?)cell.Key).Min());
        var rows = groups.SelectMany(group => Enumerable.Range(periods.First, Math.Max(0, periods.Last - periods.First + 1))
            .Select(cohort => ClvFigures.Of(cohort, group.Value, group.Cells.GetValueOrDefault(cohort), request))).ToList();
        return MetricAnswer.Of(request, Catalogue.Clv, request.Parameters(periods), rows);
    }
}
