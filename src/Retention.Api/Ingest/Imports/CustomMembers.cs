using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>Reads what a mapping file says of the members of an event, each by the kind that the event's type gives it.</summary>
internal sealed class CustomMembers(List<Fault> faults, List<string> columns, CustomFormats formats)
{
    /// <summary>What a text with columns must look like, in words.</summary>
    public const string TemplateRule = "must name columns in braces, such as {Order} or {Date} {Time}; {{ and }} stand for braces";

    /// <param name="known">The members that there are.</param>
    /// <param name="of">What they are members of, for messages.</param>
    public IReadOnlyList<(string Name, ReadMember Read)> Read(JsonElement json, string path, IReadOnlyList<Member> known, string of)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new Fault(path, "wrong_type", "must be an object"));
            return [];
        }
        foreach (var missing in known.Where(member => member.Required && !json.TryGetProperty(member.Name, out _)))
            faults.Add(new Fault($"{path}.{missing.Name}", "required", $"is required for {of}"));
        var members = new List<(string, ReadMember)>();
        foreach (var given in json.EnumerateObject())
        {
            var member = known.FirstOrDefault(member => member.Name == given.Name);
            if (member is null) faults.Add(new Fault($"{path}.{given.Name}", "unknown_member", $"is not a member of {of}; allowed are {string.Join(", ", known.Select(member => member.Name))}"));
            else if (ReaderOf(given.Value, $"{path}.{given.Name}", member) is { } read) members.Add((given.Name, read));
        }
        return members;
    }

    private ReadMember? ReaderOf(JsonElement json, string path, Member member) => member.Kind switch
    {
        MemberKind.List => ListOf(json, path, member),
        MemberKind.Attributes => AttributesOf(json, path),
        _ => ScalarOf(json, path, member.Kind, member.Allowed),
    };

    private ReadMember? ListOf(JsonElement json, string path, Member member)
    {
        if (json.ValueKind != JsonValueKind.Array) return Wrong(path, "must be a list of objects, one for each item that a row holds");
        var items = json.EnumerateArray().Select((item, index) => Read(item, $"{path}[{index}]", member.Items, $"an item of {member.Name}")).ToList();
        return row =>
        {
            var all = items.Select(item => ObjectOf(item, row)).Where(item => item.Count > 0).ToArray();
            return all.Length > 0 ? new JsonArray(all) : null;
        };
    }

    private ReadMember? AttributesOf(JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Object) return Wrong(path, "must be an object of names and columns, such as { \"country\": \"{Country}\" }");
        var members = json.EnumerateObject()
            .Select(given => (given.Name, Read: ScalarOf(given.Value, $"{path}.{given.Name}", MemberKind.Text, null))).Where(member => member.Read is not null).ToList();
        return row => ObjectOf([.. members.Select(member => (member.Name, member.Read!))], row) is { Count: > 0 } attributes ? attributes : null;
    }

    private static JsonObject ObjectOf(IReadOnlyList<(string Name, ReadMember Read)> members, Row row)
    {
        var made = new JsonObject();
        foreach (var (name, read) in members)
            if (read(row) is { } value) made[name] = value;
        return made;
    }

    private ReadMember? ScalarOf(JsonElement json, string path, MemberKind kind, IReadOnlyList<string>? allowed)
    {
        var isNumber = kind is MemberKind.Number or MemberKind.Whole;
        if (json.ValueKind == JsonValueKind.Number && isNumber) return _ => JsonNode.Parse(json.GetRawText());
        if (json.ValueKind is JsonValueKind.True or JsonValueKind.False && kind == MemberKind.Flag) return _ => JsonValue.Create(json.GetBoolean());
        if (json.ValueKind != JsonValueKind.String)
            return Wrong(path, isNumber ? "must be a number, or a text with a column such as {Amount}" : kind == MemberKind.Flag ? "must be true, false, or a text with a column" : "must be a text, such as {Channel} or web");
        if (Template.Parse(json.GetString()!, columns) is not { } template) return Wrong(path, TemplateRule, "not_allowed");
        if (template.IsConstant && (isNumber || kind == MemberKind.Flag)) return Wrong(path, isNumber ? "must be a number without quotes, or name a column such as {Amount}" : "must be true or false without quotes, or name a column");
        if (template.IsConstant && allowed is not null && !allowed.Contains(json.GetString()!)) return Wrong(path, $"must be one of {string.Join(", ", allowed)}, or name a column", "not_allowed");
        return kind switch
        {
            MemberKind.Number or MemberKind.Whole => row => Value(row, template, text => formats.Number(text) is { } number ? JsonValue.Create(number) : null, "not_a_number", formats.NumberRule),
            MemberKind.Flag => row => Value(row, template, text => CustomFormats.Flag(text) is { } flag ? JsonValue.Create(flag) : null, "not_a_flag", "must be true or false, yes or no, 1 or 0"),
            _ => row => template.Fill(row) is { Length: > 0 } text ? JsonValue.Create(text) : null,
        };
    }

    /// <summary>The value of a field; null for an empty one, and for one that is not as it should be, which is the row's fault.</summary>
    private static JsonValue? Value(Row row, Template template, Func<string, JsonValue?> parse, string code, string rule)
    {
        var text = template.Fill(row);
        if (text.Length == 0) return null;
        var value = parse(text);
        row.Require(value is not null, template.Column ?? 0, code, rule);
        return value;
    }

    private ReadMember? Wrong(string path, string rule, string code = "wrong_type")
    {
        faults.Add(new Fault(path, code, rule));
        return null;
    }
}
