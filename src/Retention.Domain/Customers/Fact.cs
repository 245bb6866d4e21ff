using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Retention.Domain.Definitions;
using Retention.Domain.Events;
using Retention.Domain.Metrics;

namespace Retention.Domain.Customers;

public enum Instrument
{
    Nps,
    Csat,
    Ces,
}

/// <summary>
/// What an event means for figures. Amounts are in ten-thousandths of the major unit (<see cref="Currency"/>); orders, complaints, requests
/// and answers are named by <see cref="Key(string)"/>. What people wrote in their own words is not among it.
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

    /// <param name="Into">The id of the customer that this one is from now on.</param>
    public sealed record Merge(string Into) : Fact;

    /// <param name="Into">The id of the customer of the merge that is taken back.</param>
    public sealed record Unmerge(string Into) : Fact;

    public sealed record Departure(string? Reason) : Fact;

    public sealed record LapseReason(string Reason) : Fact;

    /// <summary>A step in the life of a complaint; it may come before its receipt, or without.</summary>
    public abstract record OfComplaint(long Complaint) : Fact;

    public sealed record ComplaintReceived(long Complaint, string? Channel, string? Category, string? Severity, long? Order)
        : OfComplaint(Complaint);

    public sealed record ComplaintAcknowledged(long Complaint) : OfComplaint(Complaint);

    public sealed record ComplaintReplied(long Complaint) : OfComplaint(Complaint);

    /// <summary>The customer wrote again, and waits for the next reply.</summary>
    public sealed record ComplaintMessage(long Complaint) : OfComplaint(Complaint);

    public sealed record ComplaintResolved(long Complaint, string? Remedy) : OfComplaint(Complaint);

    public sealed record ComplaintReopened(long Complaint) : OfComplaint(Complaint);

    public sealed record ComplaintWithdrawn(long Complaint) : OfComplaint(Complaint);

    public sealed record Request(long Id, Instrument Instrument, string? Touchpoint, string? Channel) : Fact;

    /// <param name="RequestId">The request that was not delivered. One request may ask by several instruments.</param>
    public sealed record Bounce(long RequestId, Instrument Instrument) : Fact;

    /// <param name="Id">The <see cref="Key(string, string)"/> of its own event, by which revisions and withdrawals name it.</param>
    /// <param name="RequestId">The request that it answers; null for none.</param>
    public sealed record Answer(long Id, Instrument Instrument, int Score, string? Touchpoint, string? Channel, long? RequestId) : Fact
    {
        /// <summary>As the answer says, else the instrument's own.</summary>
        public Scale Scale { get; init; } = Scale.Of(Instrument);
    }

    /// <param name="AnswerId">The answer's id; it may be of a later event or of none.</param>
    /// <param name="Score">The new score; null where it stays. Nothing has checked it against the answer's scale.</param>
    public sealed record Revision(long AnswerId, int? Score) : Fact;

    /// <param name="AnswerId">The answer's id; it may be of a later event or of none.</param>
    public sealed record Withdrawal(long AnswerId) : Fact;

    /// <summary>The event of this source and id never was, in whosever history it stands.</summary>
    public sealed record Retraction(string Source, string Id) : Fact;

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

    /// <summary>The key of the event that a source calls by an id; the length parts the two, whatever characters they hold.</summary>
    public static long Key(string source, string id) => Key(string.Create(CultureInfo.InvariantCulture, $"{source.Length}:{source}{id}"));

    /// <summary>The fact in an event that is in the log.</summary>
    /// <param name="source">The event's own, like <paramref name="id"/>.</param>
    public static Fact Of(CustomerEvent happened, string source, string id) => happened switch
    {
        CustomerEvent.PurchaseMade e => new Purchase(
            Key(e.OrderId), Currency.ToUnits(e.Charged()), e.Margin is { } margin ? Currency.ToUnits(margin) : null, e.Channel,
            PurchaseDetails.Of(e)),
        CustomerEvent.PurchaseRefunded e => new Refund(Key(e.OrderId), Currency.ToUnits(e.Amount)),
        CustomerEvent.PurchaseCancelled e => new Cancellation(Key(e.OrderId)),
        CustomerEvent.CustomerRegistered e => new Profile(true, AttributesOf(e)),
        CustomerEvent.CustomerChanged e => new Profile(false, e.Attributes),
        CustomerEvent.CustomerMerged e => new Merge(e.Into),
        CustomerEvent.CustomerUnmerged e => new Unmerge(e.Into),
        CustomerEvent.CustomerDeparted e => new Departure(e.Reason),
        CustomerEvent.LapseReasonGiven e => new LapseReason(e.Reason),
        CustomerEvent.ComplaintReceived e => new ComplaintReceived(Key(e.ComplaintId), e.Channel, e.Category, e.Severity, OptionalKey(e.OrderId)),
        CustomerEvent.ComplaintAcknowledged e => new ComplaintAcknowledged(Key(e.ComplaintId)),
        CustomerEvent.ComplaintReplied e => new ComplaintReplied(Key(e.ComplaintId)),
        CustomerEvent.ComplaintMessage e => new ComplaintMessage(Key(e.ComplaintId)),
        CustomerEvent.ComplaintResolved e => new ComplaintResolved(Key(e.ComplaintId), e.Remedy),
        CustomerEvent.ComplaintReopened e => new ComplaintReopened(Key(e.ComplaintId)),
        CustomerEvent.ComplaintWithdrawn e => new ComplaintWithdrawn(Key(e.ComplaintId)),
        CustomerEvent.FeedbackRequested e => new Request(Key(e.RequestId), InstrumentOf(e.Instrument), e.Touchpoint, e.Channel),
        CustomerEvent.FeedbackBounced e => new Bounce(Key(e.RequestId), InstrumentOf(e.Instrument)),
        CustomerEvent.FeedbackGiven e => new Answer(
            Key(source, id), InstrumentOf(e.Instrument), e.Score, e.Touchpoint, e.Channel, OptionalKey(e.RequestId))
        {
            Scale = ScaleOf(e),
        },
        CustomerEvent.FeedbackRevised e => new Revision(Key(e.Source ?? source, e.FeedbackId), e.Score),
        CustomerEvent.FeedbackWithdrawn e => new Withdrawal(Key(e.Source ?? source, e.FeedbackId)),
        CustomerEvent.EventRetracted e => new Retraction(e.Source ?? source, e.EventId),
        _ => throw new System.Diagnostics.UnreachableException($"{happened.GetType().Name} has no fact."),
    };

    /// <summary>The scale that an answer is on: as it says, else the instrument's own.</summary>
    public static Scale ScaleOf(CustomerEvent.FeedbackGiven given)
    {
        var own = Scale.Of(InstrumentOf(given.Instrument));
        return given is { ScaleMin: null, ScaleMax: null, TopBox: null } ? own
            : new Scale(given.ScaleMin ?? own.Min, given.ScaleMax ?? own.Max, given.TopBox ?? own.TopBox);
    }

    // Parsing the enumeration would take numbers and lists, too.
    public static Instrument InstrumentOf(string name) => name switch
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
