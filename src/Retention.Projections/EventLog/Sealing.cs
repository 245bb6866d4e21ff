using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Retention.Domain.Events;
using Retention.Projections.PersonalData;

namespace Retention.Projections.EventLog;

/// <summary>
/// Between the envelopes that clients send and read, and the events that the log stores: free text and personal attributes are sealed with
/// the customer's key on the way in and opened on the way out; everything else stays as sent.
/// </summary>
public sealed class Sealing(CustomerKeys keys)
{
    private const string Rfc3339 = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz";

    private static readonly Dictionary<string, string> DotNetTypes = EventType.All.ToDictionary(
        type => type.Name, type => $"{type.ClrType.FullName}, {type.ClrType.Assembly.GetName().Name}", StringComparer.Ordinal);

    private static readonly JsonElement Null = JsonElement.Parse("null");

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// The envelopes as events to append, in order. Only customers of whom the batch says something personal get a key; what is said of an
    /// erased one is left out, and the append refuses its event.
    /// </summary>
    /// <exception cref="ArgumentException">A type is not in the vocabulary: validation comes first.</exception>
    public async Task<IReadOnlyList<NewEvent>> SealAsync(string tenant, IReadOnlyList<Envelope> envelopes, CancellationToken ct)
    {
        var types = envelopes.Select(envelope => TypeOf(envelope)).ToArray();
        var confiding = envelopes.Where((envelope, index) => IsPersonal(types[index], envelope.Data))
            .Select(envelope => envelope.Customer).Distinct(StringComparer.Ordinal).ToArray();
        var known = await keys.EnsureAsync(tenant, confiding, ct);
        return [.. envelopes.Select((envelope, index) => Seal(tenant, envelope, types[index], known.GetValueOrDefault(envelope.Customer)))];
    }

    /// <summary>
    /// The envelopes as sent, of the customers' events whose sender is known; those of other clients of the tables and those that cannot be
    /// read are left out. What was sealed with a key that is destroyed reads as null.
    /// </summary>
    /// <param name="personal">Whether personal data may be seen; if not, envelopes are as <see cref="Impersonal"/> leaves them.</param>
    /// <exception cref="SealBrokenException">What is sealed was altered.</exception>
    public async Task<IReadOnlyList<(StoredEvent Stored, Envelope Sent)>> OpenAsync(
        IReadOnlyList<StoredEvent> events, bool personal, CancellationToken ct)
    {
        if (!personal) events = [.. events.Select(stored => stored with { Data = Impersonal.Of(EventType.Named(stored.Type), stored.Data) })];
        var byTenant = new Dictionary<string, IReadOnlyDictionary<string, CustomerKey>>(StringComparer.Ordinal);
        foreach (var tenant in events.GroupBy(stored => stored.Tenant, StringComparer.Ordinal))
            byTenant[tenant.Key] = await keys.FindAsync(tenant.Key, [.. Confiding(tenant).Distinct(StringComparer.Ordinal)], ct);
        return [.. events.Select(stored => (stored, Open(stored, byTenant[stored.Tenant])!)).Where(pair => pair.Item2 is not null)];
    }

    private static IEnumerable<string> Confiding(IEnumerable<StoredEvent> events)
    {
        foreach (var stored in events)
            if (EventType.Named(stored.Type) is { } type && IsPersonal(type, stored.Data)
                && CustomerStream.TryCustomer(stored.Stream, out var customer))
                yield return customer;
    }

    private static Envelope? Open(StoredEvent stored, IReadOnlyDictionary<string, CustomerKey> known)
    {
        if (stored.IsForeign || stored.Fault is not null || !CustomerStream.TryCustomer(stored.Stream, out var customer)) return null;
        var data = stored.Data;
        if (EventType.Named(stored.Type) is { } type && IsPersonal(type, data))
        {
            var key = known.GetValueOrDefault(customer);
            data = Rewrite(
                type, data, (name, text) => Open(key, text, Context(SentAs(stored), name)), (name, value) => OpenAttribute(key, name, value));
        }
        var occurredAt = DateTimeOffset.Parse(stored.Headers.OccurredAt, CultureInfo.InvariantCulture);
        return new Envelope(stored.Headers.Source, stored.Headers.Id, stored.Type, customer, occurredAt, data);
    }

