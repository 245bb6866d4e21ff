using FluentValidation;
using FluentValidation.Results;
using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Domain.Metrics;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest;

/// <summary>
/// The rules that an event must keep, besides its shape. The first order fixes the tenant's currency and the first answer an instrument's
/// scale; what a batch fixes holds for the rest of it.
/// </summary>
public sealed class Rules(Settings settings)
{
    /// <summary>Beyond any order in any currency.</summary>
    private const decimal MostMoney = 100_000_000_000;

    private const string MoneyLimit = "may be at most 100000000000";

    private static readonly Dictionary<Type, Func<Rules, IValidator>> Validators = new()
    {
        [typeof(PurchaseMade)] = rules => new PurchaseRules(rules),
        [typeof(PurchaseRefunded)] = rules => new RefundRules(rules),
        [typeof(CustomerRegistered)] = rules => new RegistrationRules(rules),
        [typeof(FeedbackGiven)] = rules => new FeedbackRules(rules),
    };

    private readonly Dictionary<Type, IValidator> validators = [];

    /// <summary>The settings with what the batch has fixed so far.</summary>
    public Settings Settings { get; private set; } = settings;

    public IReadOnlyList<Fault> Check(CustomerEvent happened)
    {
        if (!Validators.TryGetValue(happened.GetType(), out var make)) return [];
        if (!validators.TryGetValue(happened.GetType(), out var validator)) validators[happened.GetType()] = validator = make(this);
        var result = validator.Validate(new ValidationContext<object>(happened));
        if (result.IsValid) Fix(happened);
        return result.Errors.ConvertAll(error => new Fault($"data.{CamelCase(error.PropertyName)}", error.ErrorCode, error.ErrorMessage));
    }

    private void Fix(CustomerEvent happened)
    {
        if (happened is PurchaseMade purchase && !Settings.CurrencyInUse)
            Settings = Settings with { Currency = purchase.Currency, CurrencyInUse = true };
        if (happened is FeedbackGiven feedback && !Settings.Scales.ContainsKey(feedback.Instrument))
        {
            var scales = new SortedDictionary<string, Scale>(Settings.Scales.ToDictionary(), StringComparer.Ordinal) { [feedback.Instrument] = ScaleOf(feedback) };
            Settings = Settings with { Scales = scales };
        }
    }

    private static Scale ScaleOf(FeedbackGiven feedback)
    {
        var own = Scale.Of(Enum.Parse<Instrument>(feedback.Instrument, ignoreCase: true));
        return new Scale(feedback.ScaleMin ?? own.Min, feedback.ScaleMax ?? own.Max, feedback.TopBox ?? own.TopBox);
    }

    /// <summary>Adds a fault for an amount with more decimals than the currency has; without a currency yet, than any has.</summary>
    private void CheckDecimals<T>(ValidationContext<T> context, string member, decimal? amount, string? currency)
    {
        var digits = (currency ?? Settings.Currency) is { } code ? Currency.Digits(code) : 4;
        if (amount is { } value && digits is { } allowed && decimal.Round(value, allowed) != value)
            context.AddFailure(new ValidationFailure(member, $"has more than the {allowed} decimals of {currency ?? Settings.Currency ?? "any currency"}") { ErrorCode = "too_precise" });
    }

    private static string CamelCase(string path) =>
        string.Join('.', path.Split('.').Select(member => member.Length == 0 ? member : char.ToLowerInvariant(member[0]) + member[1..]));

    private sealed class PurchaseRules : AbstractValidator<PurchaseMade>
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
            RuleFor(purchase => purchase).Custom(CheckAmounts);

            void CheckAmounts(PurchaseMade purchase, ValidationContext<PurchaseMade> context)
            {
                CheckCharge("Gross", purchase.Gross, purchase, context);
                CheckCharge("StoreCredit", purchase.StoreCredit, purchase, context);
                CheckCharge("Tax", purchase.Tax, purchase, context);
                CheckCharge("Shipping", purchase.Shipping, purchase, context);
                if (purchase.Margin is < -MostMoney or > MostMoney) AddOutOfRange(context, "Margin", $"{MoneyLimit} in either direction");
                rules.CheckDecimals(context, "Margin", purchase.Margin, purchase.Currency);
                foreach (var (index, discount) in (purchase.Discounts ?? []).Index())
                {
                    if (discount.Amount is < 0 or > MostMoney) AddOutOfRange(context, $"Discounts[{index}].Amount", $"may not be negative and {MoneyLimit}");
                    rules.CheckDecimals(context, $"Discounts[{index}].Amount", discount.Amount, purchase.Currency);
                }
                CheckTotal(purchase, context);
            }

