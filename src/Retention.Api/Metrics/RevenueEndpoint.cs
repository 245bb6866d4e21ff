using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>Orders and revenue of a period; every figure is null while the period is not observable. Money in major units.</summary>
public sealed record RevenueFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? Orders, long? Customers, decimal? Revenue, double? AverageOrderValue,
    double? PurchaseFrequency, double? RepeatRateWindow, double? ReturningCustomerRate, double? RepeatRateLifetime) : ComparedRow
{
    public static RevenueFigures Of(RevenueRow row, string? group, MetricRequest request)
    {
        var (from, to) = (PeriodStart.Of(request.Question, row.Period), PeriodStart.Of(request.Question, row.Period + 1));
        return row.Status == PeriodStatus.NotObservable
            ? new(from, from, to, row.Status, group, null, null, null, null, null, null, null, null)
            : new(
                from, from, to, row.Status, group, row.Counts.Orders, row.Counts.Customers, Currency.FromUnits(row.Counts.Revenue, request.MoneyDigits),
                PerUnit.Money(row.Counts.Revenue, row.Counts.Orders), row.PurchaseFrequency, row.RepeatRateWindow, row.ReturningCustomerRate,
                row.RepeatRateLifetime);
    }
}

/// <summary><c>GET /v1/metrics/revenue</c>.</summary>
public static class RevenueEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Hours = true, Compares = true });
        var question = request.Question;
        var groups = TopGroups.Of(
            request, await RevenueCells.ByPeriodAsync(request.Snapshot, question, http.RequestAborted),
            cells => cells.Values.Sum(counts => counts.Acquired), TopGroups.Sum);
        var periods = await request.PeriodsAsync(
            First(groups), async everybody => First(await RevenueCells.ByPeriodAsync(request.Snapshot, everybody, http.RequestAborted)));
        var rows = groups.SelectMany(group => request.Rows(periods, (first, last) =>
            Revenue.Rows(group.Cells, question.Partition, question.AsOf, first, last).Select(row => RevenueFigures.Of(row, group.Value, request)))).ToList();
        return MetricAnswer.Of(request, Catalogue.Revenue, request.Parameters(periods), rows);
    }

    private static int? First(IEnumerable<Group<IReadOnlyDictionary<int, RevenueCounts>>> groups) =>
        groups.SelectMany(group => group.Cells).Where(cell => cell.Value != default).Select(cell => (int?)cell.Key).Min();
}

/// <summary>Amounts divided among orders or customers.</summary>
internal static class PerUnit
{
    /// <summary>An amount in ten-thousandths over a count, in major units; null over none.</summary>
    public static double? Money(long units, long count) => count == 0 ? null : (double)((decimal)units / Currency.Scale / count);
}
