using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>Revenue of a period against the one before, in major units; every figure is null while the period is not observable.</summary>
public sealed record RevenueRetentionFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, double? Grr, double? Nrr, decimal? Previous, decimal? Current,
    decimal? New, decimal? Reactivated, decimal? Expansion, decimal? Contraction, decimal? Churned) : ComparedRow
{
    /// <param name="reactivations">Whether the revenue of reactivated customers counts in the net retention.</param>
    public static RevenueRetentionFigures Of(int period, string? group, RevenueMovements of, bool reactivations, MetricRequest request)
    {
        var question = request.Question;
        var (from, to) = (PeriodStart.Of(question, period), PeriodStart.Of(question, period + 1));
        var status = question.AsOf.Of(question.Partition, period);
        return status == PeriodStatus.NotObservable
            ? new(from, from, to, status, group, null, null, null, null, null, null, null, null, null)
            : new(
                from, from, to, status, group, of.GrossRetention, reactivations ? of.NetRetentionWithReactivations : of.NetRetention,
                Money(of.Previous), Money(of.Current), Money(of.New), Money(of.Reactivated), Money(of.Expansion), Money(of.Contraction), Money(of.Churned));

        decimal Money(long units) => Currency.FromUnits(units, request.MoneyDigits);
    }
}

/// <summary><c>GET /v1/metrics/revenue-retention</c>.</summary>
public static class RevenueRetentionEndpoint
{
    private static readonly string[] Reactivations = ["exclude", "include"];

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new("reactivations") { Compares = true });
        var reactivations = request.Query.Choice("reactivations", Reactivations) ?? "exclude";
        request.Query.Done();
        var folded = await FoldAsync(request, request.Question, http.RequestAborted);
        var counted = TopGroups.WithContributions(request, folded, cells => cells.Customers > 0 || cells.Cells.Any());
        var groups = TopGroups.Of(request, counted, cells => cells.Customers, parts => TopGroups.Merge(parts, new Counted<DenseCells<RevenueMovements>>(new())));
        var periods = await request.PeriodsAsync(First(groups), async everybody => First(await FoldAsync(request, everybody, http.RequestAborted)));
        var rows = groups.SelectMany(group => request.Rows(periods, (first, last) => Enumerable.Range(first, Math.Max(0, last - first + 1))
            .Select(period => RevenueRetentionFigures.Of(period, group.Value, group.Cells.Cells[period], reactivations == "include", request)))).ToList();
        var parameters = request.Parameters(periods);
        parameters["reactivations"] = reactivations;
        return MetricAnswer.Of(request, Catalogue.RevenueRetention, parameters, rows);
    }

    private static Task<IReadOnlyList<Group<Counted<DenseCells<RevenueMovements>>>>> FoldAsync(MetricRequest request, Question question, CancellationToken ct) =>
        request.Snapshot.FoldAsync(question, () => new Counted<DenseCells<RevenueMovements>>(new()), (customer, cells) =>
        {
            RevenueRetention.Contribute(customer, question.Partition, cells.Cells);
            if (!customer.Orders.IsEmpty) cells.Customers++;
        }, ct);

    private static int? First(IEnumerable<Group<Counted<DenseCells<RevenueMovements>>>> groups) =>
        groups.SelectMany(group => group.Cells.Cells).Select(cell => (int?)cell.Key).Min();
}
