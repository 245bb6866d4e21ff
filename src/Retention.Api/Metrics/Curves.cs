using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Metrics;

/// <summary>What a curve is made from: the times of all that began in a period, in one group.</summary>
internal sealed record Curve<TCounts>(PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, DenseCells<TCounts> Cells)
    where TCounts : struct, ICounts<TCounts>;

/// <summary>
/// The curves of an answer. Without a grain there is one for the whole range, from where not given from the first day that counts; with a
/// grain, one for each period in which something may begin; and each of them for every group.
/// </summary>
internal sealed class Curves<TCounts>
    where TCounts : struct, ICounts<TCounts>
{
    private readonly IReadOnlyList<Group<Counted<PeriodCells<TCounts>>>> groups;

    /// <param name="counted">What begins the default range: that of everybody, whomever the question selects.</param>
    private Curves(MetricRequest request, IReadOnlyList<Group<Counted<PeriodCells<TCounts>>>> groups, IReadOnlyList<Group<Counted<PeriodCells<TCounts>>>> counted)
    {
        this.groups = groups;
        var question = request.Question;
        var began = counted.Min(group => group.Cells.Cells.Began);
        var periods = request.Periods(counted.SelectMany(group => group.Cells.Cells.Periods).Select(period => (int?)period).Min());
        if (question.Partition is Partition.Exactly { From: var from, To: var to } && from == DateOnly.MinValue)
        {
            if (began is { } first) question = question with { Partition = new Partition.Exactly(first, to) };
            else periods = (0, -1);
        }
        Parameters = request.Parameters(periods);
        if (request.GrainName is null) Parameters["from"] = periods.Last < 0 ? null : PeriodStart.Of(question, 0);
        All = [.. groups.SelectMany(group => Enumerable.Range(periods.First, Math.Max(0, periods.Last - periods.First + 1)).Select(period => new Curve<TCounts>(
            PeriodStart.Of(question, period), PeriodStart.Of(question, period + 1), question.AsOf.Of(question.Partition, period), group.Value, group.Cells.Cells[period])))];
    }

    public IReadOnlyList<Curve<TCounts>> All { get; }

    /// <summary>The question's, with the range that was answered.</summary>
    public Dictionary<string, object?> Parameters { get; }

    /// <summary>All periods of each group together.</summary>
    public IReadOnlyList<DenseCells<TCounts>> ByGroup => [.. groups.Select(group => group.Cells.Cells.Total)];

    /// <summary>All periods of all groups together.</summary>
    public DenseCells<TCounts> Total => TopGroups.Merge(ByGroup, new DenseCells<TCounts>());

    public static async Task<Curves<TCounts>> OfAsync(MetricRequest request, Action<CustomerView, PeriodCells<TCounts>> contribute, CancellationToken ct)
    {
        var (partition, bounds) = (request.Question.Partition, request.Bounds);
        var counted = TopGroups.WithContributions(request, await FoldAsync(request.Question), cells => cells.Customers > 0);
        var groups = TopGroups.Of(request, counted, cells => cells.Customers, parts => TopGroups.Merge(parts, Empty()));
        return new(request, groups, request.BeginsWithEverybody ? await FoldAsync(request.Question.OfEverybodyAlike) : groups);

        Task<IReadOnlyList<Group<Counted<PeriodCells<TCounts>>>>> FoldAsync(Question question) => request.Snapshot.FoldAsync(question, Empty, (customer, cells) =>
        {
            contribute(customer, cells.Cells);
            if (!customer.Orders.IsEmpty) cells.Customers++;
        }, ct);

        Counted<PeriodCells<TCounts>> Empty() => new(new(partition, bounds));
    }
}
