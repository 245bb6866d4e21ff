using System.Text.Json;
using System.Text.Json.Serialization;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Domain.Events;

/// <summary>One row of the table stored name ↔ event: how the log names it, what it says and how its data is read.</summary>
/// <param name="Name">The stored name, which is also Marten's alias.</param>
/// <param name="ClrType">The record; its full name stands in <c>mt_dotnet_type</c>.</param>
/// <param name="Meaning">A sentence for those who send it.</param>
public sealed record EventType(string Name, Type ClrType, string Meaning, Func<Fields, CustomerEvent> Read)
{
    /// <summary>
    /// What a type that people write texts in may call them: sealed under these names even where the type has no such member, so that no
    /// sender's extra stands in clear.
    /// </summary>
    private static readonly string[] Texts = ["text", "comment"];

    /// <summary>The version of the shape of <c>data</c> that is written today. A change of shape adds its row to <see cref="Upcasts"/>.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Names of members that are encrypted with the customer's own key.</summary>
    public IReadOnlyList<string> FreeText { get; init; } = [];

    /// <summary>Names of members that hold attributes, of which the personal ones are encrypted, too.</summary>
    public IReadOnlyList<string> Attributes => field ??= [.. Members.Where(member => member.Kind == MemberKind.Attributes).Select(member => member.Name)];

    /// <summary>
    /// Whether it speaks about the record rather than about what happened: it is in force once it is known, whenever it occurred.
    /// </summary>
    public bool CorrectsRecord { get; init; }

    /// <summary>The members that <see cref="Read"/> asks for, in its order.</summary>
    public IReadOnlyList<Member> Members => field ??= Fields.AskedBy(Read);

