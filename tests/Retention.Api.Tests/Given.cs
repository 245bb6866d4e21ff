using System.Text.Json.Nodes;

namespace Retention.Api.Tests;

/// <summary>Events as a sender writes them. Times are RFC 3339; a date alone stands for noon of it in UTC.</summary>
internal static class Given
{
    public static JsonObject Event(string type, string customer, string at, JsonObject data, string? id = null) => new()
    {
        ["id"] = id ?? $"{type}-{customer}-{at}",
        ["source"] = "test",
        ["type"] = type,
        ["customer"] = customer,
        ["occurredAt"] = at.Contains('T', StringComparison.Ordinal) ? at : $"{at}T12:00:00Z",
        ["data"] = data,
    };

    /// <summary>A purchase in EUR; its order id is of the customer and the time.</summary>
    public static JsonObject Order(string customer, string at, decimal total = 10m, JsonObject? more = null)
    {
        var data = new JsonObject { ["orderId"] = $"{customer}-{at}", ["currency"] = "EUR", ["total"] = total };
        foreach (var (name, value) in more ?? []) data[name] = value?.DeepClone();
        return Event("purchase_made", customer, at, data);
    }

    /// <param name="order">When the order was made, as it was given.</param>
    public static JsonObject Refund(string customer, string order, string at, decimal amount) =>
        Event("purchase_refunded", customer, at, new JsonObject { ["orderId"] = $"{customer}-{order}", ["amount"] = amount });

    public static JsonObject Cancel(string customer, string order, string at) =>
        Event("purchase_cancelled", customer, at, new JsonObject { ["orderId"] = $"{customer}-{order}" });

    public static JsonObject Score(string customer, string at, string instrument, int score, string? comment = null) =>
        Event(
            "feedback_given", customer, at, new JsonObject { ["instrument"] = instrument, ["score"] = score, ["comment"] = comment },
            $"{instrument}-{customer}-{at}");

    public static JsonObject Complaint(string customer, string at, string complaint, string? text = null)
    {
        var data = new JsonObject { ["complaintId"] = complaint, ["channel"] = "email", ["category"] = "delivery", ["text"] = text };
        return Event("complaint_received", customer, at, data);
    }

    public static JsonObject Replied(string customer, string at, string complaint) =>
        Event("complaint_replied", customer, at, new JsonObject { ["complaintId"] = complaint });

    public static JsonObject Resolved(string customer, string at, string complaint) =>
        Event("complaint_resolved", customer, at, new JsonObject { ["complaintId"] = complaint, ["remedy"] = "voucher" });

    /// <summary>The same event with another value at a path such as <c>data.total</c>; null removes the member.</summary>
    public static JsonObject With(this JsonObject sent, string path, string? json)
    {
        var copy = sent.DeepClone().AsObject();
        var steps = path.Split('.');
        var parent = steps[..^1].Aggregate(copy, (node, step) => node[step]!.AsObject());
        if (json is null) parent.Remove(steps[^1]);
        else parent[steps[^1]] = JsonNode.Parse(json);
        return copy;
    }
}
