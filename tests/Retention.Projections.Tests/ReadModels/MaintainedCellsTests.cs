using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Clv;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Tests;

/// <summary>Maintained cells, folded histories and a naive recomputation say the same, whatever happened and however it arrived.</summary>
public class MaintainedCellsTests
{
    private const int Columns = 14;

    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(120).WithEndSize(60);

    [Fact]
    public void The_sum_of_the_differences_of_batches_is_the_sum_over_the_final_histories() =>
        Prop.ForAll(Trial.Any, trial =>
        {
            var definition = trial.Choice.ToDefinition();
            var sum = new MaintainedCells(definition);
            var histories = new Dictionary<string, CustomerHistory>();
            var position = 0L;
            foreach (var own in trial.Batches().SelectMany(batch => batch.GroupBy(happening => happening.Customer)))
            {
                var known = histories.GetValueOrDefault(own.Key);
                histories[own.Key] = own.Aggregate(known ?? CustomerHistory.Empty, (history, happening) => history.With(happening.ToEntry(++position)));
                sum.Replace(known, histories[own.Key]);
            }

            Text(sum).ShouldBe(Text(Whole(trial, definition)));
        }).Check(Cases);

    [Fact]
    public void Maintained_cells_answer_as_a_naive_recomputation_does() =>
        Prop.ForAll(Trial.Any, trial =>
        {
            var definition = trial.Choice.ToDefinition();
            var cells = Whole(trial, definition);
            var afterwards = trial.Afterwards.ElementAt(trial.Seed % 4);
            var naive = new Naive(trial.Told, trial.Choice, afterwards);
            foreach (var grain in MaintainedCells.Grains)
            {
                var question = new Question(definition, AsOf.In(definition.Calendar, afterwards), definition.By(grain));
                Compare(ServedFrom(cells, question, Histories(trial)), question, naive);
            }
        }).Check(Cases);

    [Fact]
    public void Folded_histories_answer_as_a_naive_recomputation_does_as_of_any_moment() =>
        Prop.ForAll(Trial.Any, trial =>
        {
            var definition = trial.Choice.ToDefinition();
            var histories = Histories(trial).ToList();
            var naive = new Naive(trial.Told, trial.Choice, trial.AsOf);
            foreach (var grain in MaintainedCells.Grains)
            {
                var question = new Question(definition, AsOf.In(definition.Calendar, trial.AsOf), definition.By(grain));
                Compare(Folded(histories, question), question, naive);
            }
        }).Check(Cases);

    [Fact]
    public void Maintained_purchase_spans_are_those_of_a_fold_and_of_a_naive_recomputation() =>
        Prop.ForAll(Trial.Any, trial =>
        {
            var definition = trial.Choice.ToDefinition();
            var folded = new Cells<PurchaseSpanCell, PurchaseSpanCounts>();
            foreach (var history in Histories(trial)) PurchaseSpans.Contribute(new CustomerView(history, definition), folded);

            var maintained = All(Whole(trial, definition).PurchaseSpans).Select(cell => $"{cell.Key} {cell.Value}").Order(StringComparer.Ordinal).ToList();

            maintained.ShouldBe(folded.Select(cell => $"{cell.Key} {cell.Value}").Order(StringComparer.Ordinal));
            var afterwards = trial.Afterwards.ElementAt(trial.Seed % 4);
            All(Whole(trial, definition).PurchaseSpans).Select(cell => $"{cell.Key.FirstDay:O} {cell.Key.LastDay:O} x={cell.Key.Frequency}: {cell.Value.Customers}")
                .Order(StringComparer.Ordinal).ShouldBe(new Naive(trial.Told, trial.Choice, afterwards).PurchaseSpans());
        }).Check(Cases);

    private static void Compare(Served served, Question question, Naive naive)
    {
        var grain = ((Partition.ByGrain)question.Partition).Grain;
        Served.Differences(served.Lines(question, Trial.Days, Columns), naive.Lines(grain, Trial.Days, Columns)).ShouldBeEmpty($"by {grain}");
    }

    private static IEnumerable<CustomerHistory> Histories(Trial trial) =>
        trial.Batches().SelectMany(batch => batch).GroupBy(happening => happening.Customer)
            .Select(own => own.Index().Aggregate(CustomerHistory.Empty, (history, next) => history.With(next.Item.ToEntry(next.Index + 1))));

