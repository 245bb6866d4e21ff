using System.Threading.Channels;
using JasperFx.Events;
using Retention.Domain.Events;

namespace Retention.Sample;

/// <summary>Where Wolverine delivers the purchases that its subscription reads from the log.</summary>
public static class PurchaseMadeHandler
{
    /// <summary>The ids of the orders that were delivered.</summary>
    public static Channel<string> Orders { get; } = Channel.CreateUnbounded<string>();

    public static void Handle(IEvent<CustomerEvent.PurchaseMade> purchase)
    {
        Console.WriteLine($"Handler: {purchase.StreamKey} of {purchase.TenantId} ordered {purchase.Data.OrderId} at position {purchase.Sequence}");
        Orders.Writer.TryWrite(purchase.Data.OrderId);
    }
}