    public static IReadOnlyList<EventType> All { get; } =
    [
        new("customer_registered", typeof(CustomerRegistered), "A customer became known.", f => new CustomerRegistered(
            f.Text("channel"), f.Text("campaign"), f.Text("country"), f.Number("acquisitionCost"), f.Attributes("attributes"))),
        new("customer_changed", typeof(CustomerChanged), "Attributes of a customer have new values; null clears one.",
            f => new CustomerChanged(f.RequiredAttributes("attributes"))),
        new("customer_merged", typeof(CustomerMerged), "Two customers turned out to be one.",
            f => new CustomerMerged(f.RequiredText("into"))) { CorrectsRecord = true },
        new("customer_unmerged", typeof(CustomerUnmerged), "A merge was wrong.",
            f => new CustomerUnmerged(f.RequiredText("into"))) { CorrectsRecord = true },
        new("customer_departed", typeof(CustomerDeparted), "A customer said farewell, which ends its activity.",
            f => new CustomerDeparted(f.Text("reason"))) { FreeText = Texts },
        new("purchase_made", typeof(PurchaseMade), "An order was placed.", f => new PurchaseMade(
            f.RequiredText("orderId"), f.RequiredText("currency"), f.Number("total"), f.List("lines", Line), f.Number("gross"),
            f.List("discounts", d => new Discount(d.Text("code"), d.Text("kind"), d.Number("amount"))),
            f.Number("storeCredit"), f.Number("tax"), f.Number("shipping"), f.Number("margin"), f.Text("channel"))),
        new("purchase_refunded", typeof(PurchaseRefunded), "Money of an order was paid back.", f => new PurchaseRefunded(
            f.RequiredText("orderId"), f.RequiredNumber("amount"), f.Text("reason"), f.List("lines", Line))),
        new("purchase_cancelled", typeof(PurchaseCancelled), "An order was called off as a whole.",
            f => new PurchaseCancelled(f.RequiredText("orderId"), f.Text("reason"))),
        new("complaint_received", typeof(ComplaintReceived), "A complaint came in.", f => new ComplaintReceived(
            f.RequiredText("complaintId"), f.Text("channel"), f.Text("category"), f.Text("severity"), f.Text("orderId"),
            f.Text("text", Fields.MaxFreeText))) { FreeText = Texts },
        OfComplaint("complaint_acknowledged", "The receipt of a complaint was confirmed.", id => new ComplaintAcknowledged(id)),
        OfComplaint("complaint_replied", "The customer got a reply.", id => new ComplaintReplied(id)),
        OfComplaint("complaint_message", "The customer wrote again about a complaint.", id => new ComplaintMessage(id)),
        new("complaint_resolved", typeof(ComplaintResolved), "A complaint was settled.",
            f => new ComplaintResolved(f.RequiredText("complaintId"), f.Text("remedy"))) { FreeText = Texts },
        OfComplaint("complaint_reopened", "A settled complaint was taken up again.", id => new ComplaintReopened(id)),
        OfComplaint("complaint_withdrawn", "The customer took a complaint back.", id => new ComplaintWithdrawn(id)),
        new("feedback_requested", typeof(FeedbackRequested), "A customer was asked for an answer.", f => new FeedbackRequested(
            f.RequiredText("requestId"), f.RequiredChoice("instrument", Instruments), f.Text("channel"), f.Text("touchpoint")))
        {
            FreeText = Texts,
        },
        new("feedback_bounced", typeof(FeedbackBounced), "A request did not reach the customer.", f => new FeedbackBounced(
            f.RequiredText("requestId"), f.RequiredChoice("instrument", Instruments), f.Text("channel"), f.Text("touchpoint")))
        {
            FreeText = Texts,
        },
        new("feedback_given", typeof(FeedbackGiven), "A customer answered.", f => new FeedbackGiven(
            f.RequiredChoice("instrument", Instruments), f.RequiredWhole("score"), f.Text("requestId"), f.Whole("scaleMin"),
            f.Whole("scaleMax"), f.Whole("topBox"), f.Text("touchpoint"), f.Text("channel"), f.Text("comment", Fields.MaxFreeText))) { FreeText = Texts },
        new("feedback_revised", typeof(FeedbackRevised), "A customer changed an answer, which counts where the answer was given.",
            f => new FeedbackRevised(f.RequiredText("feedbackId"), f.Text("source"), f.Whole("score"), f.Text("comment", Fields.MaxFreeText))) { FreeText = Texts },
        new("feedback_withdrawn", typeof(FeedbackWithdrawn), "A customer took an answer back.", f => new FeedbackWithdrawn(
            f.RequiredText("feedbackId"), f.Text("source"), f.Whole("score"), f.Text("comment", Fields.MaxFreeText))) { FreeText = Texts },
        new("lapse_reason_given", typeof(LapseReasonGiven), "A customer said why it stays away.", f => new LapseReasonGiven(
            f.RequiredText("reason"), f.Text("comment", Fields.MaxFreeText))) { FreeText = Texts },
        new("event_retracted", typeof(EventRetracted), "Another event is not so, and never was.", f => new EventRetracted(
            f.RequiredText("eventId"), f.Text("source"), f.Text("reason"))) { CorrectsRecord = true, FreeText = Texts },
    ];

    private static readonly Dictionary<string, EventType> ByName = All.ToDictionary(type => type.Name, StringComparer.Ordinal);
    private static readonly Dictionary<Type, EventType> ByType = All.ToDictionary(type => type.ClrType);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The type of a stored name, or null for a name that is not in the vocabulary.</summary>
    public static EventType? Named(string name) => ByName.GetValueOrDefault(name);

    public static EventType Of(CustomerEvent customerEvent) => ByType[customerEvent.GetType()];

    /// <summary>The event as its stored <c>data</c>: camelCase, absent members left out.</summary>
    public static JsonElement ToData(CustomerEvent customerEvent) =>
        JsonSerializer.SerializeToElement(customerEvent, customerEvent.GetType(), Json);

    /// <summary>A step in the life of a complaint that says no more than which one.</summary>
    private static EventType OfComplaint<T>(string name, string meaning, Func<string, T> read) where T : CustomerEvent =>
        new(name, typeof(T), meaning, f => read(f.RequiredText("complaintId"))) { FreeText = Texts };

    private static PurchaseLine Line(Fields f) =>
        new(f.Text("sku"), f.Text("category"), f.Number("quantity"), f.Number("unitPrice"), f.Flag("oneOff"));
}
