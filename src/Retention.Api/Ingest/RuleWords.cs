using FluentValidation;
using FluentValidation.Results;
using Retention.Domain.Definitions;

namespace Retention.Api.Ingest;

/// <summary>What rules of several events say.</summary>
internal static class RuleWords
{
    /// <summary>Beyond any order in any currency.</summary>
    public const decimal MostMoney = 100_000_000_000;

    public const string MoneyLimit = "may be at most 100000000000";

    /// <summary>Decimals of an amount before there is a currency: those of the currency that has most.</summary>
    private const int MostDecimals = 4;

    /// <summary>An amount that is not negative and has no more decimals than the currency.</summary>
    public static IRuleBuilderOptions<T, decimal?> IsAmount<T>(this IRuleBuilder<T, decimal?> rule, Rules rules) =>
        rule.IsWithin(0, MostMoney, $"may not be negative and {MoneyLimit}").HasDecimals(rules);

    /// <summary>A number from the least to the most; null passes.</summary>
    public static IRuleBuilderOptions<T, decimal?> IsWithin<T>(this IRuleBuilder<T, decimal?> rule, decimal least, decimal most, string message) =>
        rule.InclusiveBetween(least, most).WithErrorCode("out_of_range").WithMessage(message);

    public static IRuleBuilderOptions<T, decimal?> HasDecimals<T>(this IRuleBuilder<T, decimal?> rule, Rules rules) =>
        rule.Must(amount => amount is not { } value || HasDecimals(value, rules)).WithErrorCode("too_precise").WithMessage(_ => TooPrecise(rules));

    public static bool HasDecimals(decimal amount, Rules rules) => Decimals(rules) is not { } allowed || decimal.Round(amount, allowed) == amount;

    public static string TooPrecise(Rules rules) => $"has more than the {Decimals(rules)} decimals of {rules.Currency ?? "any currency"}";

    /// <summary>A name as envelopes have them: nothing else can ever be the one that is meant. Null passes.</summary>
    public static void IsName<T>(this IRuleBuilder<T, string?> rule) => rule.Custom((name, context) =>
    {
        if (name is not null && EnvelopeRules.FaultOf(name) is var (code, message)) context.Add(context.PropertyPath, code, message);
    });

    public static void Add<T>(this ValidationContext<T> context, string path, string code, string message) =>
        context.AddFailure(new ValidationFailure(path, message) { ErrorCode = code });

    /// <summary>Null for a currency that does not exist, which is a fault of its own.</summary>
    private static int? Decimals(Rules rules) => rules.Currency is { } code ? Currency.Digits(code) : MostDecimals;
}
