using System.Text.Json.Serialization;

namespace Retention.Domain.Events;

/// <summary>
/// Everything that can happen in a customer's stream. Amounts are in major units of the tenant's currency; an absent member is null.
/// The stored name of each event is in <see cref="EventType"/>.
/// </summary>
public abstract record CustomerEvent
{
    private CustomerEvent()
    {
    }

    public sealed record CustomerRegistered(
        string? Channel, string? Campaign, string? Country, decimal? AcquisitionCost,
        [property: JsonConverter(typeof(ScalarsAsText))] IReadOnlyDictionary<string, string?>? Attributes)
        : CustomerEvent;

    /// <param name="Attributes">New values by name; null clears an attribute.</param>
    public sealed record CustomerChanged(
        [property: JsonConverter(typeof(ScalarsAsText))] IReadOnlyDictionary<string, string?> Attributes) : CustomerEvent;

    /// <param name="Total">Charged for goods, net of discounts and store credit, without tax and shipping; null: from the lines.</param>
    /// <param name="Margin">An amount, not a share.</param>
    public sealed record PurchaseMade(
        string OrderId, string Currency, decimal? Total, IReadOnlyList<PurchaseLine>? Lines, decimal? Gross,
        IReadOnlyList<Discount>? Discounts, decimal? StoreCredit, decimal? Tax, decimal? Shipping, decimal? Margin, string? Channel)
        : CustomerEvent
    {
        /// <summary>The order's total: as given, else Σ quantity × unitPrice − discounts − storeCredit.</summary>
        public decimal Charged() =>
            Total ?? (Lines ?? []).Sum(line => (line.Quantity ?? 0) * (line.UnitPrice ?? 0))
                - (Discounts ?? []).Sum(discount => discount.Amount ?? 0) - (StoreCredit ?? 0);
    }

    public sealed record PurchaseRefunded(string OrderId, decimal Amount, string? Reason, IReadOnlyList<PurchaseLine>? Lines) : CustomerEvent;

    public sealed record PurchaseCancelled(string OrderId, string? Reason) : CustomerEvent;

    public sealed record ComplaintReceived(
        string ComplaintId, string? Channel, string? Category, string? Severity, string? OrderId, string? Text) : CustomerEvent;

    public sealed record ComplaintReplied(string ComplaintId) : CustomerEvent;

    public sealed record ComplaintResolved(string ComplaintId, string? Remedy) : CustomerEvent;

    /// <param name="ScaleMin">Lowest score of the scale; null: the instrument's own, like <paramref name="ScaleMax"/> and <paramref name="TopBox"/>.</param>
    /// <param name="TopBox">How many of the highest scores count as satisfied.</param>
    public sealed record FeedbackGiven(
        string Instrument, [property: JsonConverter(typeof(WholeNumber))] int Score, string? RequestId,
        [property: JsonConverter(typeof(WholeNumber))] int? ScaleMin, [property: JsonConverter(typeof(WholeNumber))] int? ScaleMax,
        [property: JsonConverter(typeof(WholeNumber))] int? TopBox, string? Touchpoint, string? Channel, string? Comment) : CustomerEvent;
}

public sealed record PurchaseLine(string? Sku, string? Category, decimal? Quantity, decimal? UnitPrice, bool? OneOff);

public sealed record Discount(string? Code, string? Kind, decimal? Amount);
