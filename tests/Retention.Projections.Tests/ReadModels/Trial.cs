using FsCheck;
using FsCheck.Fluent;

namespace Retention.Projections.Tests;

/// <summary>What happened to a handful of customers, how it is asked about, and a seed for the order and the batches of its arrival.</summary>
internal sealed record Trial(IReadOnlyList<Happening> Told, Choice Choice, DateTime AsOf, int Seed)
{
    // Summer time begins and ends in it where there is one; in São Paulo it begins at midnight of 4 November 2018.
    public static readonly DateTime Start = new(2018, 9, 1, 0, 0, 0, DateTimeKind.Utc);

    internal static readonly Gen<DateTime> Times =
        from day in Gen.OneOf(Gen.Choose(0, 420), Gen.Choose(0, 70), Gen.Elements(0, 29, 30, 59, 60, 64, 90, 91, 180))
        from time in Gen.Elements("00:00", "00:00:01", "02:30", "03:00", "07:59", "12:00", "18:29", "18:30", "22:00", "23:59:59")
        select Start.AddDays(day) + TimeSpan.Parse(time, System.Globalization.CultureInfo.InvariantCulture);

    private static readonly Gen<What> Whats = Gen.Frequency(
        (10, Gen.Constant(What.Bought)), (4, Gen.Constant(What.Refunded)), (1, Gen.Constant(What.Cancelled)), (1, Gen.Constant(What.Changed)),
        (2, Gen.Constant(What.Complained)), (2, Gen.Elements(What.Replied, What.Resolved)),
        (2, Gen.Elements(What.Acknowledged, What.Wrote, What.Reopened, What.WithdrewComplaint)), (3, Gen.Constant(What.Answered)),
        (2, Gen.Elements(What.Asked, What.Bounced)), (2, Gen.Elements(What.Revised, What.Withdrew)));

    internal static readonly Gen<Happening> Happenings =
        from customer in Gen.Elements("ann", "bob", "cid", "dan")
        from at in Times
        from source in Gen.Elements("shop", "web")
        from what in Whats
        from about in Gen.Elements(what switch
        {
            What.Complained or What.Replied or What.Resolved or What.Acknowledged or What.Wrote or What.Reopened or What.WithdrewComplaint => ["k1", "k2"],
            What.Answered or What.Asked or What.Bounced => ["nps", "csat", "ces"],
            _ => (string[])["o1", "o2", "o3", "o4", "o5", "o6", "o7", "o8"],
        })
        from amount in Gen.Elements(0m, 5m, 10m, 10.5m, 0.0001m, 33.33m, 999_999.99m)
        from margin in Gen.Elements<decimal?>(null, null, 0m, 3.3333m, -1m)
        from score in what == What.Revised ? Gen.Choose(0, 8) : Gen.Choose(1, 5)
        from request in Gen.Elements("r1", "r2")
        select new Happening(customer, at, source, "", what, about, what == What.Refunded && amount == 0 ? 1 : amount, margin, score, request);

    internal static readonly Gen<Choice> Choices =
        from zone in Gen.Elements("UTC", "Europe/Helsinki", "America/Sao_Paulo", "Asia/Kolkata", "US/Pacific")
        from weekStart in Gen.Elements(Enum.GetValues<DayOfWeek>())
        from window in Gen.OneOf(Gen.Choose(1, 120), Gen.Elements(1, 7, 30, 60, 120))
        from refunds in Gen.Elements(true, false)
        select new Choice(zone, weekStart, window, refunds);

    private static readonly Gen<Trial> Trials =
        from told in Happenings.ListOf()
        from choice in Choices
        from asOf in Times
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select new Trial(Aimed([.. told.Select((happening, index) => happening with { Id = $"{(index * 7) % 10}-{index}" })], seed), choice, asOf, seed);

    public static Arbitrary<Trial> Any { get; } = Arb.From(Trials, Smaller);

    /// <summary>After everything that can have happened.</summary>
    public static DateTime TheEnd => Start.AddDays(500);

    public DateTime LastFact => Told.Select(happening => happening.At).DefaultIfEmpty(Start).Max();

    /// <summary>Moments after all facts, the day on which the last purchase day may lapse among them.</summary>
    public IEnumerable<DateTime> Afterwards => [LastFact.AddSeconds(1), LastFact.AddDays(Choice.Window), LastFact.AddDays(Choice.Window + 1), TheEnd];

    public IReadOnlyList<IReadOnlyList<Happening>> Batches()
    {
        var random = new Random(Seed);
        var arriving = Told.ToArray();
        random.Shuffle(arriving);
        var batches = new List<IReadOnlyList<Happening>>();
        for (var sent = 0; sent < arriving.Length; sent += batches[^1].Count)
            batches.Add([.. arriving.Skip(sent).Take(1 + random.Next(1 + arriving.Length / 2))]);
        return batches;
    }

    /// <summary>All days on which something can have happened anywhere, with a margin in which customers lapse.</summary>
    public static (DateOnly From, DateOnly To) Days => (DateOnly.FromDateTime(Start).AddDays(-40), DateOnly.FromDateTime(TheEnd).AddDays(40));

    public override string ToString() => $"asOf {AsOf:u} by {Choice} seed {Seed}:\n{string.Join('\n', Told)}";

    /// <summary>Points every revision and withdrawal of an answer to one of the same customer, if there is one.</summary>
    /// <param name="named">Events that have their ids.</param>
    public static Happening[] Aimed(Happening[] named, int seed)
    {
        var random = new Random(seed);
        return [.. named.Select(happening => happening.What is What.Revised or What.Withdrew ? happening with { About = Target(happening) } : happening)];

        string Target(Happening change)
        {
            var answers = named.Where(happening => happening.What == What.Answered && happening.Customer == change.Customer).ToList();
            if (answers.Count == 0) return "shop/none";
            var answer = answers[random.Next(answers.Count)];
            return $"{answer.Source}/{answer.Id}";
        }
    }

    private static IEnumerable<Trial> Smaller(Trial trial)
    {
        for (var part = trial.Told.Count / 2; part > 0; part /= 2)
            for (var from = 0; from < trial.Told.Count; from += part)
                yield return trial with { Told = [.. trial.Told.Take(from), .. trial.Told.Skip(from + part)] };
        if (trial.Choice.Zone != "UTC") yield return trial with { Choice = trial.Choice with { Zone = "UTC" } };
        if (trial.Choice.RefundsOnOwnDays) yield return trial with { Choice = trial.Choice with { RefundsOnOwnDays = false } };
    }
}
