using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>Complaints of a period; every figure is null while the period is not observable.</summary>
public sealed record ComplaintFigures(
    DateOnly Period, DateOnly From, DateOnly To, PeriodStatus Status, long? Received, long? Replied, long? Resolved, long? Open);

/// <summary><c>GET /v1/metrics/complaints</c>.</summary>
public static class ComplaintsEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { Groups = false });
        var (partition, asOf) = (request.Question.Partition, request.Question.AsOf);
        var cells = await ComplaintCells.ByPeriodAsync(request.Snapshot, request.Question, http.RequestAborted);
        var periods = request.Periods(cells.Where(cell => cell.Value.Received > 0).Select(cell => (int?)cell.Key).Min());
        var open = cells.Where(cell => cell.Key < periods.First).Sum(cell => cell.Value.Opened);
        var rows = new List<ComplaintFigures>();
        for (var period = periods.First; period <= periods.Last; period++)
        {
            var counts = cells.GetValueOrDefault(period);
            var (from, to, status) = (partition.StartOf(period), partition.EndOf(period), asOf.Of(partition, period));
            open += counts.Opened;
            rows.Add(status == PeriodStatus.NotObservable
                ? new(from, from, to, status, null, null, null, null)
                : new(from, from, to, status, counts.Received, counts.Replied, counts.Resolved, open));
        }
        return MetricAnswer.Of(request, Catalogue.Complaints, request.Parameters(periods), rows);
    }
}
