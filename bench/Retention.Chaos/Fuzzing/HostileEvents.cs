using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Retention.Chaos.Fuzzing;

/// <summary>
/// Bodies of <c>POST /v1/events</c>: events of every type with something wrong in them, between some that are valid, as an array, an object,
/// lines or CloudEvents, packed or not, and sometimes cut.
/// </summary>
internal static class HostileEvents
{
    private enum Form
    {
        Array, Object, Lines, CloudEvents,
    }

    private enum Packing
    {
        None, Gzip, Cut, Lie, Twice, Unknown,
    }

    private static readonly IReadOnlyList<(string Type, JsonNode Data)> Samples = [.. ReadSamples()];

    /// <param name="number">Of the shot: ids of valid events are made of it.</param>
    public static Gen<Shot> Of(Operation operation, string tenant, string number) =>
        from form in Gen.Elements(Form.Lines, Form.Lines, Form.Array, Form.Object, Form.CloudEvents)
        from count in Gen.Choose(1, 5)
        from hostile in Gen.CollectToArray(Enumerable.Range(0, count), place => HostileOf($"h{number}-{place}", form))
        from packing in Gen.Frequency((8, Gen.Constant(Packing.None)), (2, Gen.Constant(Packing.Gzip)), (1, Gen.Elements(Packing.Cut, Packing.Lie, Packing.Twice, Packing.Unknown)))
        from atomic in Gen.Elements("", "", "", "", "?atomic=true", "?atomic=false")
        from mark in Gen.Elements("", "", "", "", "", "\uFEFF")
        select Made(operation, tenant, (number, form, hostile, packing, atomic, mark));

    /// <summary>A valid event of each type.</summary>
    public static IEnumerable<JsonObject> Valid(string number) => Samples.Select((sample, place) => Event($"{number}-{place}", sample.Type, sample.Data));

    private static Gen<string> HostileOf(string id, Form form) =>
        from sample in Gen.Elements<(string Type, JsonNode Data)>(Samples)
        let valid = Event(id, sample.Type, sample.Data)
        from text in Gen.Frequency((20, MutatedJson.Of(form == Form.CloudEvents ? Cloud(valid) : valid)), (1, Gen.Elements(HostileText.Json)))
        select text;

    private static Shot Made(Operation operation, string tenant, (string Number, Form Form, string[] Hostile, Packing Packing, string Query, string Mark) made)
    {
        List<string> texts = [], good = [];
        foreach (var (place, hostile) in made.Hostile.Index())
        {
            good.Add($"g{made.Number}-{place}");
            var order = Event(good[^1], "purchase_made", new JsonObject { ["orderId"] = good[^1], ["currency"] = "EUR", ["total"] = 12.5m });
            texts.AddRange((made.Form == Form.CloudEvents ? Cloud(order) : order).ToJsonString(), hostile);
        }
        var (text, media) = made.Form switch
        {
            Form.Lines => (string.Join('\n', texts), "application/x-ndjson"),
            Form.Array => ($"[{string.Join(',', texts)}]", "application/json"),
            Form.Object => ($"{{\"events\":[{string.Join(',', texts)}]}}", "application/json"),
            _ => ($"[{string.Join(',', texts)}]", "application/cloudevents-batch+json"),
        };
        var (bytes, packing) = Packed(HostileText.Bytes(made.Mark + text), made.Packing);
        List<int> mayFail = made.Packing switch { Packing.None or Packing.Gzip => [], Packing.Unknown or Packing.Twice => [400, 415], _ => [400] };
        if (made.Form != Form.Lines) mayFail.Add(400);
        if (made.Query == "?atomic=true") mayFail.AddRange(409, 422);
        return new Shot(operation, tenant, $"/v1/events{made.Query}") { Body = bytes, MediaType = media, Packing = packing, Events = new SentEvents(texts.Count, good, mayFail) };
    }

    private static (byte[] Bytes, string? Said) Packed(byte[] plain, Packing packing) => packing switch
    {
        Packing.Gzip => (Gzip(plain), "gzip"),
        Packing.Cut => (Gzip(plain) is var whole ? whole[..(whole.Length * 2 / 3)] : [], "gzip"),
        Packing.Lie => (plain, "gzip"),
        Packing.Twice => (Gzip(Gzip(plain)), "gzip, gzip"),
        Packing.Unknown => (plain, "zip"),
        _ => (plain, null),
    };

    private static byte[] Gzip(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(plain);
        return packed.ToArray();
    }

    private static JsonObject Event(string id, string type, JsonNode data) => new()
    {
        ["id"] = id,
        ["source"] = "fuzz",
        ["type"] = type,
        ["customer"] = $"c-{id.Length % 7}",
        ["occurredAt"] = "2025-03-01T12:00:00Z",
        ["data"] = data.DeepClone(),
    };

    private static JsonObject Cloud(JsonObject sent) => new()
    {
        ["specversion"] = "1.0",
        ["id"] = sent["id"]!.DeepClone(),
        ["source"] = sent["source"]!.DeepClone(),
        ["type"] = sent["type"]!.DeepClone(),
        ["subject"] = sent["customer"]!.DeepClone(),
        ["time"] = sent["occurredAt"]!.DeepClone(),
        ["data"] = sent["data"]!.DeepClone(),
    };

    private static IEnumerable<(string, JsonNode)> ReadSamples()
    {
        var assembly = typeof(HostileEvents).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("Golden/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var file = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
            var type = name["Golden/".Length..name.IndexOf('.', StringComparison.Ordinal)];
            // Of the service's own making, and not sent by anybody.
            if (type is not ("clv_model_fitted" or "period_closed" or "admin_act" or "settings_changed")) yield return (type, JsonNode.Parse(file.ReadToEnd())!);
        }
    }
}
