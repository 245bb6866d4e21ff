using FsCheck;
using FsCheck.Fluent;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;
using Retention.Projections.ReadModels;

namespace Retention.Projections.Tests;

/// <summary>What happened to a handful of customers, and a question about their cohorts that does not contradict itself.</summary>
internal sealed record CohortTrial(IReadOnlyList<Happening> Told, Choice Choice, DateTime AsOf, CohortAsking Asking)
{
    // Days on which the clocks of the zones change, and the ends of a month, of a quarter and of a year.
    private static readonly DateTime[] Days =
    [
        new(2018, 10, 7), new(2018, 10, 28), new(2018, 11, 4), new(2018, 12, 31), new(2019, 2, 28), new(2019, 3, 10), new(2019, 3, 31),
        new(2019, 4, 7),
    ];

    private static readonly Gen<DateTime> Near =
        from day in Gen.Elements(Days)
        from minutes in Gen.Choose(-6, 60)
        select DateTime.SpecifyKind(day, DateTimeKind.Utc).AddMinutes(15 * minutes);

    private static readonly Gen<DateTime> Far =
        from day in Gen.OneOf(Gen.Choose(0, 420), Gen.Choose(30, 100))
        from time in Gen.Elements("00:00", "00:00:01", "02:30", "12:00", "18:29:59.999", "18:30", "23:59:59")
        select Trial.Start.AddDays(day) + TimeSpan.Parse(time, System.Globalization.CultureInfo.InvariantCulture);

    private static readonly Gen<What> Whats = Gen.Frequency(
        (12, Gen.Constant(What.Bought)), (3, Gen.Constant(What.Refunded)), (1, Gen.Constant(What.Cancelled)), (2, Gen.Constant(What.Changed)),
        (4, Gen.Constant(What.Complained)), (3, Gen.Constant(What.Answered)), (2, Gen.Constant(What.Registered)), (2, Gen.Constant(What.Withdrew)));

