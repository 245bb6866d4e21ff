using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retention.Domain.Events;

/// <summary>
/// Reads an object of scalars as <see cref="Fields.Attributes"/> does, each as text: data is stored as sent, and another client's plain
/// serializer would stop at a number.
/// </summary>
internal sealed class ScalarsAsText : JsonConverter<IReadOnlyDictionary<string, string?>>
{
    public override IReadOnlyDictionary<string, string?>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var attributes = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var member in JsonElement.ParseValue(ref reader).EnumerateObject())
            attributes[member.Name] = Fields.ScalarText(member.Value);
        return attributes;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, string?> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, text) in value) writer.WriteString(name, text);
        writer.WriteEndObject();
    }
}

/// <summary>Reads a whole number as <see cref="Fields.Whole"/> does: 4.0 is one.</summary>
internal sealed class WholeNumber : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var number = reader.GetDecimal();
        return decimal.Truncate(number) == number ? (int)number : throw new JsonException($"{number} is not a whole number.");
    }

    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
