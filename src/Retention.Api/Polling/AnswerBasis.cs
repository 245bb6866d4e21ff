using Retention.Projections.ReadModels;

namespace Retention.Api.Polling;

/// <summary>What an answer was made of: equal for equal questions, it means an equal answer. Left by whoever opens the question.</summary>
/// <param name="Position">The tenant's last event reflected.</param>
/// <param name="Moment">The evaluation moment, in UTC ticks.</param>
internal sealed record AnswerBasis(long Position, Guid Histories, long Moment)
{
    public AnswerBasis(Reflection reflection, DateTimeOffset moment)
        : this(reflection.Position, reflection.Histories, moment.UtcTicks)
    {
    }
}
