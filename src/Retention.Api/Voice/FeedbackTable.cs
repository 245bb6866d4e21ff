using System.Globalization;
using Retention.Api.Metrics;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Api.Voice;

/// <summary>Answers and requests of one row, before they are spelled as an instrument's figures.</summary>
/// <param name="Responses">Null while the row is not observable, like everything that follows.</param>
/// <param name="Answers">Null where the row is suppressed, like <paramref name="Requests"/>.</param>
/// <param name="Before">What the row is compared with; null where that is not shown.</param>
internal sealed record FeedbackRow(
    PeriodStart From, PeriodStart To, PeriodStatus Status, string? Group, long? Responses, bool? Suppressed, Answers? Answers, Answers? Before,
    RequestCounts? Requests, PeriodStatus? ResponseRateStatus)
{
    public double? ScoreChange => Answers is null || Before is null ? null : Domain.Metrics.ScoreChange.Of(Answers, Before);

    public bool? ScoreChangeSignificant => Answers is null || Before is null ? null : Domain.Metrics.ScoreChange.IsSignificant(Answers, Before);

    public Interval? MeanInterval => Answers is null ? null : Domain.Metrics.MeanInterval.Of(Answers.ByScore);

    public Interval? ResponseRateInterval => Requests is { } asked ? WilsonInterval.Of(asked.Answered, asked.Requested - asked.Bounced) : null;

    public Dictionary<string, long>? Distribution => Answers?.ByScore.ToDictionary(score => score.Key.ToString(CultureInfo.InvariantCulture), score => score.Value);
}

/// <summary>The rows of one instrument, group by group.</summary>
internal sealed class FeedbackTable(MetricRequest request, FeedbackPlan plan)
{
    private readonly Scale scale = request.Settings.ScaleOf(plan.Instrument);
    private readonly bool hides = !request.OfEach && !request.ShowsFew && (request.Question.GroupBy is not null || request.Question.Selection.Conditions.Count > 0);

    /// <summary>Reads the window, and whether each customer counts once, from the query.</summary>
    public static FeedbackPlan PlanOf(MetricRequest request, Instrument instrument)
    {
        var (query, question) = (request.Query, request.Question);
        var dedup = query.Choice("dedup", ["all", "latest"]) == "latest" ? Dedup.Latest : Dedup.All;
        var window = query.Text("window") is { } text ? DaysOf(text) ?? 0 : (int?)null;
        if (window == 0) query.Fault("window", "not_allowed", $"must be PnD with n from 1 to {Definition.MaxActivityDays}, such as P30D");
        else if (window is not null && !question.Partition.OfDays) query.Fault("window", "not_allowed", "is of whole days, and not possible with grain hour");
        query.Done();
        return new FeedbackPlan(instrument, new Pooling(question.Partition, window), dedup, question.GroupBy)
        {
            Own = request.Own,
            Filters = [.. question.Selection.Conditions.OfType<Condition.Dimension>().Where(condition => FeedbackPlan.OwnDimensions.Contains(condition.Name))],
        };
    }

    /// <param name="figures">Spells a row.</param>
    public async Task<(IReadOnlyList<TRow> Rows, Dictionary<string, object?> Parameters)> ReadAsync<TRow>(Func<FeedbackRow, TRow> figures, CancellationToken ct)
        where TRow : ComparedRow
    {
        var pools = await AnswerCells.PoolAsync(request.Snapshot, request.Question, plan, ct);
        var groups = TopGroups.Of(
            request, [.. pools.All.Select(group => new Group<FeedbackPools>(group.Value, group.Pools))], group => group.Responses,
            parts => TopGroups.Merge(parts, new FeedbackPools()));
        var periods = await request.PeriodsAsync(groups.Select(group => group.Cells.First).Min(), async everybody =>
            (await AnswerCells.PoolAsync(request.Snapshot, everybody, plan with { GroupBy = null }, ct)).All.Select(group => group.Pools.First).Min());
        var first = request.Compares ? periods.First - 1 : periods.First;
        var table = groups.Select(group => group.Cells.Rows(first, periods.Last).ToList()).ToList();
        var (hidden, hiddenBefore) = (Hidden(table, pool => pool.ByScore), Hidden(table, pool => pool.Before));
        var rows = Enumerable.Range(0, groups.Count).SelectMany(group => request.Rows(
            periods, (_, _) => table[group].Select((pool, i) => figures(RowOf(groups[group].Value, pool, (hidden[i][group], hiddenBefore[i][group])))))).ToList();

        var parameters = request.Parameters(periods);
        parameters["dedup"] = plan.Dedup.ToString().ToLowerInvariant();
        parameters["window"] = plan.Pooling.Window is { } days ? $"P{days}D" : null;
        parameters["minN"] = request.Settings.MinN;
        return (rows, parameters);
    }

    private static int? DaysOf(string window) =>
        window.StartsWith('P') && window.EndsWith('D') && window.Length is > 2 and < 7
        && int.TryParse(window.AsSpan(1, window.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var days)
        && days is >= 1 and <= Definition.MaxActivityDays ? days : null;

    /// <summary>For each row and group whether it is suppressed; the total of everybody never is.</summary>
    private List<bool[]> Hidden(List<List<FeedbackPool>> table, Func<FeedbackPool, IReadOnlyDictionary<int, long>> answers)
    {
        if (table.Count == 0) return [];
        var rows = Enumerable.Range(0, table[0].Count).Select(i => table.ConvertAll(group => answers(group[i]).Values.Sum()));
        return [.. rows.Select(responses => hides ? Suppression.Of(responses, request.Settings.MinN) : new bool[responses.Count])];
    }

    private FeedbackRow RowOf(string? group, FeedbackPool pool, (bool Row, bool Before) hidden)
    {
        var question = request.Question;
        var (from, to) = (PeriodStart.Of(question, pool.Row), PeriodStart.Of(question, pool.Row + 1));
        var status = question.AsOf.Of(question.Partition, pool.Row);
        if (status == PeriodStatus.NotObservable) return new(from, to, status, group, null, null, null, null, null, null);
        var answers = AnswersOf(pool.ByScore);
        return hidden.Row
            ? new(from, to, status, group, answers.Responses, true, null, null, null, null)
            : new(
                from, to, status, group, answers.Responses, false, answers, hidden.Before ? null : AnswersOf(pool.Before), pool.Requests,
                ResponseStatus(pool.Row));
    }

    private Answers AnswersOf(IReadOnlyDictionary<int, long> byScore) => new(
        plan.Instrument, scale,
        Enumerable.Range(scale.Min, scale.Max - scale.Min + 1).ToDictionary(score => score, score => byScore.GetValueOrDefault(score)));

    /// <summary>Complete once every request of the row has had its days of 24 hours to be answered in.</summary>
    private PeriodStatus ResponseStatus(int row)
    {
        var (asOf, partition) = (request.Question.AsOf, request.Question.Partition);
        return partition.InstantOf(row + 1, request.Question.Definition.Calendar).AddDays(Feedback.DaysToAnswer) <= asOf.Moment ? PeriodStatus.Complete : PeriodStatus.InProgress;
    }
}
