using System.Runtime.InteropServices;

namespace Retention.Domain.Customers;

/// <summary>An answer as it stands at the moment: with the score of its last revision. One that was withdrawn is none.</summary>
/// <param name="OccurredAt">When it was given, in UTC ticks; a revision does not move it.</param>
public readonly record struct GivenAnswer(long OccurredAt, Fact.Answer Answer, int Score)
{
    /// <summary>
    /// The answers among a customer's facts, in order. Revisions and withdrawals may come before their answer, and without. A revision
    /// off the answer's own scale is ignored, like one without a score.
    /// </summary>
    public static IReadOnlyList<GivenAnswer> Of(ReadOnlySpan<Told> others)
    {
        List<GivenAnswer>? answers = null;
        var changes = false;
        foreach (var (at, fact) in others)
        {
            if (fact is Fact.Answer answer) (answers ??= []).Add(new(at, answer, answer.Score));
            changes |= fact is Fact.Revision or Fact.Withdrawal;
        }
        if (answers is null) return [];
        return changes ? Changed(answers, others) : answers;
    }

    private static List<GivenAnswer> Changed(List<GivenAnswer> answers, ReadOnlySpan<Told> others)
    {
        var byId = new Dictionary<long, int>(answers.Count);
        for (var i = 0; i < answers.Count; i++) byId.TryAdd(answers[i].Answer.Id, i);
        var withdrawn = new HashSet<long>();
        var all = CollectionsMarshal.AsSpan(answers);
        foreach (var (_, fact) in others)
        {
            if (fact is Fact.Withdrawal withdrawal) withdrawn.Add(withdrawal.AnswerId);
            if (fact is not Fact.Revision { Score: { } score } revision || !byId.TryGetValue(revision.AnswerId, out var place)) continue;
            if (all[place].Answer.Scale is var scale && score >= scale.Min && score <= scale.Max) all[place] = all[place] with { Score = score };
        }
        if (withdrawn.Count > 0) answers.RemoveAll(given => withdrawn.Contains(given.Answer.Id));
        return answers;
    }
}
