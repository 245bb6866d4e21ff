using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Api.Lineage;

/// <summary>
/// What a metric's headline divides by what, as sums over customers: each customer is in the numerator, and in the denominator, with what it
/// adds to them.
/// </summary>
/// <param name="Numerator">The sum in words of the metric's own figures.</param>
/// <param name="Parts">Figures that add up to the numerator; with those of <paramref name="Whole"/> for the denominator.</param>
internal sealed record LineageShare(string Numerator, string Denominator, IReadOnlyList<string> Parts, IReadOnlyList<string> Whole)
{
    private static readonly Dictionary<string, LineageShare> ByMetric = new(StringComparer.Ordinal)
    {
        [Catalogue.Retention.Name] = Of(["retained"], ["opening"]),
        [Catalogue.Lifecycle.Name] = Of(["new", "returning", "resurrected"], ["new", "returning", "resurrected", "dormant"]),
        [Catalogue.Revenue.Name] = Of(["revenue"], ["orders"]),
        [Catalogue.RevenueRetention.Name] = Of(["previous", "contraction", "churned"], ["previous"]),
        [Catalogue.TimeBetweenPurchases.Name] = Of(["n"], ["n", "open"]),
        [Catalogue.Survival.Name] = Of(["lifetimes.lapsed"], ["lifetimes.lapsed", "lifetimes.censored"]),
        [Catalogue.Clv.Name] = Of(["revenue"], ["customers"]),
        [VoiceCatalogue.Nps.Name] = Of(["promoters"], ["responses"]),
        [VoiceCatalogue.Csat.Name] = OfTopBox(Scale.Of(Instrument.Csat)),
        [VoiceCatalogue.Ces.Name] = OfTopBox(Scale.Of(Instrument.Ces)),
        [VoiceCatalogue.Complaints.Name] = Of(["promiseKept"], ["promised"]),
        [VoiceCatalogue.ServiceRecovery.Name] = Of(["orderedAgain"], ["moments"]),
        [VoiceCatalogue.LapseReasons.Name] = Of(["count"], ["given"]),
        [VoiceCatalogue.WinBack.Name] = Of(["returned"], ["lapsed"]),
    };

    private static readonly LineageShare OfList = Of([AnswerRows.Listed], [AnswerRows.Listed]);

    /// <summary>Metrics of periods that name the customers behind them.</summary>
    public static IEnumerable<string> Metrics => ByMetric.Keys.Append(Catalogue.Cohorts.Name);

    /// <summary>The parameter that chooses among the rows of a period and group, by metric.</summary>
    public static IReadOnlyDictionary<string, string> Choosers { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Catalogue.Cohorts.Name] = "k",
        [VoiceCatalogue.ServiceRecovery.Name] = "outcome",
        [VoiceCatalogue.LapseReasons.Name] = "reason",
    };

    /// <summary>The outcome or reason of the rows that count; null where a period and group has one row.</summary>
    public string? Part { get; private init; }

    /// <summary>Numerator and denominator of each metric that names its customers; of a cohort's column k.</summary>
    public static IReadOnlyDictionary<string, object> Served { get; } = ByMetric.Select(share => KeyValuePair.Create(share.Key, share.Value))
        .Append(new(Catalogue.Cohorts.Name, Of(["k.value"], ["size"]))).Concat(MetricQuestion.Lists.Select(list => KeyValuePair.Create(list.Name, OfList)))
        .ToDictionary(share => share.Key, share => (object)new { share.Value.Numerator, share.Value.Denominator }, StringComparer.Ordinal);

    /// <param name="chosen">The column of a cohort as the answer spells it, the outcome or the reason; null for metrics without.</param>
    /// <param name="settings">The tenant's, whose csat may have a scale of its own.</param>
    /// <exception cref="ProblemException">404 for a metric that does not name its customers.</exception>
    public static LineageShare Of(CatalogueEntry metric, string? chosen, Settings settings)
    {
        if (metric == VoiceCatalogue.Csat) return OfTopBox(settings.ScaleOf(Instrument.Csat));
        if (metric == Catalogue.Cohorts) return Of([$"k{chosen}.value"], ["size"]);
        if (MetricQuestion.Lists.Contains(metric)) return OfList;
        return ByMetric.TryGetValue(metric.Name, out var share)
            ? share with { Part = chosen }
            : throw new ProblemException(404, "unknown_metric", $"{metric.Name} does not name its customers; {string.Join(", ", Served.Keys)} do.");
    }

    /// <summary>The figures of a cell, from the rows of its period and group; empty where there are none.</summary>
    public IReadOnlyDictionary<string, decimal?> FiguresOf(IEnumerable<AnswerRow> rows)
    {
        var all = rows.ToList();
        if (all.FirstOrDefault(row => row.Part == Part) is { } own) return own.Figures;
        // A reason that was not given has no row, and is one of those given all the same.
        return all is [{ Part: not null } other, ..] ? other.Figures.Where(figure => Whole.Contains(figure.Key) && !Parts.Contains(figure.Key)).ToDictionary() : new Dictionary<string, decimal?>();
    }

    public decimal NumeratorOf(IReadOnlyDictionary<string, decimal?> figures) => Parts.Sum(name => figures.GetValueOrDefault(name) ?? 0);

    public decimal DenominatorOf(IReadOnlyDictionary<string, decimal?> figures) => Whole.Sum(name => figures.GetValueOrDefault(name) ?? 0);

    /// <summary>Answers with the highest scores of all answers: those who are satisfied, or agree.</summary>
    private static LineageShare OfTopBox(Scale scale) =>
        Of([.. Enumerable.Range(scale.Max - scale.TopBox + 1, scale.TopBox).Select(score => $"distribution.{score}")], ["responses"]);

    private static LineageShare Of(string[] parts, string[] whole) => new(string.Join(" + ", parts), string.Join(" + ", whole), parts, whole);
}
