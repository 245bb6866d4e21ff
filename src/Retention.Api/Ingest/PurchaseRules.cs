using FluentValidation;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using static Retention.Api.Ingest.RuleWords;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest;

/// <summary>An order is in the tenant's currency, exact to its decimals, and charges nothing below zero.</summary>
internal sealed class PurchaseRules : AbstractValidator<PurchaseMade>
{
    public PurchaseRules(Rules rules)
    {
        RuleFor(purchase => purchase.Currency).Must(code => Currency.Digits(code) is not null)
            .WithErrorCode("unknown_currency").WithMessage("must be an ISO 4217 code such as EUR");
        RuleFor(purchase => purchase.Currency).Must(code => rules.Settings.Currency is null || rules.Settings.Currency == code)
            .WithErrorCode("currency_mismatch").WithMessage(_ => $"must be {rules.Settings.Currency}, the tenant's currency");
        RuleFor(purchase => purchase.Total).Must((purchase, total) => total is not null || purchase.Lines is { Count: > 0 })
            .WithErrorCode("required").WithMessage("is required where there are no lines");
        RuleForEach(purchase => purchase.Lines).Must(line => line.Quantity is not null && line.UnitPrice is not null)
            .When(purchase => purchase.Total is null)
            .WithErrorCode("required").WithMessage("needs quantity and unitPrice where there is no total");

        RuleFor(purchase => purchase.Total).IsAmount(rules);
        RuleFor(purchase => purchase.Gross).IsAmount(rules);
        RuleFor(purchase => purchase.StoreCredit).IsAmount(rules);
        RuleFor(purchase => purchase.Tax).IsAmount(rules);
        RuleFor(purchase => purchase.Shipping).IsAmount(rules);
        RuleFor(purchase => purchase.Margin).IsWithin(-MostMoney, MostMoney, $"{MoneyLimit} in either direction").HasDecimals(rules);
        RuleForEach(purchase => purchase.Discounts).SetValidator(new DiscountRules(rules));
        RuleForEach(purchase => purchase.Lines).SetValidator(new LineRules()).When(purchase => !LineRules.AreBounded(purchase.Lines));
        RuleFor(purchase => purchase.Lines).Custom((_, context) => CheckSum(context, rules)).When(purchase => purchase.Total is null);
    }

    /// <summary>The total that follows from the lines; only where each part of it is within its own bounds.</summary>
    private static void CheckSum(ValidationContext<PurchaseMade> context, Rules rules)
    {
        var purchase = context.InstanceToValidate;
        if (!LineRules.AreBounded(purchase.Lines)) return;
        var sum = purchase.Charged();
        if (sum is < 0 or > MostMoney)
            context.Add("Lines", "out_of_range", $"the order's total may not be negative and {MoneyLimit}; it is {sum:0.####}");
        if (!HasDecimals(sum, rules)) context.Add("Lines", "too_precise", TooPrecise(rules));
    }
}

internal sealed class RefundRules : AbstractValidator<PurchaseRefunded>
{
    public RefundRules(Rules rules)
    {
        RuleFor(refund => (decimal?)refund.Amount).GreaterThan(0).WithErrorCode("out_of_range").WithMessage("must be greater than 0")
            .LessThanOrEqualTo(MostMoney).WithErrorCode("out_of_range").WithMessage(MoneyLimit).HasDecimals(rules);
        RuleForEach(refund => refund.Lines).SetValidator(new LineRules()).When(refund => !LineRules.AreBounded(refund.Lines));
    }
}

internal sealed class DiscountRules : AbstractValidator<Discount>
{
    public DiscountRules(Rules rules) => RuleFor(discount => discount.Amount).IsAmount(rules);
}

/// <summary>Prices of a unit may have more decimals than the currency; their sum may not.</summary>
internal sealed class LineRules : AbstractValidator<PurchaseLine>
{
    private const string Limit = $"{MoneyLimit} in either direction";

    public LineRules()
    {
        RuleFor(line => line.Quantity).IsWithin(-MostMoney, MostMoney, Limit);
        RuleFor(line => line.UnitPrice).IsWithin(-MostMoney, MostMoney, Limit);
    }

    /// <summary>Asked before the rules of every single line, which cost more than all others of an order together.</summary>
    public static bool AreBounded(IReadOnlyList<PurchaseLine>? lines)
    {
        foreach (var line in lines ?? [])
            if (line.Quantity is < -MostMoney or > MostMoney || line.UnitPrice is < -MostMoney or > MostMoney) return false;
        return true;
    }
}