    private static NewEvent Seal(string tenant, Envelope envelope, EventType type, CustomerKey? key)
    {
        var id = EventId.Of(tenant, envelope.Source, envelope.Id);
        var data = IsPersonal(type, envelope.Data)
            ? Rewrite(
                type, envelope.Data, (name, text) => key?.Seal(text, Context(id, name)), (name, value) => SealAttribute(key, envelope.Customer, name, value))
            : envelope.Data;
        var headers = new EventHeaders(
            envelope.Source, envelope.Id, envelope.OccurredAt.ToString(Rfc3339, CultureInfo.InvariantCulture), HashOf(data), type.SchemaVersion);
        return new NewEvent(CustomerStream.Of(envelope.Customer), type.Name, DotNetTypes[type.Name], id, JsonMarshal.GetRawUtf8Value(data).ToArray(), headers)
        {
            Retracts = type.ClrType == typeof(CustomerEvent.EventRetracted) ? TargetOf(envelope, type) : null,
            ClearHash = type.Attributes.Count > 0 ? HashOf(envelope.Data) : null,
        };

        string HashOf(JsonElement stored) => ContentHash.Of(type.Name, envelope.Customer, envelope.OccurredAt, stored);
    }

    private static SentId TargetOf(Envelope envelope, EventType type)
    {
        var retraction = (CustomerEvent.EventRetracted)type.Read(new Fields(envelope.Data, "data", []));
        return new SentId(retraction.Source ?? envelope.Source, retraction.EventId);
    }

    /// <summary>The id that texts are sealed under: the event's own, wherever it is stored after retractions.</summary>
    private static Guid SentAs(StoredEvent stored) =>
        stored.Headers.Hash is null ? stored.EventId : EventId.Of(stored.Tenant, stored.Headers.Source, stored.Headers.Id);

    /// <summary>Texts of other clients of the tables stand unsealed, and are passed on.</summary>
    private static string? Open(CustomerKey? key, string text, string context) =>
        text.StartsWith(CustomerKey.Prefix, StringComparison.Ordinal) ? key?.Open(text, context) : text;

    private static string Context(Guid eventId, string member) => $"{eventId}/{member}";

    private static JsonElement SealAttribute(CustomerKey? key, string customer, string name, JsonElement value) =>
        key is null ? Null : JsonSerializer.SerializeToElement(SealedAttribute.Seal(key, customer, name, value));

    /// <summary>Values of other clients of the tables stand unsealed, and are passed on.</summary>
    private static JsonElement OpenAttribute(CustomerKey? key, string name, JsonElement value) =>
        value.ValueKind != JsonValueKind.String || value.GetString() is not { } text || !SealedAttribute.Is(text) ? value
            : key is null ? Null
            : SealedAttribute.Open(key, name, text);

    private static EventType TypeOf(Envelope envelope) =>
        EventType.Named(envelope.Type) ?? throw new ArgumentException($"'{envelope.Type}' is not an event type.", nameof(envelope));

    /// <summary>Whether anything of it is sealed.</summary>
    private static bool IsPersonal(EventType type, JsonElement data) =>
        (type.FreeText.Count > 0 || type.Attributes.Count > 0)
        && data.EnumerateObject().Any(member => IsFreeText(type, member) || (HoldsAttributes(type, member) && member.Value.EnumerateObject().Any(IsPersonal)));

    private static bool IsFreeText(EventType type, JsonProperty member) =>
        member.Value.ValueKind == JsonValueKind.String && type.FreeText.Contains(member.Name);

    private static bool HoldsAttributes(EventType type, JsonProperty member) =>
        member.Value.ValueKind == JsonValueKind.Object && type.Attributes.Contains(member.Name);

    /// <summary>An attribute that is cleared says nothing.</summary>
    private static bool IsPersonal(JsonProperty attribute) => attribute.Value.ValueKind != JsonValueKind.Null && Impersonal.IsPersonal(attribute.Name);

    /// <summary>The object with its free text and personal attributes replaced, and everything else as it was.</summary>
    private static JsonElement Rewrite(
        EventType type, JsonElement data, Func<string, string, string?> replaceText, Func<string, JsonElement, JsonElement> replaceAttribute)
    {
        var output = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(output, Relaxed))
        {
            writer.WriteStartObject();
            foreach (var member in data.EnumerateObject())
                if (IsFreeText(type, member)) writer.WriteString(member.Name, replaceText(member.Name, member.Value.GetString()!));
                else if (HoldsAttributes(type, member)) WriteAttributes(writer, member, replaceAttribute);
                else member.WriteTo(writer);
            writer.WriteEndObject();
        }
        return JsonElement.Parse(output.WrittenSpan);
    }

    private static void WriteAttributes(Utf8JsonWriter writer, JsonProperty attributes, Func<string, JsonElement, JsonElement> replace)
    {
        writer.WriteStartObject(attributes.Name);
        foreach (var attribute in attributes.Value.EnumerateObject())
        {
            if (!IsPersonal(attribute))
            {
                attribute.WriteTo(writer);
                continue;
            }
            writer.WritePropertyName(attribute.Name);
            replace(attribute.Name, attribute.Value).WriteTo(writer);
        }
        writer.WriteEndObject();
    }
}
