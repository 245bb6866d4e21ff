using System.Buffers;
using System.Collections.Frozen;
using System.Text.Encodings.Web;
using System.Text.Json;
using Retention.Domain.Clv;
using Retention.Domain.Definitions;

namespace Retention.Domain.Events;

/// <summary>One step of a type's data: from the shape of one schema version to that of the next.</summary>
/// <param name="Type">The stored name.</param>
/// <param name="From">The version that it reads; it makes <c>From + 1</c> of it.</param>
/// <param name="Step">
/// Pure. Members that it does not know pass through, and a member of free text keeps its name, since its seal is bound to it.
/// </param>
public sealed record Upcast(string Type, int From, Func<JsonElement, JsonElement> Step);

/// <summary>
/// The table of old shapes: <c>type + schema version + data → data of today's shape</c>. Stored data is never rewritten; it is upcast
/// whenever it is read.
/// </summary>
public sealed class Upcasts
{
    /// <summary>Data without a schema version, written by another client of the tables.</summary>
    public const int Unversioned = 0;

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly FrozenDictionary<string, Func<JsonElement, JsonElement>[]> stepsByType;

    /// <param name="today">The schema version of each type that is written today.</param>
    /// <param name="steps">One for each version of each type before today's.</param>
    /// <exception cref="ArgumentException">A version of a type has no step or two, or a step leads nowhere.</exception>
    public Upcasts(IReadOnlyDictionary<string, int> today, IReadOnlyCollection<Upcast> steps)
    {
        Today = today;
        var given = steps.Select(step => (step.Type, step.From)).Order();
        var needed = today.SelectMany(type => Enumerable.Range(Unversioned, type.Value).Select(from => (type.Key, from))).Order();
        if (!given.SequenceEqual(needed))
            throw new ArgumentException($"There are upcasts of {string.Join(", ", given)}; needed are those of {string.Join(", ", needed)}.");
        var byType = steps.OrderBy(step => step.From).ToLookup(step => step.Type, step => step.Step, StringComparer.Ordinal);
        stepsByType = today.Keys.ToFrozenDictionary(type => type, type => byType[type].ToArray(), StringComparer.Ordinal);
    }

    /// <summary>The vocabulary's own.</summary>
    public static Upcasts OfVocabulary { get; } = Vocabulary();

    /// <summary>The schema version of each type that is written today.</summary>
    public IReadOnlyDictionary<string, int> Today { get; }

    /// <summary>Data as it would be stored today. Types outside of the table belong to others and stay as they are.</summary>
    /// <exception cref="NewerShapeException">The version is newer than this program.</exception>
    public JsonElement Apply(string type, int schema, JsonElement data)
    {
        if (!stepsByType.TryGetValue(type, out var steps) || schema == steps.Length) return data;
        if (schema > steps.Length) throw new NewerShapeException(type, schema, steps.Length);
        return steps.Skip(schema).Aggregate(data, (shape, step) => step(shape));
    }

    /// <summary>
    /// As if the client had been set to camelCase: names of members that begin with a capital, in the data and in the objects of its
    /// arrays, begin with a small letter. The names within an object, such as attributes, are chosen by tenants and stay.
    /// </summary>
    internal static JsonElement FromPascalCase(JsonElement data)
    {
        if (!HasCapitals(data)) return data;
        var output = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(output, Relaxed)) WriteCamelCase(writer, data);
        return JsonElement.Parse(output.WrittenSpan);
    }

    private static void WriteCamelCase(Utf8JsonWriter writer, JsonElement members)
    {
        writer.WriteStartObject();
        foreach (var member in members.EnumerateObject())
        {
            var small = JsonNamingPolicy.CamelCase.ConvertName(member.Name);
            writer.WritePropertyName(members.TryGetProperty(small, out _) ? member.Name : small);
            if (member.Value.ValueKind != JsonValueKind.Array)
            {
                member.Value.WriteTo(writer);
                continue;
            }
            writer.WriteStartArray();
            foreach (var item in member.Value.EnumerateArray())
                if (item.ValueKind == JsonValueKind.Object) WriteCamelCase(writer, item);
                else item.WriteTo(writer);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    private static bool HasCapitals(JsonElement data) =>
        data.ValueKind == JsonValueKind.Object && data.EnumerateObject().Any(member =>
            char.IsAsciiLetterUpper(member.Name.FirstOrDefault())
            || (member.Value.ValueKind == JsonValueKind.Array && member.Value.EnumerateArray().Any(HasCapitals)));

    private static Upcasts Vocabulary()
    {
        var today = EventType.All.ToDictionary(type => type.Name, type => type.SchemaVersion, StringComparer.Ordinal);
        today.Add(SettingsChanged.Name, SettingsChanged.SchemaVersion);
        today.Add(ClvModelFitted.Name, ClvModelFitted.SchemaVersion);
        return new Upcasts(today, [.. today.Keys.Select(type => new Upcast(type, Unversioned, FromPascalCase))]);
    }
}

/// <summary>Data was written in a shape that only a newer version of this program knows.</summary>
public sealed class NewerShapeException(string type, int schema, int known)
    : Exception($"{type} has schema version {schema}; this program knows versions up to {known}. Run the newer program.");
