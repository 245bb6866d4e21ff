using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Voice;

/// <summary>How often a reason was given among all that were given in the row and group.</summary>
public sealed record LapseReasonFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, string Reason, long Count, long Given, double Share, Interval? Interval);

/// <summary><c>GET /v1/metrics/lapse-reasons</c>.</summary>
public static class LapseReasonsEndpoint
{
    private const string Segment = "segment";

    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        var shape = new MetricShape { WholeRange = true, Dimensions = [.. QuestionReader.GroupDimensions, Segment] };
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, shape);
        // Days are put into rows once it is known where a whole range begins.
        var days = request.Question.Definition.ByDays(Grain.Day);
        var groups = TopGroups.Of(
            request, await FoldAsync(request, days, http.RequestAborted), reasons => reasons.Total, parts => TopGroups.Merge(parts, new LapseReasons(days)));
        var range = await Ranged.OfAsync(request, groups.Select(group => group.Cells.Began).Min(), async everybody =>
            (await request.Snapshot.FoldAsync(everybody, () => new LapseReasons(days), (customer, reasons) => reasons.Add(customer), http.RequestAborted)).Single().Cells.Began);
        return MetricAnswer.Of(request, VoiceCatalogue.LapseReasons, range.Parameters, [.. groups.SelectMany(group => Rows(range, group, days))]);
    }

    private static IEnumerable<LapseReasonFigures> Rows(Ranged range, Group<LapseReasons> group, Partition days)
    {
        foreach (var period in range.Rows)
        {
            var (from, to, status) = range.RowOf(period);
            var reasons = group.Cells.Of(day => range.Question.Partition.IndexOf(days.StartOf(day)) == period);
            var given = reasons.Sum(reason => reason.Count);
            foreach (var (reason, count) in reasons)
                yield return new(from, from, to, status, group.Value, reason, count, given, (double)count / given, WilsonInterval.Of(count, given));
        }
    }

    private static async Task<IReadOnlyList<Group<LapseReasons>>> FoldAsync(MetricRequest request, Partition days, CancellationToken ct)
    {
        if (request.Question.GroupBy != Segment)
            return await request.Snapshot.FoldAsync(request.Question, () => new LapseReasons(days), (customer, reasons) => reasons.Add(customer), ct);

        var (everybody, asOf) = (request.Question with { GroupBy = null }, request.Question.AsOf);
        var sample = await request.Snapshot.FoldAsync(everybody with { OfEverybody = true }, () => new RfmSample(), (customer, rfm) =>
        {
            if (RfmValues.Of(customer, asOf) is { } values) rfm.Add(values.Recency, values.Frequency, values.Monetary);
        }, ct);
        var edges = sample.Single().Cells.Edges();
        var folded = await request.Snapshot.FoldAsync(
            everybody, () => new Grouped<LapseReasons>(() => new(days)), (customer, reasons) => reasons[SegmentOf(customer, edges, asOf)].Add(customer), ct);
        return [.. folded.Single().Cells.All.Where(group => group.Cells.Total > 0).Select(group => new Group<LapseReasons>(group.Value, group.Cells))];
    }

    /// <summary>The RFM segment as of the moment; null for who never ordered.</summary>
    private static string? SegmentOf(CustomerView customer, RfmEdges? edges, AsOf asOf) =>
        edges is not null && RfmValues.Of(customer, asOf) is { } values
            ? RfmSegments.Default.Of(edges.Score(values.Recency, values.Frequency, values.Monetary)).Name
            : null;
}
