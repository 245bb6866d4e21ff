using System.Linq.Expressions;
using FluentValidation;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest;

internal sealed class RegistrationRules : AbstractValidator<CustomerRegistered>
{
    public RegistrationRules(Rules rules) => RuleFor(registered => registered.AcquisitionCost).IsAmount(rules);
}

/// <summary>A merge names a customer that there can be, and another one than its own.</summary>
internal sealed class MergeRules : AbstractValidator<CustomerMerged>
{
    public MergeRules(Rules rules) => RuleFor(merged => merged.Into).Custom((into, context) => CheckOther(into, rules, context));

    public static void CheckOther<T>(string into, Rules rules, ValidationContext<T> context)
    {
        if (EnvelopeRules.FaultOfCustomer(into) is var (code, message)) context.Add("Into", code, message);
        else if (into == rules.Sent.Customer) context.Add("Into", "not_allowed", "must be another customer than the event's own");
    }
}

internal sealed class UnmergeRules : AbstractValidator<CustomerUnmerged>
{
    public UnmergeRules(Rules rules) => RuleFor(unmerged => unmerged.Into).Custom((into, context) => MergeRules.CheckOther(into, rules, context));
}

/// <summary>What revisions, withdrawals and retractions point to is another event, known or not.</summary>
internal abstract class TargetRules<T> : AbstractValidator<T>
{
    protected TargetRules(Rules rules, Expression<Func<T, string>> id, Expression<Func<T, string?>> source)
    {
        var sourceOf = source.Compile();
        RuleFor(id).IsName();
        RuleFor(id).Must((happened, target) => target != rules.Sent.Id || (sourceOf(happened) ?? rules.Sent.Source) != rules.Sent.Source)
            .WithErrorCode("not_allowed").WithMessage("must name another event than this one");
        RuleFor(source).IsName();
    }
}

internal sealed class RetractionRules(Rules rules) : TargetRules<EventRetracted>(rules, retracted => retracted.EventId, retracted => retracted.Source);
