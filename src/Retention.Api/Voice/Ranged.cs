using Retention.Api.Metrics;
using Retention.Domain.Definitions;
using Retention.Projections.ReadModels;

namespace Retention.Api.Voice;

/// <summary>The periods of a metric whose whole range is one row unless a grain is given.</summary>
internal sealed record Ranged(Question Question, (int First, int Last) Periods, Dictionary<string, object?> Parameters)
{
    public IEnumerable<int> Rows => Enumerable.Range(Periods.First, Math.Max(0, Periods.Last - Periods.First + 1));

    /// <param name="began">The first day on which something counts, where the range begins if nothing else is asked for; null for none.</param>
    /// <param name="beganOf">The same by another question: a range begins with what counts of everybody, whomever the question selects.</param>
    public static async Task<Ranged> OfAsync(MetricRequest request, DateOnly? began, Func<Question, Task<DateOnly?>> beganOf)
    {
        if (request.BeginsWithEverybody) began = await beganOf(request.Question.OfEverybodyAlike);
        var question = request.Question;
        var periods = request.Periods(began is { } day ? question.Partition.IndexOf(day) : null);
        if (question.Partition is Partition.Exactly { From: var from, To: var to } && from == DateOnly.MinValue)
        {
            if (began < to) question = question with { Partition = new Partition.Exactly(began.Value, to) };
            else periods = (0, -1);
        }
        var parameters = request.Parameters(periods);
        if (request.GrainName is null) parameters["from"] = periods.Last < 0 ? null : PeriodStart.Of(question, 0);
        return new(question, periods, parameters);
    }

    public (PeriodStart From, PeriodStart To, PeriodStatus Status) RowOf(int period) =>
        (PeriodStart.Of(Question, period), PeriodStart.Of(Question, period + 1), Question.AsOf.Of(Question.Partition, period));
}
