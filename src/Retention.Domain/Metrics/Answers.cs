using Retention.Domain.Customers;

namespace Retention.Domain.Metrics;

/// <summary>The pooled answers of one period and the figures that follow; all are null without an answer.</summary>
/// <param name="ByScore">Responses by score, every score of the scale.</param>
public sealed record Answers(Instrument Instrument, Scale Scale, IReadOnlyDictionary<int, long> ByScore)
{
    public long Responses => ByScore.Values.Sum();

    public long Promoters => Between(9, 10);

    public long Passives => Between(7, 8);

    public long Detractors => Between(0, 6);

    /// <summary>Responses among the top scores: satisfied (CSAT), in agreement (CES).</summary>
    public long Top => Between(Scale.Max - Scale.TopBox + 1, Scale.Max);

    public double? Mean => Responses == 0 ? null : (double)ByScore.Sum(score => score.Key * score.Value) / Responses;

    /// <summary>The share of the top scores.</summary>
    public double? TopShare => Responses == 0 ? null : (double)Top / Responses;

    /// <summary>NPS: 100 · (p − d), from −100 to 100. CSAT: the share of the top scores. CES: the mean.</summary>
    public double? Score => Responses == 0 ? null : Instrument switch
    {
        Instrument.Nps => 100.0 * (Promoters - Detractors) / Responses,
        Instrument.Csat => TopShare,
        _ => Mean,
    };

    /// <summary>The 95 % interval of <see cref="Score"/>: adjusted Wald, Wilson, or of Student's t.</summary>
    public Interval? Interval => Instrument switch
    {
        Instrument.Nps => AdjustedWald.Of(Promoters, Passives, Detractors),
        Instrument.Csat => WilsonInterval.Of(Top, Responses),
        _ => MeanInterval.Of(ByScore),
    };

    private long Between(int low, int high) => ByScore.Where(score => score.Key >= low && score.Key <= high).Sum(score => score.Value);
}
