using FluentValidation;
using Retention.Domain.Customers;
using Retention.Domain.Metrics;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest;

/// <summary>An answer is on its own scale, which is the instrument's at this tenant.</summary>
internal sealed class AnswerRules : AbstractValidator<FeedbackGiven>
{
    public AnswerRules(Rules rules)
    {
        RuleFor(answer => (decimal?)answer.ScaleMin).IsScore();
        RuleFor(answer => (decimal?)answer.ScaleMax).IsScore();
        RuleFor(answer => answer).Custom((answer, context) => CheckScale(answer, rules, context));
    }

    /// <summary>The scale of satisfaction is the tenant's choice, made by its first answer.</summary>
    public static bool HasFixedScale(string instrument) => instrument != "csat";

    private static void CheckScale(FeedbackGiven answer, Rules rules, ValidationContext<FeedbackGiven> context)
    {
        var (scale, allowed) = (Fact.ScaleOf(answer), AllowedScale(answer, rules));
        if (scale.Min >= scale.Max)
            context.Add(answer.ScaleMax is null ? "ScaleMin" : "ScaleMax", "out_of_range", $"the scale must rise; it is {scale.Min} to {scale.Max}");
        else if (allowed is not null && scale != allowed)
            context.Add("Instrument", "instrument_mismatch", $"is on a scale of {allowed.Min} to {allowed.Max} with topBox {allowed.TopBox} at this tenant");
        else if (scale.TopBox < 1 || scale.TopBox > scale.Max - scale.Min)
            context.Add("TopBox", "out_of_range", $"must leave at least one score outside: from 1 to {scale.Max - scale.Min}");
        else if (answer.Score < scale.Min || answer.Score > scale.Max)
            context.Add("Score", "out_of_range", $"must be a whole number from {scale.Min} to {scale.Max}");
    }

    /// <summary>The only scale that the answer may be on; null before the first answer of an instrument whose scale is free.</summary>
    private static Scale? AllowedScale(FeedbackGiven answer, Rules rules) =>
        HasFixedScale(answer.Instrument) ? Scale.Of(Fact.InstrumentOf(answer.Instrument)) : rules.Settings.Scales.GetValueOrDefault(answer.Instrument);
}

internal sealed class RevisionRules : TargetRules<FeedbackRevised>
{
    public RevisionRules(Rules rules) : base(rules, revised => revised.FeedbackId, revised => revised.Source) =>
        RuleFor(revised => (decimal?)revised.Score).IsScore();
}

internal sealed class WithdrawalRules : TargetRules<FeedbackWithdrawn>
{
    public WithdrawalRules(Rules rules) : base(rules, withdrawn => withdrawn.FeedbackId, withdrawn => withdrawn.Source) =>
        RuleFor(withdrawn => (decimal?)withdrawn.Score).IsScore();
}

internal static class Scores
{
    /// <summary>A score of the widest scale.</summary>
    public static void IsScore<T>(this IRuleBuilder<T, decimal?> rule) => rule.IsWithin(-100, 100, "must be a whole number from -100 to 100");
}
