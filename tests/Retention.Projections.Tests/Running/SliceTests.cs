using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Tests;

/// <summary>Whatever is asked by group or of some customers, maintained cells and folds of histories say the same.</summary>
public sealed class SliceTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FreshPlace fresh = new(postgres);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => fresh.InitializeAsync();

    public ValueTask DisposeAsync() => fresh.DisposeAsync();

    [Fact]
    public async Task Random_questions_are_answered_by_cells_as_by_folds()
    {
        var (shop, fromCells) = (new Shop(fresh.Place), 0);
        foreach (var (number, trial) in Trial.Any.Generator.Sample(8, 250).Index())
        {
            await shop.ChooseAsync($"t{number}", trial.Choice);
            foreach (var batch in trial.Batches())
            {
                await shop.AppendAsync($"t{number}", batch);
                await shop.AdvanceAsync();
            }
            await shop.ReflectAsync();

            await using var snapshot = await Snapshot.OpenAsync(fresh.Place, $"t{number}", Stop);
            foreach (var asked in Questions.Sample(60))
            {
                var maintained = asked.Of(trial.Choice);
                if (snapshot.Maintained(maintained) is not null) fromCells++;
                // Another name of the same zone is another definition, of which no cells are kept.
                var folded = asked.Of(trial.Choice with { Zone = ProjectorTests.OtherNames[trial.Choice.Zone] });
                snapshot.Maintained(folded).ShouldBeNull();

                (await LinesAsync(snapshot, maintained, asked)).ShouldBe(await LinesAsync(snapshot, folded, asked), $"{asked} of {trial}");
            }
        }
        fromCells.ShouldBeGreaterThan(100);
    }

    private static Gen<Asked> Questions =>
        from grain in Gen.Elements(MaintainedCells.Grains.ToArray())
        from groupBy in Gen.Elements(null, "channel", "country", "campaign", "tier")
        from filter in Gen.Elements(null, null, "tier:o1,o2", "tier:o3,nobody", "channel:web", "channel:shop,web", "country:FI")
        from what in Gen.Elements("activity", "revenue", "clv", "cohorts", "cohorts", "cohorts")
        from columns in Gen.Choose(1, 70)
        from mode in Gen.Elements(CohortMode.On, CohortMode.OnOrAfter, CohortMode.OnOrBefore)
        from measure in Gen.Elements(Enum.GetValues<CohortMeasure>())
        select new Asked(grain, groupBy, filter, what, columns, mode, measure);

    private static async Task<List<string>> LinesAsync(Snapshot snapshot, Question question, Asked asked) => asked.What switch
    {
        "activity" => Text(await ActivityCells.InEffectAsync(snapshot, question, Stop)),
        "revenue" => Text(await RevenueCells.ByPeriodAsync(snapshot, question, Stop)),
        "clv" => Text(await ClvCells.ByCohortAsync(snapshot, question, Stop)),
        _ => await CohortsAsync(snapshot, question, asked),
    };

    private static async Task<List<string>> CohortsAsync(Snapshot snapshot, Question question, Asked asked)
    {
        var cohorts = new CohortQuestion(CohortColumns.Through(asked.Columns)) { Mode = asked.Mode, Measure = asked.Measure };
        var frame = new CohortFrame(cohorts, question.Definition, question.Partition, question.AsOf);
        var groups = await CohortAnswers.ByGroupAsync(snapshot, question, frame, Stop);
        return [.. groups.SelectMany(group => group.Cells.ByCohort.OrderBy(cohort => cohort.Key).Select(
            cohort => $"{group.Value ?? "none"} {cohort.Key}: {cohort.Value.Size} {cohort.Value.Again} {string.Join(' ', cohort.Value.Values)}"))];
    }

    private static List<string> Text<TKey, TCounts>(IReadOnlyList<Group<IReadOnlyDictionary<TKey, TCounts>>> groups)
        where TKey : notnull
        where TCounts : struct, ICounts<TCounts> =>
        [.. groups.SelectMany(group => group.Cells.Where(cell => !cell.Value.Equals(default)).OrderBy(cell => cell.Key).Select(cell => $"{group.Value ?? "none"} {cell}"))];

    private sealed record Asked(Grain Grain, string? GroupBy, string? Filter, string What, int Columns, CohortMode Mode, CohortMeasure Measure)
    {
        public Question Of(Choice choice)
        {
            var definition = choice.ToDefinition();
            return new Question(definition, AsOf.In(definition.Calendar, new DateTimeOffset(Trial.TheEnd)), definition.By(Grain))
            {
                GroupBy = GroupBy,
                Selection = Filter is null ? Selection.Everybody : new Selection([Condition.Parse(Filter).Condition!]),
            };
        }
    }
}
