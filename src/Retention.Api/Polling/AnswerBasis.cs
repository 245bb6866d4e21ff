using Retention.Projections.ReadModels;

namespace Retention.Api.Polling;

/// <summary>What an answer was made of: equal for equal questions, it means an equal answer.</summary>
/// <param name="Position">The tenant's last event reflected.</param>
/// <param name="Moment">The evaluation moment, in UTC ticks.</param>
internal readonly record struct AnswerBasis(long Position, Guid Histories, long Moment);

/// <summary>What a question has found; left by whoever opens it.</summary>
internal sealed record Found(Reflection Reflection, DateTimeOffset Moment)
{
    public AnswerBasis Basis => new(Reflection.Position, Reflection.Histories, Moment.UtcTicks);
}
