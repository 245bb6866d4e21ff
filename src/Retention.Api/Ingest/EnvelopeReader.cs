using System.Text.Json;
using Retention.Domain.Events;

namespace Retention.Api.Ingest;

/// <summary>Reads the envelope of an event from JSON: every fault of it at once, with the path of the member.</summary>
public static class EnvelopeReader
{
    private static readonly string[] Members = ["id", "source", "type", "customer", "occurredAt", "data"];

    // What an export adds to an event; it may stay when the event is sent again.
    private static readonly string[] Exported = ["position", "recordedAt", "eventId"];

    /// <returns>The envelope, or null when there are faults.</returns>
    public static Envelope? Read(JsonElement json, List<Fault> faults)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new Fault("", "wrong_type", "an event must be a JSON object"));
            return null;
        }
        if (!StorableJson.Check(json, "", faults)) return null;
        foreach (var member in json.EnumerateObject().Where(member => !IsOneOf(Members, member) && !IsOneOf(Exported, member)))
            faults.Add(new Fault(member.Name, "unknown_member", $"is not a member of an event; allowed are {string.Join(", ", Members)}"));

        var id = Name(json, "id", faults);
        var source = Name(json, "source", faults);
        var customer = Name(json, "customer", faults);
        var type = Name(json, "type", faults);
        if (EventType.Named(type) is null && !faults.Exists(fault => fault.Path == "type"))
            faults.Add(new Fault("type", "unknown_type", $"'{type}' is not an event type; allowed are {string.Join(", ", EventType.All.Select(known => known.Name))}"));
        var occurredAt = OccurredAt(json, faults);
        var data = Data(json, faults);
        return faults.Count > 0 ? null : new Envelope(source, id, type, customer, occurredAt, data);
    }

    /// <summary>Whether this is the last line of an export, which is no event.</summary>
    public static bool IsEnd(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("end", out var end) && end.ValueKind == JsonValueKind.True
        && json.EnumerateObject().All(member => member.Name is "end" or "position");

    /// <summary>The id that a refused event can be named by, if it has one.</summary>
    public static string? IdOf(JsonElement json)
    {
        try
        {
            return json.ValueKind == JsonValueKind.Object && json.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String
                ? id.GetString()
                : null;
        }
        catch (InvalidOperationException)
        {
            // A text with half of a surrogate pair names nothing.
            return null;
        }
    }

    private static bool IsOneOf(string[] names, JsonProperty member)
    {
        foreach (var name in names)
            if (member.NameEquals(name)) return true;
        return false;
    }

    private static string Name(JsonElement json, string member, List<Fault> faults)
    {
        if (!json.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null)
            faults.Add(new Fault(member, "required", "is required: a non-empty string"));
        else if (value.ValueKind != JsonValueKind.String)
            faults.Add(new Fault(member, "wrong_type", "must be a string"));
        else
            return value.GetString()!;
        return "";
    }

    private static DateTimeOffset OccurredAt(JsonElement json, List<Fault> faults)
    {
        if (!json.TryGetProperty("occurredAt", out var value) || value.ValueKind != JsonValueKind.String
            || Timestamp.TryParse(value.GetString()!) is not { } time)
            faults.Add(new Fault("occurredAt", "not_a_time", "is required: an RFC 3339 date-time with an offset, such as 2026-01-03T10:11:12+02:00"));
        else
            return time;
        return default;
    }

    private static JsonElement Data(JsonElement json, List<Fault> faults)
    {
        if (json.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object) return data;
        faults.Add(new Fault("data", "required", "is required: an object"));
        return default;
    }
}
