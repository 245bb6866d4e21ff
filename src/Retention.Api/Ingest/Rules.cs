using FluentValidation;
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
    private static readonly Dictionary<Type, Func<Rules, IValidator>> Validators = new()
    {
        [typeof(CustomerRegistered)] = rules => new RegistrationRules(rules),
        [typeof(CustomerMerged)] = rules => new MergeRules(rules),
        [typeof(CustomerUnmerged)] = rules => new UnmergeRules(rules),
        [typeof(PurchaseMade)] = rules => new PurchaseRules(rules),
        [typeof(PurchaseRefunded)] = rules => new RefundRules(rules),
        [typeof(PurchaseLine)] = _ => new LineRules(),
        [typeof(Discount)] = rules => new DiscountRules(rules),
        [typeof(FeedbackGiven)] = rules => new AnswerRules(rules),
        [typeof(FeedbackRevised)] = rules => new RevisionRules(rules),
        [typeof(FeedbackWithdrawn)] = rules => new WithdrawalRules(rules),
        [typeof(EventRetracted)] = rules => new RetractionRules(rules),
    };

    private readonly Dictionary<Type, IValidator> validators = [];

    /// <summary>The settings with what the batch has fixed so far.</summary>
    public Settings Settings { get; private set; } = settings;

    /// <summary>The envelope of the event that is checked.</summary>
    internal Envelope Sent { get; private set; } = new("", "", "", "", default, default);

    /// <summary>The currency of the amounts that are checked; null before there is one.</summary>
    internal string? Currency { get; private set; }

    /// <summary>The rules of an event, or of a part of one, as they are at a new tenant; null where the shape is all there is.</summary>
    internal static IValidator? Of(Type type) => Validators.GetValueOrDefault(type)?.Invoke(new Rules(Settings.Default));

    public IReadOnlyList<Fault> Check(Envelope envelope, CustomerEvent happened)
    {
        if (!Validators.TryGetValue(happened.GetType(), out var make)) return [];
        if (!validators.TryGetValue(happened.GetType(), out var validator)) validators[happened.GetType()] = validator = make(this);
        (Sent, Currency) = (envelope, (happened as PurchaseMade)?.Currency ?? Settings.Currency);
        var result = validator.Validate(new ValidationContext<object>(happened));
        if (result.IsValid) Fix(happened);
        return result.Errors.ConvertAll(error => new Fault($"data.{CamelCase(error.PropertyName)}", error.ErrorCode, error.ErrorMessage));
    }

    private void Fix(CustomerEvent happened)
    {
        if (happened is PurchaseMade purchase && !Settings.CurrencyInUse)
            Settings = Settings with { Currency = purchase.Currency, CurrencyInUse = true };
        if (happened is FeedbackGiven answer && !Settings.Scales.ContainsKey(answer.Instrument))
        {
            var scales = new SortedDictionary<string, Scale>(Settings.Scales.ToDictionary(), StringComparer.Ordinal) { [answer.Instrument] = Fact.ScaleOf(answer) };
            Settings = Settings with { Scales = scales };
        }
    }

    private static string CamelCase(string path) =>
        string.Join('.', path.Split('.').Select(member => member.Length == 0 ? member : char.ToLowerInvariant(member[0]) + member[1..]));
}
