using Retention.Api.Metrics;
using Retention.Api.Tenancy;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Voice;

/// <summary>The way back of the regulars who lapsed in a row; every figure is null while the row is not observable.</summary>
public sealed record WinBackFigures(
    PeriodStart Period, PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? Lapsed, long? Asked, long? Answered, long? Returned,
    double? AskedRate, Interval? AskedInterval, double? AnsweredRate, Interval? AnsweredInterval, double? ReturnedRate, Interval? ReturnedInterval,
    double? AskedReturnedRate, Interval? AskedReturnedInterval, double? UnaskedReturnedRate, Interval? UnaskedReturnedInterval)
{
    internal static WinBackFigures Of(string? group, WinBackCounts counts, (PeriodStart From, PeriodStart To, PeriodStatus Status) row)
    {
        var (from, to, status) = row;
        if (status == PeriodStatus.NotObservable)
            return new(from, from, to, status, group, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
        var unasked = counts.Lapsed - counts.Asked;
        return new(
            from, from, to, status, group, counts.Lapsed, counts.Asked, counts.Answered, counts.Returned, Share(counts.Asked, counts.Lapsed),
            WilsonInterval.Of(counts.Asked, counts.Lapsed), Share(counts.Answered, counts.Asked), WilsonInterval.Of(counts.Answered, counts.Asked),
            Share(counts.Returned, counts.Answered), WilsonInterval.Of(counts.Returned, counts.Answered), Share(counts.AskedReturned, counts.Asked),
            WilsonInterval.Of(counts.AskedReturned, counts.Asked), Share(counts.UnaskedReturned, unasked), WilsonInterval.Of(counts.UnaskedReturned, unasked));
    }

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;
}

/// <summary><c>GET /v1/metrics/win-back</c>: lapsed regulars → asked → answered → returned.</summary>
public static class WinBackEndpoint
{
    public static async Task<IResult> GetAsync(HttpContext http, Tenant tenant)
    {
        await using var request = await MetricRequest.OpenAsync(http, tenant.Name, new() { WholeRange = true });
        var (question, days) = (request.Question, request.Question.Definition.ByDays(Grain.Day));
        var folded = await FoldAsync(request, question, http.RequestAborted);
        var groups = TopGroups.Of(
            request, [.. folded.Where(group => question.GroupBy is null || group.Cells.Any())], cells => cells.Sum(cell => cell.Value.Lapsed),
            parts => TopGroups.Merge(parts, new DenseCells<WinBackCounts>()));
        var range = await Ranged.OfAsync(request, First(groups, days), async everybody => First(await FoldAsync(request, everybody, http.RequestAborted), days));
        return MetricAnswer.Of(request, VoiceCatalogue.WinBack, range.Parameters, [.. groups.SelectMany(group => Rows(range, group, days))]);
    }

    private static DateOnly? First(IEnumerable<Group<DenseCells<WinBackCounts>>> groups, Partition days) =>
        groups.SelectMany(group => group.Cells).Select(cell => (DateOnly?)days.StartOf(cell.Key)).Min();

    /// <summary>Lines of orders, which lie in the store alone, are read of those who lapsed in the range and of nobody else.</summary>
    private static async Task<IReadOnlyList<Group<DenseCells<WinBackCounts>>>> FoldAsync(MetricRequest request, Question question, CancellationToken ct)
    {
        var (rules, range) = (new LapsedRegularRules(), DaysOf(request));
        var lapsed = await request.Snapshot.FoldAsync(question with { GroupBy = null }, () => new Ids(), (customer, ids) =>
        {
            if (WinBack.MayCount(customer, (question.AsOf, rules), range)) ids.Add(customer.Columns.IdOf(customer.Customer));
        }, ct);
        var by = (question.Definition.ByDays(Grain.Day), question.AsOf, rules);
        return await request.Snapshot.FoldAsync(
            question with { Details = true, Only = lapsed.Single().Cells.All }, () => new DenseCells<WinBackCounts>(), (customer, cells) => WinBack.Contribute(customer, by, cells), ct);
    }

    /// <summary>The days of the range, half-open; without from, all before its end.</summary>
    private static (DateOnly From, DateOnly To) DaysOf(MetricRequest request)
    {
        var (partition, (first, last)) = (request.Question.Partition, request.Bounds);
        return partition is Partition.Exactly { From: var from, To: var to } ? (from, to) : (first == int.MinValue ? DateOnly.MinValue : partition.StartOf(first), partition.EndOf(last));
    }

    private static IEnumerable<WinBackFigures> Rows(Ranged range, Group<DenseCells<WinBackCounts>> group, Partition days)
    {
        var byRow = new Cells<int, WinBackCounts>();
        foreach (var (day, counts) in group.Cells) byRow.Add(range.Question.Partition.IndexOf(days.StartOf(day)), counts);
        return range.Rows.Select(period => WinBackFigures.Of(group.Value, byRow[period], range.RowOf(period)));
    }

    /// <summary>Ids of customers.</summary>
    private sealed class Ids : IMergeable<Ids>
    {
        public HashSet<string> All { get; } = new(StringComparer.Ordinal);

        public void Add(string id) => All.Add(id);

        public void Add(Ids others) => All.UnionWith(others.All);
    }
}
