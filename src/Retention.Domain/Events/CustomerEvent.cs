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

    /// <summary>The surveys that requests and answers name.</summary>
    public static IReadOnlyList<string> Instruments { get; } = ["nps", "csat", "ces"];

    public sealed record CustomerRegistered(
        string? Channel, string? Campaign, string? Country, decimal? AcquisitionCost,
        [property: JsonConverter(typeof(ScalarsAsText))] IReadOnlyDictionary<string, string?>? Attributes)
        : CustomerEvent;

    /// <param name="Attributes">New values by name; null clears an attribute.</param>
    public sealed record CustomerChanged(
        [property: JsonConverter(typeof(ScalarsAsText))] IReadOnlyDictionary<string, string?> Attributes) : CustomerEvent;

    /// <param name="Into">The customer that this one turned out to be; it may be unknown yet.</param>
    public sealed record CustomerMerged(string Into) : CustomerEvent;

    /// <param name="Into">The customer that this one had been merged into, and is not.</param>
    public sealed record CustomerUnmerged(string Into) : CustomerEvent;

    public sealed record CustomerDeparted(string? Reason) : CustomerEvent;

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

    /// <summary>The receipt was confirmed, which is no reply yet.</summary>
    public sealed record ComplaintAcknowledged(string ComplaintId) : CustomerEvent;

    public sealed record ComplaintReplied(string ComplaintId) : CustomerEvent;

    /// <summary>The customer wrote again.</summary>
    public sealed record ComplaintMessage(string ComplaintId) : CustomerEvent;

    public sealed record ComplaintResolved(string ComplaintId, string? Remedy) : CustomerEvent;

    public sealed record ComplaintReopened(string ComplaintId) : CustomerEvent;

    /// <summary>The customer took the complaint back.</summary>
    public sealed record ComplaintWithdrawn(string ComplaintId) : CustomerEvent;

    public sealed record FeedbackRequested(string RequestId, string Instrument, string? Channel, string? Touchpoint) : CustomerEvent;

    /// <summary>A request did not reach the customer.</summary>
    public sealed record FeedbackBounced(string RequestId, string Instrument, string? Channel, string? Touchpoint) : CustomerEvent;

    /// <param name="ScaleMin">Lowest score of the scale; null: the instrument's own, like <paramref name="ScaleMax"/> and <paramref name="TopBox"/>.</param>
    /// <param name="TopBox">How many of the highest scores count as satisfied.</param>
    public sealed record FeedbackGiven(
        string Instrument, [property: JsonConverter(typeof(WholeNumber))] int Score, string? RequestId,
        [property: JsonConverter(typeof(WholeNumber))] int? ScaleMin, [property: JsonConverter(typeof(WholeNumber))] int? ScaleMax,
        [property: JsonConverter(typeof(WholeNumber))] int? TopBox, string? Touchpoint, string? Channel, string? Comment) : CustomerEvent;

    /// <param name="FeedbackId">The id of the answer's event.</param>
    /// <param name="Source">The source of the answer's event; null: the same as of this one.</param>
    /// <param name="Score">The new score, on the answer's scale; null where it stays.</param>
    public sealed record FeedbackRevised(
        string FeedbackId, string? Source, [property: JsonConverter(typeof(WholeNumber))] int? Score, string? Comment) : CustomerEvent;

    /// <inheritdoc cref="FeedbackRevised"/>
    /// <param name="Score">What the sender says the answer was; it enters no figure.</param>
    public sealed record FeedbackWithdrawn(
        string FeedbackId, string? Source, [property: JsonConverter(typeof(WholeNumber))] int? Score, string? Comment) : CustomerEvent;

    public sealed record LapseReasonGiven(string Reason, string? Comment) : CustomerEvent;

    /// <summary>Another event is not so, and never was. An unknown one is retracted when it arrives.</summary>
    /// <param name="EventId">The id that the event was sent with.</param>
    /// <param name="Source">The source of the event; null: the same as of this one.</param>
    public sealed record EventRetracted(string EventId, string? Source, string? Reason) : CustomerEvent;
}

public sealed record PurchaseLine(string? Sku, string? Category, decimal? Quantity, decimal? UnitPrice, bool? OneOff);

public sealed record Discount(string? Code, string? Kind, decimal? Amount);
