using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Tests;

/// <summary>All cells that answer one question, and the figures that follow from them, a line each, as <see cref="Naive"/> spells them.</summary>
internal sealed record Served(
    IReadOnlyDictionary<int, ActivityFlows> Flows, IReadOnlyDictionary<int, RevenueCounts> Revenue,
    IReadOnlyDictionary<CohortCell, CohortCounts> Cohorts, IReadOnlyDictionary<int, ClvCounts> Clv,
    IReadOnlyDictionary<Instrument, IReadOnlyDictionary<(int Period, int Score), long>> Responses, IReadOnlyDictionary<int, ComplaintCounts> Complaints)
{
    private static readonly (CohortMode Mode, CohortMeasure Measure)[] Tables =
    [
        (CohortMode.On, CohortMeasure.Customers), (CohortMode.OnOrAfter, CohortMeasure.Customers), (CohortMode.On, CohortMeasure.Orders),
        (CohortMode.On, CohortMeasure.Revenue),
    ];

    public static async Task<Served> FromAsync(Snapshot snapshot, Question question, int columns, CancellationToken ct)
    {
        var responses = new Dictionary<Instrument, IReadOnlyDictionary<(int, int), long>>();
        foreach (var instrument in Enum.GetValues<Instrument>()) responses[instrument] = await AnswerCells.ByPeriodAsync(snapshot, question, instrument, ct);
        return new Served(
            (await ActivityCells.InEffectAsync(snapshot, question, ct)).Single().Cells, (await RevenueCells.ByPeriodAsync(snapshot, question, ct)).Single().Cells,
            (await CohortCells.ByCohortAsync(snapshot, question, columns, ct)).Single().Cells, (await ClvCells.ByCohortAsync(snapshot, question, ct)).Single().Cells,
            responses,
            await ComplaintCells.ByPeriodAsync(snapshot, question, ct));
    }

    public static Served From(
        Question question, Cells<ActivityCell, ActivityFlows> activity, Cells<int, RevenueCounts> revenue, Cells<CohortCell, CohortCounts> cohorts,
        Cells<int, ClvCounts> clv, Cells<AnswerCell, AnswerCounts> answers, Cells<DateOnly, ComplaintCounts> complaints)
    {
        var responses = Enum.GetValues<Instrument>().ToDictionary(instrument => instrument, instrument => (IReadOnlyDictionary<(int, int), long>)answers
            .Where(cell => cell.Key.Instrument == instrument)
            .GroupBy(cell => (question.Partition.IndexOf(cell.Key.Day), cell.Key.Score), cell => cell.Value.Responses)
            .ToDictionary(cell => cell.Key, cell => cell.Sum()));
        var periods = new Cells<int, ComplaintCounts>();
        foreach (var (day, counts) in complaints) periods.Add(question.Partition.IndexOf(day), counts);
        return new Served(
            CustomerRetention.InEffect(activity, question.AsOf.Day), revenue.ToDictionary(), cohorts.ToDictionary(), clv.ToDictionary(), responses,
            periods.ToDictionary());
    }

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
            .. Enumerable.Range(first, last - first + 1).SelectMany(period => Feedback(period, partition)),
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

    private IEnumerable<string> Feedback(int period, Partition partition)
    {
        foreach (var (instrument, responses) in Responses.OrderBy(pair => pair.Key))
        {
            var byScore = responses.Where(cell => cell.Key.Period == period).ToDictionary(cell => cell.Key.Score, cell => cell.Value);
            if (byScore.Count == 0) continue;
            var answers = new Answers(instrument, Scale.Of(instrument), byScore);
            yield return $"{instrument.ToString().ToLowerInvariant()} {partition.StartOf(period):O} "
                + $"{string.Join(' ', byScore.OrderBy(score => score.Key).Select(score => $"{score.Key}x{score.Value}"))} score={answers.Score:F9}";
        }
    }

    private string ComplaintLine(int period, Partition partition)
    {
        var counts = Complaints.GetValueOrDefault(period);
        return $"complaints {partition.StartOf(period):O} received={counts.Received} replied={counts.Replied} resolved={counts.Resolved} "
            + $"open={Complaints.Where(cell => cell.Key <= period).Sum(cell => cell.Value.Opened)}";
    }

    private static string Money(long units) => Naive.Money(units / 10_000m);

    private static string Text(double? share) => share?.ToString("R", System.Globalization.CultureInfo.InvariantCulture) ?? "null";
}
