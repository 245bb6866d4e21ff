using FsCheck;
using FsCheck.Fluent;

namespace Retention.Projections.Tests;

/// <summary>
/// Facts, and what is said about the record of them: merges and unmerges, retractions of a few events, of merges and of each other, and
/// other facts under the ids of these events.
/// </summary>
/// <param name="Told">In the order of their arrival.</param>
internal sealed record CorrectedTrial(IReadOnlyList<Happening> Told, Choice Choice, DateTime AsOf, int Seed)
{
    private const int Contested = 5;

    private static readonly Gen<Happening> Corrections =
        from customer in Gen.Elements("ann", "bob", "cid", "dan")
        from other in Gen.Elements("ann", "bob", "cid", "dan", "eve")
        from at in Trial.Times
        from source in Gen.Elements("shop", "web")
        from what in Gen.Frequency((4, Gen.Constant(What.Merged)), (2, Gen.Constant(What.Unmerged)), (4, Gen.Constant(What.Retracted)))
        from target in Gen.Choose(0, Contested - 1)
        where what == What.Retracted || customer != other
        select new Happening(customer, at, source, "", what, what == What.Retracted ? $"{target}" : other);

    private static readonly Gen<CorrectedTrial> Trials =
        from facts in Trial.Happenings.ListOf()
        from corrections in Corrections.ListOf(14)
        from again in Trial.Happenings.ListOf(4)
        from choice in Trial.Choices
        from asOf in Trial.Times
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select Arriving([.. facts], [.. corrections], [.. again], new CorrectedTrial([], choice, asOf, seed));

    public static Arbitrary<CorrectedTrial> Any { get; } = Arb.From(Trials, Smaller);

    public IReadOnlyList<IReadOnlyList<Happening>> Batches()
    {
        var random = new Random(Seed);
        var batches = new List<IReadOnlyList<Happening>>();
        for (var sent = 0; sent < Told.Count; sent += batches[^1].Count) batches.Add([.. Told.Skip(sent).Take(1 + random.Next(1 + Told.Count / 2))]);
        return batches;
    }

    public override string ToString() => $"asOf {AsOf:u} by {Choice} seed {Seed}:\n{string.Join('\n', Told)}";

    /// <summary>The contested ids are of the first corrections and of the first facts; what is sent again has one of them, too.</summary>
    private static CorrectedTrial Arriving(Happening[] facts, Happening[] corrections, Happening[] again, CorrectedTrial trial)
    {
        var random = new Random(trial.Seed);
        var first = Trial.Aimed([.. corrections.Concat(facts).Select((told, index) => told with { Id = $"{(index * 7) % 10}-{index}" })], trial.Seed);
        var contested = first.Where(told => told.What == What.Merged).Take(1).Concat(first.Where(told => told.What == What.Retracted).Take(1))
            .Concat(first.Where(told => !told.Corrects()).Take(Contested - 2)).ToArray();
        if (contested.Length == 0) return trial with { Told = first };
        var told = first.Concat(Trial.Aimed([.. again.Select((next, index) => next with { Source = contested[index % contested.Length].Source, Id = contested[index % contested.Length].Id })], trial.Seed))
            .Select(next => next.What == What.Retracted ? next with { About = AboutOf(contested[int.Parse(next.About) % contested.Length]) } : next)
            .Where(next => next.What != What.Retracted || next.Name() != next.Target()).ToArray();
        random.Shuffle(told);
        return trial with { Told = told };
    }

    private static string AboutOf(Happening target) => $"{target.Source}/{target.Id}";

    private static IEnumerable<CorrectedTrial> Smaller(CorrectedTrial trial)
    {
        for (var part = trial.Told.Count / 2; part > 0; part /= 2)
            for (var from = 0; from < trial.Told.Count; from += part)
                yield return trial with { Told = [.. trial.Told.Take(from), .. trial.Told.Skip(from + part)] };
    }
}
