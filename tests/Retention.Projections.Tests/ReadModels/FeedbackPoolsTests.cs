using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.Tests;

/// <summary>Windows, latest answers, exact ranges and groups pool what a naive look at each row finds.</summary>
public class FeedbackPoolsTests
{
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(80).WithEndSize(80);

    [Fact]
    public void Every_row_pools_the_answers_of_its_own_days() =>
        Prop.ForAll(Trial.Any, trial =>
        {
            var definition = trial.Choice.ToDefinition();
            var random = new Random(trial.Seed);
            int? window = random.Next(2) == 0 ? null : random.Next(1, 60);
            var latest = random.Next(2) == 0;
            var own = random.Next(2) == 0 ? "touchpoint" : null;
            foreach (var grain in (Grain[])[Grain.Day, Grain.Week, Grain.Month])
                Compare(trial, definition.ByDays(grain), new(Instrument.Csat, new Pooling(definition.ByDays(grain), window), latest ? Dedup.Latest : Dedup.All, own));
            var from = DateOnly.FromDateTime(Trial.Start).AddDays(random.Next(100));
            var exactly = new Partition.Exactly(from, from.AddDays(random.Next(1, 200)));
            Compare(trial, exactly, new(Instrument.Nps, new Pooling(exactly, window), latest ? Dedup.Latest : Dedup.All, own));
        }).Check(Cases);

    private static void Compare(Trial trial, Partition partition, FeedbackPlan plan)
    {
        var calendar = trial.Choice.ToDefinition().Calendar;
        var known = trial.Told.Where(happening => happening.At < trial.AsOf)
            .OrderBy(happening => happening.At).ThenBy(happening => happening.Source, StringComparer.Ordinal).ThenBy(happening => happening.Id, StringComparer.Ordinal).ToList();
        var naive = new NaiveVoice(known, at => calendar.DayOf(at.Ticks), Instant.FromDateTimeUtc(trial.AsOf));
        var groups = new FeedbackGroups(plan);
        foreach (var own in trial.Told.GroupBy(happening => happening.Customer))
        {
            var history = own.Index().Aggregate(CustomerHistory.Empty, (sum, next) => sum.With(next.Item.ToEntry(next.Index + 1)));
            groups.Add(new CustomerView(history, trial.Choice.ToDefinition(), trial.AsOf.Ticks));
        }
        var exact = partition is Partition.Exactly;
        var (first, last) = exact ? (0, 0) : (partition.IndexOf(Trial.Days.From), partition.IndexOf(Trial.Days.To));
        foreach (var (value, pools) in groups.All)
        {
            foreach (var pool in pools.Rows(first, last))
            {
                var (end, start) = (partition.EndOf(pool.Row), partition.StartOf(pool.Row));
                var days = plan.Pooling.Window ?? end.DayNumber - start.DayNumber;
                var from = end.AddDays(-days);
                var before = plan.Pooling.Window is not null || exact ? from.AddDays(-days) : partition.StartOf(pool.Row - 1);
                Text(pool.ByScore).ShouldBe(Naive(naive, plan, value, (from, end)), $"{plan} {value} {start}");
                Text(pool.Before).ShouldBe(Naive(naive, plan, value, (before, from)), $"{plan} {value} before {start}");
            }
        }
    }

    private static string Naive(NaiveVoice naive, FeedbackPlan plan, string? group, (DateOnly From, DateOnly To) days) =>
        Text(naive.Given(plan.Instrument, days.From, days.To, plan.Dedup == Dedup.Latest)
            .Where(answer => plan.GroupBy is null || (answer.Source == "web" ? "web" : null) == group)
            .CountBy(answer => answer.Score).ToDictionary(score => score.Key, score => (long)score.Value));

    private static string Text(IReadOnlyDictionary<int, long> byScore) =>
        string.Join(' ', byScore.Where(score => score.Value != 0).OrderBy(score => score.Key).Select(score => $"{score.Key}x{score.Value}"));
}
