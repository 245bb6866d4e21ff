using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retention.Api.Tests.Ingest;

/// <summary>A member of an event's data as the contract lists it.</summary>
/// <param name="Kind">text, prose (free text), number, whole, flag, list or object.</param>
internal sealed record ContractMember(string Name, string Kind, bool Required)
{
    /// <summary>Values that the member cannot have, each with the code of its fault.</summary>
    public IEnumerable<(string Json, string Code)> Misfits => Kind switch
    {
        "text" => [("5", "wrong_type"), ("{}", "wrong_type"), (Long(201), "too_long"), .. Required ? new[] { ("\"\"", "required") } : []],
        "prose" => [("5", "wrong_type"), (Long(20_001), "too_long")],
        "number" => [("\"5\"", "wrong_type"), ("true", "wrong_type")],
        "whole" => [("\"5\"", "wrong_type"), ("1.5", "wrong_type")],
        "flag" => [("\"true\"", "wrong_type")],
        "list" => [("{}", "wrong_type"), ("\"a\"", "wrong_type")],
        _ => [("[]", "wrong_type"), ("\"a\"", "wrong_type")],
    };

    private static string Long(int length) => $"\"{new string('x', length)}\"";
}

/// <summary>The table of events as the contract words it, transcribed by hand: every type with its members, and two forms of each.</summary>
internal static class Contract
{
    private static readonly Dictionary<string, string> Table = new()
    {
        ["customer_registered"] = "channel campaign country acquisitionCost:number attributes:object",
        ["customer_changed"] = "attributes:object!",
        ["customer_merged"] = "into!",
        ["customer_unmerged"] = "into!",
        ["customer_departed"] = "reason",
        ["purchase_made"] = "orderId! currency! total:number lines:list gross:number discounts:list storeCredit:number tax:number shipping:number "
            + "margin:number channel",
        ["purchase_refunded"] = "orderId! amount:number! reason lines:list",
        ["purchase_cancelled"] = "orderId! reason",
        ["complaint_received"] = "complaintId! channel category severity orderId text:prose",
        ["complaint_acknowledged"] = "complaintId!",
        ["complaint_replied"] = "complaintId!",
        ["complaint_message"] = "complaintId!",
        ["complaint_resolved"] = "complaintId! remedy",
        ["complaint_reopened"] = "complaintId!",
        ["complaint_withdrawn"] = "complaintId!",
        ["feedback_requested"] = "requestId! instrument! channel touchpoint",
        ["feedback_bounced"] = "requestId! instrument! channel touchpoint",
        ["feedback_given"] = "instrument! score:whole! requestId scaleMin:whole scaleMax:whole topBox:whole touchpoint channel comment:prose",
        ["feedback_revised"] = "feedbackId! source score:whole comment:prose",
        ["feedback_withdrawn"] = "feedbackId! source score:whole comment:prose",
        ["lapse_reason_given"] = "reason! comment:prose",
        ["event_retracted"] = "eventId! source reason",
    };

    private static readonly Dictionary<string, string> Smallest = new()
    {
        ["customer_registered"] = "{}",
        ["customer_changed"] = """{"attributes":{}}""",
        ["customer_merged"] = """{"into":"other"}""",
        ["customer_unmerged"] = """{"into":"other"}""",
        ["customer_departed"] = "{}",
        ["purchase_made"] = """{"orderId":"small","currency":"KWD","total":0}""",
        ["purchase_refunded"] = """{"orderId":"small","amount":0.001}""",
        ["purchase_cancelled"] = """{"orderId":"small"}""",
        ["feedback_requested"] = """{"requestId":"q","instrument":"nps"}""",
        ["feedback_bounced"] = """{"requestId":"q","instrument":"ces"}""",
        ["feedback_given"] = """{"instrument":"nps","score":0}""",
        ["feedback_revised"] = """{"feedbackId":"a"}""",
        ["feedback_withdrawn"] = """{"feedbackId":"a"}""",
        ["lapse_reason_given"] = """{"reason":"price"}""",
        ["event_retracted"] = """{"eventId":"e"}""",
    };

    public static IReadOnlyList<string> Types { get; } = [.. Table.Keys];

    public static IReadOnlyList<ContractMember> Members(string type) =>
    [
        .. Table[type].Split(' ').Select(word =>
        {
            var parts = word.TrimEnd('!').Split(':');
            return new ContractMember(parts[0], parts.Length > 1 ? parts[1] : "text", word.EndsWith('!'));
        }),
    ];

    public static JsonObject SmallestData(string type) => Parse(Smallest.GetValueOrDefault(type, """{"complaintId":"k"}"""));

    /// <summary>Every member that the type has, as the domain's golden file spells them.</summary>
    public static JsonObject GoldenData(string type)
    {
        using var file = new StreamReader(typeof(Contract).Assembly.GetManifestResourceStream($"Golden/{type}.1.json")!);
        return Parse(file.ReadToEnd());
    }

    /// <summary>The golden data in amounts that the currency can hold.</summary>
    public static JsonObject FullestData(string type)
    {
        var data = GoldenData(type);
        if (type != "purchase_made") return data;
        (data["currency"], data["margin"]) = ("KWD", -3.005m);
        return data;
    }

    public static JsonElement ToElement(this JsonNode node) => JsonElement.Parse(node.ToJsonString());

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
