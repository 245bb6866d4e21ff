using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Net.Http.Headers;
using Retention.Domain.Events;

namespace Retention.Api.Ingest;

/// <summary>
/// Reads the envelope of an event from the JSON format of CloudEvents 1.0: <c>id</c>, <c>source</c> and <c>type</c> are the event's own,
/// <c>subject</c> is the customer and <c>time</c> occurredAt, which CloudEvents lets be absent and a fact about a customer does not.
/// <c>data</c> is an object; binary data (<c>data_base64</c>) and other content than JSON are refused. Extension attributes, and
/// <c>dataschema</c>, are allowed and not kept. An attribute that is null is absent.
/// </summary>
public static partial class CloudEventReader
{
    private const string SpecVersion = "1.0";

    /// <returns>The envelope, or null when there are faults.</returns>
    public static Envelope? Read(JsonElement json, List<Fault> faults)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new Fault("", "wrong_type", "an event must be a JSON object"));
            return null;
        }
        if (!StorableJson.Check(json, "", faults)) return null;
        foreach (var attribute in json.EnumerateObject()) CheckExtension(attribute, faults);
        var version = Required(json, "specversion", faults);
        if (version is not ("" or SpecVersion)) faults.Add(new Fault("specversion", "not_allowed", $"must be {SpecVersion}"));
        var (id, source, type) = (Required(json, "id", faults), Required(json, "source", faults), Required(json, "type", faults));
        if (type is not "" && EventType.Named(type) is null)
            faults.Add(new Fault("type", "unknown_type", $"'{type}' is not an event type; allowed are {string.Join(", ", EventType.All.Select(known => known.Name))}"));
        var customer = Required(json, "subject", faults, ", which names the customer");
        var time = Required(json, "time", faults, ", an RFC 3339 date-time with an offset");
        var occurredAt = Timestamp.TryParse(time);
        if (time is not "" && occurredAt is null) faults.Add(new Fault("time", "not_a_time", "must be an RFC 3339 date-time with an offset, such as 2026-01-03T10:11:12+02:00"));
        var data = DataOf(json, faults);
        return faults.Count > 0 ? null : new Envelope(source, id, type, customer, occurredAt!.Value, data);
    }

    private static string Required(JsonElement json, string name, List<Fault> faults, string why = "")
    {
        if (!TryFind(json, name, out var value)) faults.Add(new Fault(name, "required", $"is required: a non-empty string{why}"));
        else if (value.ValueKind != JsonValueKind.String) faults.Add(new Fault(name, "wrong_type", "must be a string"));
        else if (value.GetString() is { Length: > 0 } text) return text;
        else faults.Add(new Fault(name, "required", $"is required: a non-empty string{why}"));
        return "";
    }

    private static JsonElement DataOf(JsonElement json, List<Fault> faults)
    {
        if (TryFind(json, "datacontenttype", out var media) && (media.ValueKind != JsonValueKind.String || !IsJson(media.GetString()!)))
            faults.Add(new Fault("datacontenttype", "not_allowed", "must be application/json, or absent"));
        if (TryFind(json, "data_base64", out _)) faults.Add(new Fault("data_base64", "not_allowed", "binary data is not accepted; send data as a JSON object"));
        else if (!TryFind(json, "data", out var data)) faults.Add(new Fault("data", "required", "is required: an object"));
        else if (data.ValueKind != JsonValueKind.Object) faults.Add(new Fault("data", "wrong_type", "must be an object"));
        else return data;
        return default;
    }

    /// <summary>An extension is named in lower-case letters and digits, and holds a scalar.</summary>
    private static void CheckExtension(JsonProperty attribute, List<Fault> faults)
    {
        if (attribute.Name is "data" or "data_base64") return;
        if (!AttributeName().IsMatch(attribute.Name))
            faults.Add(new Fault(attribute.Name, "unknown_member", "is not a CloudEvents attribute, whose names are lower-case letters and digits"));
        else if (attribute.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            faults.Add(new Fault(attribute.Name, "wrong_type", "must be a string, a number, true or false"));
    }

    private static bool IsJson(string media) =>
        MediaTypeHeaderValue.TryParse(media, out var type) && (type.SubType == "json" || type.Suffix == "json");

    private static bool TryFind(JsonElement json, string name, out JsonElement value) =>
        json.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    [GeneratedRegex(@"\A[a-z0-9]+\z")]
    private static partial Regex AttributeName();
}
