using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Tests;

/// <summary>All cells that answer one question, and the figures that follow from them, a line each, as <see cref="Naive"/> spells them.</summary>
internal sealed record Served(
    IReadOnlyDictionary<int, ActivityFlows> Flows, IReadOnlyDictionary<int, RevenueCounts> Revenue,
    IReadOnlyDictionary<CohortCell, CohortCounts> Cohorts, IReadOnlyDictionary<int, ClvCounts> Clv,
    IReadOnlyDictionary<Instrument, FeedbackPools> Answers, ComplaintRows Complaints)
{
    private static readonly (CohortMode Mode, CohortMeasure Measure)[] Tables =
    [
        (CohortMode.On, CohortMeasure.Customers), (CohortMode.OnOrAfter, CohortMeasure.Customers), (CohortMode.On, CohortMeasure.Orders),
        (CohortMode.On, CohortMeasure.Revenue),
    ];

    public static async Task<Served> FromAsync(Snapshot snapshot, Question question, int columns, CancellationToken ct)
    {
        var answers = new Dictionary<Instrument, FeedbackPools>();
        foreach (var instrument in Enum.GetValues<Instrument>()) answers[instrument] = (await AnswerCells.PoolAsync(snapshot, question, Plan(question, instrument), ct))[null];
        var complaints = await ComplaintFold.OfAsync(snapshot, question, Plan(question), ct);
        return new Served(
            (await ActivityCells.InEffectAsync(snapshot, question, ct)).Single().Cells, (await RevenueCells.ByPeriodAsync(snapshot, question, ct)).Single().Cells,
            (await CohortCells.ByCohortAsync(snapshot, question, new CohortQuestion(CohortColumns.Through(columns)) { Mode = CohortMode.OnOrAfter }, ct)).Single().Cells, (await ClvCells.ByCohortAsync(snapshot, question, ct)).Single().Cells,
            answers, complaints.All.Single().Rows);
    }

    public static Served From(
        Question question, Cells<ActivityCell, ActivityFlows> activity, Cells<int, RevenueCounts> revenue, Cells<CohortCell, CohortCounts> cohorts,
        Cells<int, ClvCounts> clv, (Cells<AnswerCell, AnswerCounts> Answers, Cells<RequestCell, RequestCounts> Requests) feedback, ComplaintGroups complaints)
    {
        var pools = Enum.GetValues<Instrument>().ToDictionary(instrument => instrument, _ => new FeedbackPools());
        foreach (var (cell, counts) in feedback.Answers) pools[cell.Instrument].Add(Row(question, cell.Day), cell.Score, counts.Responses);
        foreach (var (cell, counts) in feedback.Requests) pools[cell.Instrument].Add(Row(question, cell.Day), counts);
        return new Served(
            CustomerRetention.InEffect(activity, question.AsOf.Day), revenue.ToDictionary(), cohorts.ToDictionary(), clv.ToDictionary(), pools,
            complaints.All.Single().Rows);
    }

    public static FeedbackPlan Plan(Question question, Instrument instrument) => new(instrument, new Pooling(question.Partition, null), Dedup.All, null);

    public static ComplaintPlan Plan(Question question) =>
        new(question.Partition, ServiceRules.Of(Settings.Default with { TimeZone = question.Definition.Calendar.Zone }), question.AsOf.Moment.UtcTicks, null);

    public IEnumerable<string> Lines(Question question, (DateOnly From, DateOnly To) days, int columns)
    {
        var (partition, asOf) = (question.Partition, question.AsOf);
        var (first, last) = (partition.IndexOf(days.From), partition.IndexOf(days.To));
        return
        [
            .. CustomerRetention.Rows(Flows, partition, asOf, first, last).Select(row => Line(row, partition)),
            .. Domain.Metrics.Revenue.Rows(Revenue, partition, asOf, first, last).Select(row => Line(row, partition)),
            .. Tables.SelectMany(asking => Table(asking, question, columns)),
            .. Clv.Where(cohort => cohort.Value.Customers > 0).OrderBy(cohort => cohort.Key).Select(cohort => Line(cohort.Key, cohort.Value, question)),
            .. Feedback(partition, first, last),
            .. Enumerable.Range(first, last - first + 1).Select(period => ComplaintLine(period, partition)),
        ];
    }

    /// <summary>The lines that only one side has, or that stand elsewhere: − is served, + is expected.</summary>
    public static IReadOnlyList<string> Differences(IEnumerable<string> served, IEnumerable<string> expected)
    {
        var (answered, ought) = (served.ToList(), expected.ToList());
        return answered.SequenceEqual(ought) ? [] : [.. answered.Except(ought).Select(line => $"− {line}"), .. ought.Except(answered).Select(line => $"+ {line}"), "or in another order"];
    }

    private static string Line(RetentionRow row, Partition partition)
    {
        var head = $"retention {partition.StartOf(row.Period):O} {row.Status}";
        return row.Status == PeriodStatus.NotObservable ? head
            : $"{head} S={row.Opening} N={row.Flows.Acquired} R={row.Flows.Reactivated} L={row.Flows.Lapsed} old={row.Flows.LapsedOld} E={row.Closing} lost={row.Lost} "
            + $"retained={row.Retained} rate={Text(row.Rate)} formula={Text(row.RateByFormula)} churn={Text(row.ChurnRate)}";
    }

    private static string Line(RevenueRow row, Partition partition)
    {
        var head = $"revenue {partition.StartOf(row.Period):O} {row.Status}";
        return row.Status == PeriodStatus.NotObservable ? head
            : $"{head} orders={row.Counts.Orders} customers={row.Counts.Customers} revenue={Money(row.Counts.Revenue)} frequency={Text(row.PurchaseFrequency)} "
            + $"window={Text(row.RepeatRateWindow)} returning={Text(row.ReturningCustomerRate)} lifetime={Text(row.RepeatRateLifetime)}";
    }

    private IEnumerable<string> Table((CohortMode Mode, CohortMeasure Measure) asking, Question question, int columns)
    {
        var name = $"cohort {asking.Mode} {asking.Measure.ToString().ToLowerInvariant()}";
        var frame = new CohortFrame(
            new(CohortColumns.Through(columns)) { Mode = asking.Mode, Measure = asking.Measure }, question.Definition, question.Partition, question.AsOf);
        var table = CohortTable.Of(Domain.Metrics.Cohorts.Sums(Cohorts, frame), frame);
        foreach (var row in table.Cohorts)
            yield return $"{name} {question.Partition.StartOf(row.Cohort):O} size={row.Size} again={row.Period0Repeat}"
                + string.Concat(row.Cells.Select(cell => cell.Status == PeriodStatus.NotObservable ? $" {cell.Column}:{cell.Status}{cell.Value}{cell.Rate}"
                    : $" {cell.Column}:{cell.Status},{(asking.Measure == CohortMeasure.Revenue ? Money(cell.Value!.Value) : cell.Value)},{(cell.Rate is null ? "" : Text(cell.Rate))}"));
        if (asking.Measure == CohortMeasure.Customers)
            yield return $"{name} summary {string.Join(' ', table.Summary.Select(column => $"{column.Column}:{Text(column.Rate)},{column.Cohorts}"))}";
    }

    private static string Line(int cohort, ClvCounts counts, Question question)
    {
        var windows = HistoricClv.Windows.Select(days => HistoricClv.OldEnough(question.Partition.EndOf(cohort), days, question.AsOf)
            ? $"{days}:{Money(HistoricClv.Within(counts, days))}" : $"{days}:young");
        return $"clv {question.Partition.StartOf(cohort):O} customers={counts.Customers} revenue={Money(counts.Revenue)} margin={Money(counts.Margin)} "
            + $"of={Money(counts.MarginRevenue)} {string.Join(' ', windows)}";
    }

    private IEnumerable<string> Feedback(Partition partition, int first, int last)
    {
        var rows = Answers.ToDictionary(pair => pair.Key, pair => pair.Value.Rows(first, last).ToList());
        for (var i = 0; i <= last - first; i++)
        {
            foreach (var (instrument, pools) in rows)
            {
                var (byScore, asked) = (pools[i].ByScore.Where(score => score.Value != 0).ToDictionary(), pools[i].Requests);
                if (byScore.Count == 0 && asked == default) continue;
                var answers = new Answers(instrument, Scale.Of(instrument), byScore);
                yield return $"{instrument.ToString().ToLowerInvariant()} {partition.StartOf(first + i):O} "
                    + $"{string.Join(' ', byScore.OrderBy(score => score.Key).Select(score => $"{score.Key}x{score.Value}"))} score={answers.Score:F9} "
                    + $"asked={asked.Requested} bounced={asked.Bounced} answered={asked.Answered}";
            }
        }
    }

    private string ComplaintLine(int period, Partition partition)
    {
        var tally = Complaints.ByRow.GetValueOrDefault(period) ?? new();
        return $"complaints {partition.StartOf(period):O} received={tally.Received} acknowledged={tally.Acknowledged} replied={tally.Replied} "
            + $"resolved={tally.Resolved} reopened={tally.Reopened} withdrawn={tally.Withdrawn} "
            + $"open={Complaints.ByRow.Where(cell => cell.Key <= period).Sum(cell => cell.Value.Opened)} again={tally.ResolvedThenReopened} "
            + $"touch={tally.OneTouch} kept={tally.Kept}/{tally.Promised} reply={Text(tally.FirstReply.Calendar.P50)} next={Text(tally.NextReply.Calendar.Mean)} "
            + $"resolution={Text(tally.Resolution.Calendar.Mean)} last={Text(tally.LastResolution.Calendar.P90)}";
    }

    private static RowRange Row(Question question, DateOnly day) => new(question.Partition.IndexOf(day), question.Partition.IndexOf(day));

    private static string Money(long units) => Naive.Money(units / 10_000m);

    private static string Text(double? share) => share?.ToString("R", System.Globalization.CultureInfo.InvariantCulture) ?? "null";
}
