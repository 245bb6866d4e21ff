using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Retention.Domain.Events;

/// <summary>
/// What of an event may be seen without the right to personal data: the members that its type names, without free text, and of attributes
/// those that figures are grouped by. Whatever else a sender adds may say anything about anybody.
/// </summary>
public static class Impersonal
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Attributes, and dimensions of orders, that describe groups rather than a person.</summary>
    public static IReadOnlySet<string> Dimensions { get; } =
        new HashSet<string>(["channel", "campaign", "country", "tier", "product", "discountCode"], StringComparer.Ordinal);

    /// <summary>Whether an attribute of this name may say something of a person: it is sealed, and seen with the right to personal data alone.</summary>
    public static bool IsPersonal(string attribute) => !Dimensions.Contains(attribute);

    /// <param name="type">Null for a type that is not in the vocabulary, of which nothing is shown.</param>
    public static JsonElement Of(EventType? type, JsonElement data)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(output, Relaxed)) Write(writer, data, type?.Members ?? [], type?.FreeText ?? []);
        return JsonElement.Parse(output.WrittenSpan);
    }

    /// <summary>The attributes of a customer that may be seen.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(IEnumerable<KeyValuePair<string, string>> attributes) =>
        attributes.Where(attribute => Dimensions.Contains(attribute.Key));

    private static void Write(Utf8JsonWriter writer, JsonElement data, IReadOnlyList<Member> members, IReadOnlyList<string> freeText)
    {
        writer.WriteStartObject();
        if (data.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in data.EnumerateObject())
            {
                if (freeText.Contains(property.Name)) writer.WriteNull(property.Name);
                else if (members.FirstOrDefault(member => member.Name == property.Name) is { } member) Write(writer, property, member);
            }
        }
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, JsonProperty property, Member member)
    {
        switch (member.Kind, property.Value.ValueKind)
        {
            case (MemberKind.Attributes, JsonValueKind.Object):
                writer.WriteStartObject(property.Name);
                foreach (var attribute in property.Value.EnumerateObject().Where(attribute => Dimensions.Contains(attribute.Name))) attribute.WriteTo(writer);
                writer.WriteEndObject();
                break;
            case (MemberKind.List, JsonValueKind.Array):
                writer.WriteStartArray(property.Name);
                foreach (var item in property.Value.EnumerateArray()) Write(writer, item, member.Items, []);
                writer.WriteEndArray();
                break;
            case (_, not (JsonValueKind.Object or JsonValueKind.Array)):
                property.WriteTo(writer);
                break;
        }
    }
}
