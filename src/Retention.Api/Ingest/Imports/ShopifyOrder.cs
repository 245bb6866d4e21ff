using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Ingest.Imports;

/// <summary>
/// An order of a Shopify shop and the events that it becomes, the same whether the export told of it or a webhook did: an event that both
/// tell of has one id, so that it counts once, and the one that came first stands.
/// </summary>
/// <param name="Id">Shopify's number of the order, which is also the id of its purchase.</param>
/// <param name="Total">Charged for goods: see <see cref="Goods"/>.</param>
internal sealed record ShopifyOrder(string Id, string Customer, DateTimeOffset At, string Currency, decimal Total)
{
    public const string Source = "shopify";

    private static readonly string[] NeverPaid = ["voided", "expired"];

    public decimal? Tax { get; init; }

    public decimal? Shipping { get; init; }

    public Discount? Discount { get; init; }

    /// <summary>Two letters; null where no address is known.</summary>
    public string? Country { get; init; }

    public string? Channel { get; init; }

    public DateTimeOffset? CancelledAt { get; init; }

    public List<PurchaseLine> Lines { get; } = [];

    /// <summary>
    /// What was charged for goods, without shipping and tax, of the four sums that both export and webhook have. Where prices contain the
    /// tax, the goods' part of it is taken by their part of the total. Without a subtotal it is what shipping and tax leave of the total.
    /// </summary>
    public static decimal Goods(string currency, decimal total, decimal? subtotal, decimal? shipping, decimal? tax)
    {
        if (subtotal is not { } goods) return Math.Max(0, total - (shipping ?? 0) - (tax ?? 0));
        var (beside, taxed) = (total - goods, tax ?? 0);
        // What lies beside the goods holds the tax, too, unless it is the shipping alone or has no room for it.
        var contained = taxed > 0 && (beside == (shipping ?? 0) || beside < taxed);
        return contained ? goods - Rounded(currency, Part(taxed, goods, total)) : goods;
    }

    /// <summary>The goods' part of an amount that was paid back, of which it is not told what it was for: as in the whole order.</summary>
    public static decimal Refunded(string currency, decimal paidBack, decimal goods, decimal total) =>
        paidBack >= total ? goods : Rounded(currency, Part(paidBack, goods, total));

    /// <summary>When an order in this state that nobody cancelled was called off; null for one that stands.</summary>
    public static DateTimeOffset? CalledOff(string? status, DateTimeOffset made) => NeverPaid.Contains(status) ? made : null;

    public Envelope ToPurchase() => Envelope.Of(Source, Id, Customer, At, new PurchaseMade(
        Id, Currency, Total, Lines.Count > 0 ? Lines : null, null, Discount is null ? null : [Discount], null, Tax, Shipping, null, Channel));

    /// <summary>The country as the customer's; null for none.</summary>
    public Envelope? ToCountry() =>
        Country is null ? null : Envelope.Of(Source, $"{Id}/country", Customer, At, new CustomerChanged(new Dictionary<string, string?> { ["country"] = Country }));

    /// <summary>The cancellation, at the purchase where it claims to be before it; null for none.</summary>
    public Envelope? ToCancellation() =>
        CancelledAt is { } at ? Envelope.Of(Source, $"{Id}/cancelled", Customer, at < At ? At : at, new PurchaseCancelled(Id, null)) : null;

    private static decimal Part(decimal amount, decimal part, decimal whole) => whole == 0 ? 0 : amount * part / whole;

    private static decimal Rounded(string currency, decimal amount) => decimal.Round(amount, Domain.Definitions.Currency.Digits(currency) ?? 2, MidpointRounding.AwayFromZero);
}
