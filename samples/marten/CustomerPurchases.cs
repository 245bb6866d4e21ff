using Retention.Domain.Events;

namespace Retention.Sample;

/// <summary>What a customer bought: folded live from the stream, and kept as a document.</summary>
public sealed class CustomerPurchases
{
    /// <summary>The stream's name.</summary>
    public string Id { get; set; } = "";

    public int Orders { get; set; }

    public decimal Total { get; set; }

    public string? Currency { get; set; }

    public string? LastOrder { get; set; }

    public void Apply(CustomerEvent.PurchaseMade purchase)
    {
        Orders++;
        Total += purchase.Charged();
        Currency = purchase.Currency;
        LastOrder = purchase.OrderId;
    }

    public void Apply(CustomerEvent.PurchaseRefunded refund) => Total -= refund.Amount;

    public override string ToString() => $"{Orders} orders, {Total} {Currency}, the last one {LastOrder}";
}
