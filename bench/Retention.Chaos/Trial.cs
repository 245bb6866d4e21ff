using System.Globalization;

namespace Retention.Chaos;

/// <summary>How a trial is run.</summary>
/// <param name="Duration">For how long the load goes on, about; what a single fault takes is added.</param>
/// <param name="Seed">Of moments and loads.</param>
public sealed record TrialOptions(TimeSpan Duration, int Seed)
{
    /// <summary>Take the protection away that the trial is about: it must fail then.</summary>
    public bool Control { get; init; }

    /// <summary>Receives a sentence, without a line end, for each thing that happens.</summary>
    public Action<string> Say { get; init; } = _ => { };
}

/// <summary>What a trial came to: figures, each with what it may be, and whether all are within.</summary>
public sealed class Verdict
{
    private readonly List<(string Name, string Figure, string Wanted, bool Holds)> figures = [];

    public bool Passed => figures.TrueForAll(figure => figure.Holds);

    public IReadOnlyList<(string Name, string Figure, string Wanted, bool Holds)> Figures => figures;

    public override string ToString() => string.Join('\n', figures.Select(figure => $"{(figure.Holds ? "  " : "! ")}{figure.Name,-58} {figure.Figure,14}   {figure.Wanted}"));

    /// <summary>A figure that is only told.</summary>
    public Verdict Tell(string name, double figure) => Add(name, Text(figure), "", true);

    public Verdict Zero(string name, long figure) => Add(name, Text(figure), "0", figure == 0);

    public Verdict AtLeast(string name, double figure, double least) => Add(name, Text(figure), $"at least {Text(least)}", figure >= least);

    public Verdict Below(string name, double figure, double limit) => Add(name, Text(figure), $"below {Text(limit)}", figure < limit);

    private Verdict Add(string name, string figure, string wanted, bool holds)
    {
        figures.Add((name, figure, wanted, holds));
        return this;
    }

    private static string Text(double figure) => figure.ToString(figure == Math.Floor(figure) ? "n0" : "n2", CultureInfo.InvariantCulture);
}
