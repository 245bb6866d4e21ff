using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Api.Customers;

/// <summary>A customer with scores from 1 to 5.</summary>
/// <param name="Recency">Days since the last purchase day.</param>
/// <param name="Frequency">Valid orders.</param>
/// <param name="Monetary">Net revenue in major units.</param>
public sealed record RfmRow(string Customer, int Recency, int Frequency, decimal Monetary, int R, int F, int M, string Segment);

/// <summary>Quantiles at 20, 40, 60 and 80 %, in the unit of the figure.</summary>
public sealed record RfmEdgeFigures(IReadOnlyList<decimal> Recency, IReadOnlyList<decimal> Frequency, IReadOnlyList<decimal> Monetary);

/// <summary>Scores of a segment, from and to.</summary>
public sealed record RfmBlockFigures(int[] R, int[] F);

public sealed record RfmSegmentFigures(string Name, IReadOnlyList<RfmBlockFigures> Cells, long Customers);

/// <summary>A page of the list, with what scores and segments follow from.</summary>
public sealed record RfmAnswer : PageShape<RfmRow>
{
    public required long Customers { get; init; }

    /// <summary>Null without customers.</summary>
    public required RfmEdgeFigures? Edges { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    public required IReadOnlyList<RfmSegmentFigures> Segments { get; init; }
}

/// <summary><c>GET /v1/segments/rfm</c>: customers by recency, frequency and revenue, among all whom the filters choose.</summary>
public static class RfmEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new(["segment", .. PageRequest.Parameters]) { Periods = false, Groups = false });
        var (asked, segment) = (PageRequest.Read(request), request.Query.Choice("segment", [.. RfmSegments.Default.All.Select(each => each.Name)]));
        request.Query.Done();
        var edges = await EdgesAsync(request, http.RequestAborted);
        var list = edges is null ? new List(asked) : await ListAsync(request, edges, (segment, asked), http.RequestAborted);
        var (rows, nextCursor) = list.Page.Take();
        nextCursor = Page<RfmRow>.Link(http, nextCursor);
        var parameters = request.Parameters();
        parameters["segment"] = segment;
        parameters["limit"] = asked.Limit;
        return MetricAnswer.Of(request, Catalogue.Rfm, parameters, rows,
        [
            new("customers", list.BySegment.Values.Sum()),
            new("edges", edges is null ? null : new RfmEdgeFigures(
                edges.Recency.Edges, edges.Frequency.Edges, [.. edges.Monetary.Edges.Select(edge => edge / Currency.Scale)])),
            new("warnings", edges?.Warnings ?? []),
            new("segments", RfmSegments.Default.All.Select(each => new RfmSegmentFigures(
                each.Name, [.. each.Blocks.Select(block => new RfmBlockFigures([block.RFrom, block.RTo], [block.FFrom, block.FTo]))],
                list.BySegment.GetValueOrDefault(each.Name)))),
            new("nextCursor", nextCursor),
        ]);
    }

    private static async Task<RfmEdges?> EdgesAsync(MetricRequest request, CancellationToken ct)
    {
        var folded = await request.Snapshot.FoldAsync(request.Question with { OfEverybody = true }, () => new RfmSample(), (customer, sample) =>
        {
            if (RfmValues.Of(customer, request.Question.AsOf) is { } values) sample.Add(values.Recency, values.Frequency, values.Monetary);
        }, ct);
        return folded.Single().Cells.Edges();
    }

    private static async Task<List> ListAsync(MetricRequest request, RfmEdges edges, (string? Segment, PageRequest Page) asked, CancellationToken ct)
    {
        var folded = await request.Snapshot.FoldAsync(request.Question, () => new List(asked.Page), (customer, list) =>
        {
            if (RfmValues.Of(customer, request.Question.AsOf) is not { } values) return;
            var score = edges.Score(values.Recency, values.Frequency, values.Monetary);
            var segment = RfmSegments.Default.Of(score).Name;
            list.BySegment[segment] = list.BySegment.GetValueOrDefault(segment) + 1;
            if ((asked.Segment is { } only && only != segment) || !list.Page.Wants(customer)) return;
            list.Page.Add(customer, new RfmRow(
                Page<RfmRow>.IdOf(customer), values.Recency, values.Frequency, Currency.FromUnits(values.Monetary, request.MoneyDigits), score.R, score.F, score.M, segment));
        }, ct);
        return folded.Single().Cells;
    }

    /// <summary>A page of customers, and how many there are in each segment.</summary>
    private sealed class List(PageRequest page) : IMergeable<List>
    {
        public Page<RfmRow> Page { get; } = new(page);

        public Dictionary<string, long> BySegment { get; } = [];

        public void Add(List others)
        {
            Page.Add(others.Page);
            foreach (var (segment, customers) in others.BySegment) BySegment[segment] = BySegment.GetValueOrDefault(segment) + customers;
        }
    }
}
