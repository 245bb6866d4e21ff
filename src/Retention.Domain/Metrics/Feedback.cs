using Retention.Domain.Customers;

namespace Retention.Domain.Metrics;

/// <param name="Day">The local day of the answer.</param>
public readonly record struct AnswerCell(Instrument Instrument, DateOnly Day, int Score);

public readonly record struct AnswerCounts(long Responses) : ICounts<AnswerCounts>
{
    public static AnswerCounts operator +(AnswerCounts a, AnswerCounts b) => new(a.Responses + b.Responses);

    public static AnswerCounts operator -(AnswerCounts a, AnswerCounts b) => new(a.Responses - b.Responses);
}

/// <param name="Day">The local day on which the request was sent.</param>
public readonly record struct RequestCell(Instrument Instrument, DateOnly Day);

/// <summary>Requests for answers and what became of them.</summary>
/// <param name="Bounced">Of those requested, not delivered.</param>
/// <param name="Answered">Of those delivered, answered within <see cref="Feedback.DaysToAnswer"/> days.</param>
public readonly record struct RequestCounts(long Requested, long Bounced, long Answered) : ICounts<RequestCounts>
{
    /// <summary>Answered / (requested − bounced); null where nothing was delivered.</summary>
    public double? ResponseRate => Requested == Bounced ? null : (double)Answered / (Requested - Bounced);

    public static RequestCounts operator +(RequestCounts a, RequestCounts b) =>
        new(a.Requested + b.Requested, a.Bounced + b.Bounced, a.Answered + b.Answered);

    public static RequestCounts operator -(RequestCounts a, RequestCounts b) =>
        new(a.Requested - b.Requested, a.Bounced - b.Bounced, a.Answered - b.Answered);
}

/// <summary>
/// Answers to surveys, as a histogram of scores by day: every figure of a period pools the answers in it, so no mean of means arises.
/// All answers that stand count (<c>dedup=all</c>), whether or not the sender has bought; a revision changes the day of the answer that it
/// revises. Requests count on the day on which they were sent.
/// </summary>
public static class Feedback
{
    /// <summary>An answer within so many days of 24 hours after its request counts as a response to it.</summary>
    public const int DaysToAnswer = 14;

    public static void Contribute(CustomerView customer, ICells<AnswerCell, AnswerCounts> cells)
    {
        foreach (var (at, answer, score) in customer.Answers) cells.Add(new(answer.Instrument, customer.DayOf(at), score), new(1));
    }

    public static void Contribute(CustomerView customer, ICells<RequestCell, RequestCounts> cells)
    {
        foreach (var asked in customer.Requests) cells.Add(new(asked.Request.Instrument, customer.DayOf(asked.OccurredAt)), CountsOf(asked));
    }

    public static RequestCounts CountsOf(AskedRequest asked) => new(
        1, asked.Bounced ? 1 : 0,
        !asked.Bounced && asked.AnsweredAt is { } at && at <= asked.OccurredAt + DaysToAnswer * TimeSpan.TicksPerDay ? 1 : 0);
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
