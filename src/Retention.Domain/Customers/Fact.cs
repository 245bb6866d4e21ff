using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Retention.Domain.Definitions;
using Retention.Domain.Events;

namespace Retention.Domain.Customers;

public enum Instrument
{
    Nps,
    Csat,
    Ces,
}

/// <summary>
/// What an event means for figures. Amounts are in ten-thousandths of the major unit (<see cref="Currency"/>); orders, complaints and
/// requests are named by <see cref="Key"/>.
/// </summary>
public abstract record Fact
{
    private Fact()
    {
    }

    /// <param name="Margin">Null where it is not known.</param>
    /// <param name="Details">The lines and codes; null where they were not loaded or there are none.</param>
    public sealed record Purchase(long Order, long Total, long? Margin, string? Channel, PurchaseDetails? Details) : Fact;

    public sealed record Refund(long Order, long Amount) : Fact;

    public sealed record Cancellation(long Order) : Fact;

    /// <param name="Registered">Whether this was the registration, not a later change.</param>
    /// <param name="Attributes">New values by name; null clears one.</param>
    public sealed record Profile(bool Registered, IReadOnlyDictionary<string, string?> Attributes) : Fact;

    public sealed record ComplaintReceived(long Complaint, string? Channel, string? Category, long? Order) : Fact;

    public sealed record ComplaintReplied(long Complaint) : Fact;

    public sealed record ComplaintResolved(long Complaint) : Fact;

    public sealed record Answer(Instrument Instrument, int Score, string? Touchpoint, string? Channel, long? Request) : Fact;

    /// <summary>
    /// The first 64 bits of an id's SHA-256. Ids are compared within one customer only; two different ids of one customer share a key
    /// with a probability of 2⁻⁶⁴.
    /// </summary>
    public static long Key(string id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(id), hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    /// <summary>The fact in an event that is in the log.</summary>
    public static Fact Of(CustomerEvent happened) => happened switch
    {
        CustomerEvent.PurchaseMade e => new Purchase(
            Key(e.OrderId), Currency.ToUnits(e.Charged()), e.Margin is { } margin ? Currency.ToUnits(margin) : null, e.Channel,
            PurchaseDetails.Of(e)),
        CustomerEvent.PurchaseRefunded e => new Refund(Key(e.OrderId), Currency.ToUnits(e.Amount)),
        CustomerEvent.PurchaseCancelled e => new Cancellation(Key(e.OrderId)),
        CustomerEvent.CustomerRegistered e => new Profile(true, AttributesOf(e)),
        CustomerEvent.CustomerChanged e => new Profile(false, e.Attributes),
        CustomerEvent.ComplaintReceived e => new ComplaintReceived(Key(e.ComplaintId), e.Channel, e.Category, OptionalKey(e.OrderId)),
        CustomerEvent.ComplaintReplied e => new ComplaintReplied(Key(e.ComplaintId)),
        CustomerEvent.ComplaintResolved e => new ComplaintResolved(Key(e.ComplaintId)),
        CustomerEvent.FeedbackGiven e => new Answer(
            InstrumentOf(e.Instrument), e.Score, e.Touchpoint, e.Channel, OptionalKey(e.RequestId)),
        _ => throw new System.Diagnostics.UnreachableException($"{happened.GetType().Name} has no fact."),
    };

    // Parsing the enumeration would take numbers and lists, too.
    private static Instrument InstrumentOf(string name) => name switch
    {
        "nps" => Instrument.Nps,
        "csat" => Instrument.Csat,
        "ces" => Instrument.Ces,
        _ => throw new ArgumentException($"'{name}' is no instrument; allowed are nps, csat and ces.", nameof(name)),
    };

    private static long? OptionalKey(string? id) => id is null ? null : Key(id);

    private static SortedDictionary<string, string?> AttributesOf(CustomerEvent.CustomerRegistered registered)
    {
        var attributes = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in registered.Attributes ?? new Dictionary<string, string?>()) attributes[name] = value;
        if (registered.Channel is { } channel) attributes["channel"] = channel;
        if (registered.Campaign is { } campaign) attributes["campaign"] = campaign;
        if (registered.Country is { } country) attributes["country"] = country;
        return attributes;
    }
}

/// <summary>What was bought and with which codes; read only by questions that name them.</summary>
public sealed record PurchaseDetails(IReadOnlyList<BoughtLine> Lines, IReadOnlyList<string> Codes)
{
    public static PurchaseDetails? Of(CustomerEvent.PurchaseMade purchase)
    {
        var lines = (purchase.Lines ?? []).Select(line => new BoughtLine(line.Sku ?? "", line.Category ?? "", line.OneOff ?? false)).Distinct().ToList();
        var codes = (purchase.Discounts ?? []).Select(discount => discount.Code).OfType<string>().Distinct().ToList();
        return lines.Count + codes.Count == 0 ? null : new PurchaseDetails(lines, codes);
    }
}

/// <param name="Sku">Empty where the line has none, like <paramref name="Category"/>.</param>
public readonly record struct BoughtLine(string Sku, string Category, bool OneOff);