    private static readonly Gen<Choice> Choices =
        from zone in Gen.Elements(
            "UTC", "Europe/Helsinki", "America/Sao_Paulo", "Asia/Kolkata", "US/Pacific", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu")
        from weekStart in Gen.Elements(Enum.GetValues<DayOfWeek>())
        from window in Gen.Elements(1, 2, 7, 30, 60, 120)
        from refunds in Gen.Elements(true, false)
        select new Choice(zone, weekStart, window, refunds);

    private static readonly Gen<CohortTrial> Trials =
        from times in Gen.Elements(Near, Far, Gen.OneOf(Near, Far))
        from told in HappeningsAt(times).ListOf()
        from choice in Choices
        from asOf in Gen.OneOf(times, Gen.Constant(Trial.TheEnd))
        from asking in CohortAsking.Any
        let named = told.Select((happening, index) => happening with { Id = $"{(index * 7) % 10}-{index}" }).ToList()
        select new CohortTrial([.. named.Select((happening, index) => WithAnswer(happening, index, named))], choice, asOf, asking);

    public static Arbitrary<CohortTrial> Any { get; } = Arb.From(Trials, Smaller);

    public Question Question
    {
        get
        {
            var definition = Choice.ToDefinition();
            return new Question(definition, Domain.Definitions.AsOf.In(definition.Calendar, AsOf), definition.By(Asking.Grain))
            {
                GroupBy = Asking.ByTier ? "tier" : null,
                Selection = Asking.Filter is { } filter ? new Selection([Condition.Parse(filter).Condition!]) : Selection.Everybody,
            };
        }
    }

    public override string ToString() => $"asOf {AsOf:u} by {Choice}\n{Asking}\n{string.Join('\n', Told)}";

    private static Gen<Happening> HappeningsAt(Gen<DateTime> times) =>
        from customer in Gen.Elements("ann", "bob", "cid", "dan")
        from at in times
        from source in Gen.Elements("shop", "web")
        from what in Whats
        from about in Gen.Elements(what switch
        {
            What.Complained => ["k1", "k2"],
            What.Answered => ["nps", "csat"],
            What.Changed => ["gold", "iron"],
            _ => (string[])["o1", "o2", "o3", "o4", "o5", "o6", "o7", "o8"],
        })
        from amount in Gen.Elements(0m, 5m, 10.5m, 0.0001m, 33.33m)
        select new Happening(customer, at, source, "", what, about, what == What.Refunded && amount == 0 ? 1 : amount, null, 5);

    /// <summary>A withdrawal is of some answer of its customer and source, before it or after it; of none where there is none.</summary>
    private static Happening WithAnswer(Happening happening, int index, List<Happening> told)
    {
        var answers = told.Where(answer => answer.What == What.Answered).ToList();
        if (happening.What != What.Withdrew || answers.Count == 0) return happening;
        var answer = answers[index % answers.Count];
        return happening with { Customer = answer.Customer, Source = answer.Source, About = answer.Id };
    }

    private static IEnumerable<CohortTrial> Smaller(CohortTrial trial)
    {
        for (var part = trial.Told.Count / 2; part > 0; part /= 2)
            for (var from = 0; from < trial.Told.Count; from += part)
                yield return trial with { Told = [.. trial.Told.Take(from), .. trial.Told.Skip(from + part)] };
        if (trial.Choice.Zone != "UTC") yield return trial with { Choice = trial.Choice with { Zone = "UTC" } };
        foreach (var asking in trial.Asking.Simpler()) yield return trial with { Asking = asking };
    }
}

/// <summary>The parameters of <c>/v1/cohorts</c>.</summary>
/// <param name="Columns">The last period, such as <c>7</c>, or brackets, such as <c>1-3,4-7</c>.</param>
internal sealed record CohortAsking(
    Grain Grain, string Columns, CohortEntry Entry, CohortActivity Start, CohortActivity Return, CohortMode Mode, CohortMeasure Measure,
    CohortAlignment Alignment, int MinOrders, CohortSummaryKind Summary, bool ByTier, string? Filter)
{
    private static readonly Gen<CohortAsking> Random =
        from grain in Gen.Elements(Enum.GetValues<Grain>())
        from columns in Gen.Elements("0", "1", "4", "14", "1-3,4-7", "2,3,5-40", "1-1", "3-3,4-12")
        from entry in Gen.Elements(Enum.GetValues<CohortEntry>())
        from start in Gen.OneOf(Gen.Constant(CohortActivity.Order), Gen.Elements(Enum.GetValues<CohortActivity>()))
        from back in Gen.OneOf(Gen.Constant(CohortActivity.Order), Gen.Elements(Enum.GetValues<CohortActivity>()))
        from mode in Gen.Elements(Enum.GetValues<CohortMode>())
        from measure in Gen.Frequency((3, Gen.Constant(CohortMeasure.Customers)), (2, Gen.Elements(Enum.GetValues<CohortMeasure>())))
        from alignment in Gen.Elements(Enum.GetValues<CohortAlignment>())
        from minOrders in Gen.Elements(1, 1, 2, 3)
        from summary in Gen.Elements(Enum.GetValues<CohortSummaryKind>())
        from byTier in Gen.Elements(true, false, false)
        from filter in Gen.Elements(null, null, null, "tier:gold", "spend:>=10", "channel:web", "channel:shop")
        select new CohortAsking(grain, columns, entry, start, back, mode, measure, alignment, minOrders, summary, byTier, filter);

    public static Gen<CohortAsking> Any { get; } = Random.Select(asking => asking.Consistent());

    public IReadOnlyList<(int First, int Last)> Periods =>
        int.TryParse(Columns, out var last) ? [.. Enumerable.Range(0, last + 1).Select(k => (k, k))]
        : [(0, 0), .. Columns.Split(',').Select(bracket => bracket.Split('-')).Select(ends => (int.Parse(ends[0], null), int.Parse(ends[^1], null)))];

    public CohortQuestion ToQuestion() => new(int.TryParse(Columns, out var last) ? CohortColumns.Through(last) : CohortColumns.Parse(Columns).Columns!)
    {
        Entry = Entry,
        Start = Start,
        Return = Return,
        Mode = Mode,
        Measure = Measure,
        Alignment = Alignment,
        MinOrders = MinOrders,
        Summary = Summary,
    };

    public IEnumerable<CohortAsking> Simpler()
    {
        CohortAsking[] simpler =
        [
            this with { Columns = "4" }, this with { Entry = CohortEntry.First }, this with { Start = CohortActivity.Order },
            this with { Return = CohortActivity.Order }, this with { Mode = CohortMode.On }, this with { Alignment = CohortAlignment.Calendar },
            this with { MinOrders = 1 }, this with { ByTier = false }, this with { Filter = null }, this with { Grain = Grain.Month },
        ];
        return simpler.Where(asking => asking != this && asking == asking.Consistent());
    }

    /// <summary>Without what the service refuses.</summary>
    private CohortAsking Consistent()
    {
        var asking = this;
        if (asking.Measure != CohortMeasure.Customers) asking = asking with { Mode = CohortMode.On, Return = CohortActivity.Order, MinOrders = 1 };
        if (asking is { Mode: CohortMode.Survival, Grain: Grain.Hour }) asking = asking with { Grain = Grain.Day };
        if (asking.Mode == CohortMode.Survival) asking = asking with { Entry = CohortEntry.First, Return = CohortActivity.Order, MinOrders = 1 };
        if (asking.Return != CohortActivity.Order) asking = asking with { MinOrders = 1 };
        return asking.Alignment == CohortAlignment.Rolling ? asking with { Entry = CohortEntry.First } : asking;
    }
}