            void CheckCharge(string member, decimal? amount, PurchaseMade purchase, ValidationContext<PurchaseMade> context)
            {
                if (amount is < 0 or > MostMoney) AddOutOfRange(context, member, $"may not be negative and {MoneyLimit}");
                rules.CheckDecimals(context, member, amount, purchase.Currency);
            }

            void CheckTotal(PurchaseMade purchase, ValidationContext<PurchaseMade> context)
            {
                var member = purchase.Total is null ? "Lines" : "Total";
                if ((purchase.Lines ?? []).Any(line => line.Quantity is < -MostMoney or > MostMoney || line.UnitPrice is < -MostMoney or > MostMoney))
                {
                    AddOutOfRange(context, "Lines", $"quantity and unitPrice {MoneyLimit} in either direction");
                    return;
                }
                var total = purchase.Charged();
                if (total is < 0 or > MostMoney) AddOutOfRange(context, member, $"the order's total may not be negative and {MoneyLimit}; it is {total:0.####}");
                rules.CheckDecimals(context, member, total, purchase.Currency);
            }
        }
    }

    private sealed class RefundRules : AbstractValidator<PurchaseRefunded>
    {
        public RefundRules(Rules rules)
        {
            RuleFor(refund => refund.Amount).Must(amount => amount is > 0 and <= MostMoney)
                .WithErrorCode("out_of_range").WithMessage($"must be greater than 0 and {MoneyLimit}");
            RuleFor(refund => refund.Amount).Custom((amount, context) => rules.CheckDecimals(context, "Amount", amount, null));
        }
    }

    private sealed class RegistrationRules : AbstractValidator<CustomerRegistered>
    {
        public RegistrationRules(Rules rules)
        {
            RuleFor(registered => registered.AcquisitionCost).InclusiveBetween(0, MostMoney)
                .WithErrorCode("out_of_range").WithMessage($"may not be negative and {MoneyLimit}");
            RuleFor(registered => registered.AcquisitionCost).Custom((amount, context) => rules.CheckDecimals(context, "AcquisitionCost", amount, null));
        }
    }

    private sealed class FeedbackRules : AbstractValidator<FeedbackGiven>
    {
        private static readonly string[] Instruments = ["nps", "csat", "ces"];

        public FeedbackRules(Rules rules)
        {
            RuleFor(feedback => feedback.Instrument).Must(name => Instruments.Contains(name))
                .WithErrorCode("not_allowed").WithMessage($"must be one of {string.Join(", ", Instruments)}");
            RuleFor(feedback => feedback).Custom(CheckScale).When(feedback => Instruments.Contains(feedback.Instrument));

            void CheckScale(FeedbackGiven feedback, ValidationContext<FeedbackGiven> context)
            {
                var scale = ScaleOf(feedback);
                var own = Scale.Of(Enum.Parse<Instrument>(feedback.Instrument, ignoreCase: true));
                var fixedScale = feedback.Instrument == "csat" ? rules.Settings.Scales.GetValueOrDefault("csat") : own;
                if (scale.Min >= scale.Max || scale.Min < -100 || scale.Max > 100 || scale.TopBox < 1 || scale.TopBox > scale.Max - scale.Min)
                    AddOutOfRange(context, "ScaleMin", "the scale must rise within −100 … 100 and its topBox leave at least one score");
                else if (fixedScale is not null && scale != fixedScale)
                    context.AddFailure(new ValidationFailure("Instrument", $"is on a scale of {fixedScale.Min} to {fixedScale.Max} with topBox {fixedScale.TopBox} at this tenant") { ErrorCode = "instrument_mismatch" });
                else if (feedback.Score < scale.Min || feedback.Score > scale.Max)
                    AddOutOfRange(context, "Score", $"must be a whole number from {scale.Min} to {scale.Max}");
            }
        }

    }

    private static void AddOutOfRange<T>(ValidationContext<T> context, string member, string message) =>
        context.AddFailure(new ValidationFailure(member, message) { ErrorCode = "out_of_range" });
}
