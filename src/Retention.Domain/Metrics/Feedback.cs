using Retention.Domain.Customers;

namespace Retention.Domain.Metrics;

/// <param name="Day">The local day of the answer.</param>
public readonly record struct AnswerCell(Instrument Instrument, DateOnly Day, int Score);

public readonly record struct AnswerCounts(long Responses) : ICounts<AnswerCounts>
{
    public static AnswerCounts operator +(AnswerCounts a, AnswerCounts b) => new(a.Responses + b.Responses);

    public static AnswerCounts operator -(AnswerCounts a, AnswerCounts b) => new(a.Responses - b.Responses);
}

/// <summary>
/// Answers to surveys, as a histogram of scores by day: every figure of a period pools the answers in it, so no mean of means arises.
/// All answers count (<c>dedup=all</c>), whether or not the sender has bought.
/// </summary>
public static class Feedback
{
    public static void Contribute(CustomerView customer, ICells<AnswerCell, AnswerCounts> cells)
    {
        foreach (var (at, fact) in customer.Others)
        {
            if (fact is Fact.Answer answer) cells.Add(new(answer.Instrument, customer.DayOf(at), answer.Score), new(1));
        }
    }
}

/// <summary>The scale of an instrument at a tenant; never mixed within one.</summary>
/// <param name="TopBox">How many of the highest scores count as satisfied.</param>
public sealed record Scale(int Min, int Max, int TopBox)
{
    /// <summary>NPS 0–10; CSAT 1–5 with the top two; CES 2.0, 1–7, high is good, with 5–7 in agreement.</summary>
    public static Scale Of(Instrument instrument) => instrument switch
    {
        Instrument.Nps => new(0, 10, 2),
        Instrument.Csat => new(1, 5, 2),
        _ => new(1, 7, 3),
    };
}

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

    /// <summary>NPS: 100 · (p − d), from −100 to 100. CSAT: the share of the top scores. CES: the mean.</summary>
    public double? Score => Responses == 0 ? null : Instrument switch
    {
        Instrument.Nps => 100.0 * (Promoters - Detractors) / Responses,
        Instrument.Csat => (double)Top / Responses,
        _ => Mean,
    };

    private long Between(int low, int high) => ByScore.Where(score => score.Key >= low && score.Key <= high).Sum(score => score.Value);
}
