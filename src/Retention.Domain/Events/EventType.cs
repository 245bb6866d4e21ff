using System.Text.Json;
using System.Text.Json.Serialization;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Domain.Events;

/// <summary>One row of the table stored name ↔ event: how the log names it and how its data is read.</summary>
/// <param name="Name">The stored name, which is also Marten's alias.</param>
/// <param name="ClrType">The record; its full name stands in <c>mt_dotnet_type</c>.</param>
/// <param name="FreeText">Members that are encrypted with the customer's own key.</param>
public sealed record EventType(string Name, Type ClrType, Func<Fields, CustomerEvent> Read, params IReadOnlyList<string> FreeText)
{
    /// <summary>The version of the shape of <c>data</c> that is written today. A change of shape adds its row to <see cref="Upcasts"/>.</summary>
    public int SchemaVersion { get; init; } = 1;

    public static IReadOnlyList<EventType> All { get; } =
    [
        new("customer_registered", typeof(CustomerRegistered), f => new CustomerRegistered(
            f.Text("channel"), f.Text("campaign"), f.Text("country"), f.Number("acquisitionCost"), f.Attributes("attributes"))),
        new("customer_changed", typeof(CustomerChanged), f => new CustomerChanged(f.RequiredAttributes("attributes"))),
        new("purchase_made", typeof(PurchaseMade), f => new PurchaseMade(
            f.RequiredText("orderId"), f.RequiredText("currency"), f.Number("total"), f.List("lines", Line), f.Number("gross"),
            f.List("discounts", d => new Discount(d.Text("code"), d.Text("kind"), d.Number("amount"))),
            f.Number("storeCredit"), f.Number("tax"), f.Number("shipping"), f.Number("margin"), f.Text("channel"))),
        new("purchase_refunded", typeof(PurchaseRefunded), f => new PurchaseRefunded(
            f.RequiredText("orderId"), f.RequiredNumber("amount"), f.Text("reason"), f.List("lines", Line))),
        new("purchase_cancelled", typeof(PurchaseCancelled), f => new PurchaseCancelled(f.RequiredText("orderId"), f.Text("reason"))),
        new("complaint_received", typeof(ComplaintReceived), f => new ComplaintReceived(
            f.RequiredText("complaintId"), f.Text("channel"), f.Text("category"), f.Text("severity"), f.Text("orderId"),
            f.Text("text", Fields.MaxFreeText)), "text"),
        new("complaint_replied", typeof(ComplaintReplied), f => new ComplaintReplied(f.RequiredText("complaintId"))),
        new("complaint_resolved", typeof(ComplaintResolved), f => new ComplaintResolved(f.RequiredText("complaintId"), f.Text("remedy"))),
        new("feedback_given", typeof(FeedbackGiven), f => new FeedbackGiven(
            f.RequiredText("instrument"), f.RequiredWhole("score"), f.Text("requestId"), f.Whole("scaleMin"), f.Whole("scaleMax"),
            f.Whole("topBox"), f.Text("touchpoint"), f.Text("channel"), f.Text("comment", Fields.MaxFreeText)), "comment"),
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

    private static PurchaseLine Line(Fields f) =>
        new(f.Text("sku"), f.Text("category"), f.Number("quantity"), f.Number("unitPrice"), f.Flag("oneOff"));
}