    private static MaintainedCells Whole(Trial trial, Definition definition)
    {
        var cells = new MaintainedCells(definition);
        foreach (var history in Histories(trial)) cells.Add(history);
        return cells;
    }

    private static Served ServedFrom(MaintainedCells cells, Question question, IEnumerable<CustomerHistory> histories)
    {
        var grain = ((Partition.ByGrain)question.Partition).Grain;
        var (activity, revenue, cohorts, clv) = (new Cells<ActivityCell, ActivityFlows>(), new Cells<int, RevenueCounts>(), new Cells<CohortCell, CohortCounts>(), new Cells<int, ClvCounts>());
        foreach (var (day, flows) in All(cells.Activity)) activity.Add(new(question.Partition.IndexOf(day), day), flows.By(grain));
        foreach (var (key, counts) in All(cells.Revenue).Where(cell => cell.Key.Grain == grain)) revenue.Add(key.Period, counts);
        foreach (var (key, counts) in All(cells.Cohorts).Where(cell => cell.Key.Grain == grain)) cohorts.Add(key.Cell, counts);
        foreach (var (key, counts) in All(cells.Clv).Where(cell => cell.Key.Grain == grain)) clv.Add(key.Cohort, counts);
        // Lifetime value by days and weeks is a fold.
        if (!MaintainedCells.ClvGrains.Contains(grain))
            foreach (var history in histories) HistoricClv.Contribute(new CustomerView(history, question.Definition), question.Partition, clv);
        var (answers, requests, complaints) = (new Cells<AnswerCell, AnswerCounts>(), new Cells<RequestCell, RequestCounts>(), new ComplaintGroups(Served.Plan(question)));
        foreach (var (key, counts) in All(cells.Answers)) answers.Add(key, counts);
        foreach (var (key, counts) in All(cells.Requests)) requests.Add(key, counts);
        // Complaints are a fold.
        foreach (var history in histories) complaints.Add(new CustomerView(history, question.Definition));
        return Served.From(question, activity, revenue, cohorts, clv, (answers, requests), complaints);
    }

    private static IEnumerable<KeyValuePair<TKey, TCounts>> All<TKey, TCounts>(SlicedCells<TKey, TCounts> cells)
        where TKey : notnull
        where TCounts : struct, ICounts<TCounts> =>
        cells.Sums.Where(cell => cell.Key.Slice == Slice.All).Select(cell => KeyValuePair.Create(cell.Key.Key, cell.Value));

    private static Served Folded(IEnumerable<CustomerHistory> histories, Question question)
    {
        var (activity, revenue) = (new Cells<ActivityCell, ActivityFlows>(), new Cells<int, RevenueCounts>());
        var (cohorts, clv) = (new Cells<CohortCell, CohortCounts>(), new Cells<int, ClvCounts>());
        var (answers, requests, complaints) = (new Cells<AnswerCell, AnswerCounts>(), new Cells<RequestCell, RequestCounts>(), new ComplaintGroups(Served.Plan(question)));
        foreach (var history in histories)
        {
            var customer = new CustomerView(history, question.Definition, question.AsOf.Moment.UtcTicks);
            CustomerRetention.Contribute(customer, question.Partition, activity);
            Revenue.Contribute(customer, question.Partition, revenue);
            Cohorts.Contribute(customer, question.Partition, cohorts);
            HistoricClv.Contribute(customer, question.Partition, clv);
            Feedback.Contribute(customer, answers);
            Feedback.Contribute(customer, requests);
            complaints.Add(customer);
        }
        return Served.From(question, activity, revenue, cohorts, clv, (answers, requests), complaints);
    }

    private static IEnumerable<string> Text(MaintainedCells cells) =>
        [.. Text(cells.Activity), .. Text(cells.Revenue), .. Text(cells.Cohorts), .. Text(cells.Clv), .. Text(cells.Answers), .. Text(cells.Requests), .. Text(cells.PurchaseSpans)];

    private static IEnumerable<string> Text<TKey, TCounts>(SlicedCells<TKey, TCounts> cells)
        where TKey : notnull
        where TCounts : struct, ICounts<TCounts> =>
        cells.Sums.Select(cell => $"{cell.Key} {cell.Value}").Order(StringComparer.Ordinal);
}
