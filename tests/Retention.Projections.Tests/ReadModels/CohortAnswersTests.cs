using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Tests;

/// <summary>Whatever happened and whatever is asked about cohorts, the fold, the histograms and a naive recomputation say the same.</summary>
public class CohortAnswersTests
{
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(60);

    [Fact]
    public void Any_question_about_cohorts_is_answered_as_a_naive_recomputation_does() =>
        Prop.ForAll(CohortTrial.Any, trial =>
        {
            var frame = FrameOf(trial);

            Served.Differences(Lines(Folded(trial, frame), frame), new NaiveCohorts(trial).Lines()).ShouldBeEmpty();
        }).Check(Cases);

    [Fact]
    public void What_follows_from_histograms_is_what_the_fold_says() =>
        Prop.ForAll(CohortTrial.Any, trial =>
        {
            var (mode, measure, asking) = (trial.Asking.Mode, trial.Asking.Measure, Plain with { Grain = trial.Asking.Grain, Columns = trial.Asking.Columns });
            trial = trial with { Asking = asking with { Mode = mode, Measure = measure } };
            var frame = FrameOf(trial);
            if (!frame.Asked.FollowsFromHistograms) return;
            var grid = new CohortGrid(frame.Asked.Columns.LastPeriod);
            foreach (var customer in Customers(trial)) Cohorts.Contribute(customer, trial.Question.Partition, grid);

            Lines([("all", Cohorts.Sums(grid.ToDictionary(), frame))], frame).ShouldBe(Lines(Folded(trial, frame), frame));
        }).Check(Cases);

    [Fact]
    public void Cohorts_out_of_the_range_are_left_out_and_too_many_cells_are_noticed()
    {
        var told = Enumerable.Range(0, 10)
            .Select(day => new Happening($"c{day}", Trial.Start.AddDays(day), "shop", $"{day}", What.Bought, $"o{day}", 1)).ToList();
        var trial = new CohortTrial(told, new Choice("UTC", DayOfWeek.Monday, 30, false), Trial.TheEnd, Plain);
        var frame = FrameOf(trial);
        var first = trial.Question.Partition.IndexOf(DateOnly.FromDateTime(Trial.Start));

        CohortSums Within(int days, int mostCells) =>
            Folded(trial, frame with { Cohorts = new CohortRange(first + 2, first + 1 + days, mostCells) }).Single().Sums;

        Within(3, 15).ByCohort.Keys.Order().ShouldBe([first + 2, first + 3, first + 4]);
        Within(3, 15).Overflowed.ShouldBeFalse();
        Within(3, 14).Overflowed.ShouldBeTrue();
    }

    private static CohortAsking Plain => new(
        Grain.Day, "4", CohortEntry.First, CohortActivity.Order, CohortActivity.Order, CohortMode.On, CohortMeasure.Customers,
        CohortAlignment.Calendar, 1, CohortSummaryKind.Pooled, false, null);

    private static CohortFrame FrameOf(CohortTrial trial)
    {
        var question = trial.Question;
        return new CohortFrame(trial.Asking.ToQuestion(), question.Definition, question.Partition, question.AsOf);
    }

    private static IEnumerable<CustomerView> Customers(CohortTrial trial)
    {
        var view = trial.Question.View();
        foreach (var own in trial.Told.Reverse().GroupBy(happening => happening.Customer))
        {
            var history = own.Index().Aggregate(CustomerHistory.Empty, (known, next) => known.With(next.Item.ToEntry(next.Index + 1)));
            yield return view.Look(Columns.Of((own.Key, history.Entries)), 0);
        }
    }

    /// <summary>In two parts that are merged, as on two cores; grouped ones with their total.</summary>
    private static IReadOnlyList<(string Group, CohortSums Sums)> Folded(CohortTrial trial, CohortFrame frame)
    {
        Fold<CohortFold>[] parts = [.. Enumerable.Range(0, 2)
            .Select(_ => new Fold<CohortFold>(trial.Question, () => new CohortFold(frame), (customer, fold) => fold.Add(customer)))];
        foreach (var (index, customer) in Customers(trial).Index()) parts[index % 2].Add(customer);
        parts[0].Add(parts[1]);
        if (!trial.Asking.ByTier) return [("all", parts[0].Groups().Single().Cells.Sums)];
        var groups = parts[0].Groups().Where(group => group.Cells.Sums.ByCohort.Count > 0).ToList();
        var total = frame.NoSums();
        foreach (var group in groups) total.Add(group.Cells.Sums);
        var named = groups.Select(group => (Name: group.Value ?? "none", group.Cells.Sums));
        return [.. named.OrderBy(group => group.Name, StringComparer.Ordinal), ("all", total)];
    }

    private static List<string> Lines(IReadOnlyList<(string Group, CohortSums Sums)> groups, CohortFrame frame) =>
        [.. groups.SelectMany(group => Lines(group.Group, CohortTable.Of(group.Sums, frame), frame))];

    private static IEnumerable<string> Lines(string group, CohortTable table, CohortFrame frame)
    {
        foreach (var row in table.Cohorts)
        {
            var start = NodaTime.Instant.FromDateTimeOffset(frame.Partition.InstantOf(row.Cohort, frame.Definition.Calendar));
            yield return $"{group} {start} size={row.Size} again={row.Period0Repeat}" + string.Concat(row.Cells.Select(cell => Text(cell, frame.Asked)));
        }
        yield return $"{group} summary {string.Join(' ', table.Summary.Select(column => $"{Text(column.Rate)},{column.Cohorts}"))}";
    }

    private static string Text(CohortCellValue cell, CohortQuestion asked)
    {
        if (cell.Status == PeriodStatus.NotObservable) return $" {cell.Status}{cell.Value}{cell.Rate}";
        var money = asked.Measure is not (CohortMeasure.Customers or CohortMeasure.Orders);
        var value = Naive.Money(money ? cell.Value!.Value / 10_000m : cell.Value!.Value);
        return $" {cell.Status},{value}{(asked.CountsCustomers ? $",{Text(cell.Rate)}" : cell.Rate)}";
    }

    private static string Text(double? share) => share?.ToString("R", System.Globalization.CultureInfo.InvariantCulture) ?? "null";
}
