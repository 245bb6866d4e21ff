using System.Text;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;
using Retention.Domain.Definitions;
using Retention.Domain.Events;

namespace Retention.Api.Ingest.Imports;

/// <summary>Reads a mapping file: every fault of it at once, each with the member's path and what is allowed there.</summary>
internal sealed class CustomMappingReader
{
    private static readonly string[] Members = ["$schema", "source", "delimiter", "encoding", "decimal", "timeFormats", "timeZone", "currency", "pseudonymize", "events"];
    private static readonly string[] EventMembers = ["type", "when", "id", "customer", "occurredAt", "groupBy", "data"];
    private static readonly string[] DefaultTimes = ["uuuu-MM-dd HH:mm:ss", "uuuu-MM-dd HH:mm", "uuuu-MM-dd'T'HH:mm:ss", "uuuu-MM-dd"];
    private static readonly LocalDateTime Noon = new(2000, 1, 1, 12, 0);

    private readonly List<Fault> faults = [];
    private readonly List<string> columns = [];
    private CustomFormats formats = null!;
    private bool pseudonymize;

    /// <exception cref="ProblemException">422 with every fault.</exception>
    public static Mapping Read(JsonElement json)
    {
        var reader = new CustomMappingReader();
        var mapping = reader.ReadAll(json);
        if (reader.faults is [var first, ..]) throw new ProblemException(422, "invalid_mapping", $"{first.Path} {first.Message}.", reader.faults);
        return mapping!;
    }

    private Mapping? ReadAll(JsonElement json)
    {
        if (!IsObject(json, "mapping", Members)) return null;
        var source = Text(json, "mapping.source", required: true) ?? "";
        if (source.Length > 0 && EnvelopeRules.FaultOf(source) is var (code, rule)) Blame("mapping.source", code, rule);
        var delimiter = Choice(json, "mapping.delimiter", [",", ";", "\t", "|"]) ?? ",";
        var encoding = Choice(json, "mapping.encoding", ["utf-8", "latin1"]) ?? "utf-8";
        var decimalSign = Choice(json, "mapping.decimal", [".", ","]) ?? ".";
        var zone = Text(json, "mapping.timeZone") is { } name ? DateTimeZoneProviders.Tzdb.GetZoneOrNull(name) : DateTimeZone.Utc;
        if (zone is null) Blame("mapping.timeZone", "not_allowed", "must be a tz database name such as Europe/Helsinki");
        var currency = Text(json, "mapping.currency");
        if (currency is not null && Currency.Digits(currency) is null) Blame("mapping.currency", "not_allowed", "must be an ISO 4217 code such as EUR");
        pseudonymize = json.TryGetProperty("pseudonymize", out var flag) && Flag(flag, "mapping.pseudonymize");
        formats = Formats(json, decimalSign[0], zone ?? DateTimeZone.Utc);
        var events = Events(json);
        if (faults.Count > 0) return null;
        var custom = new CustomMapping(source, formats, delimiter[0], columns, events);
        return new Mapping(source, zone!.Id == "UTC" ? null : zone.Id, currency, custom.Read) { Encoding = encoding == "latin1" ? Encoding.Latin1 : Encoding.UTF8 };
    }

    private CustomFormats Formats(JsonElement json, char decimalSign, DateTimeZone zone)
    {
        var (times, instants) = (new List<LocalDateTimePattern>(), new List<OffsetDateTimePattern>());
        var given = json.TryGetProperty("timeFormats", out var list);
        if (given && (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)) Blame("mapping.timeFormats", "wrong_type", "must be a list of patterns such as dd.MM.uuuu HH:mm");
        var patterns = given && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(item => item.ToString()).ToArray() : DefaultTimes;
        foreach (var (index, pattern) in patterns.Index())
        {
            try
            {
                if (CustomFormats.HasOffset(pattern)) instants.Add(OffsetDateTimePattern.CreateWithInvariantCulture(pattern));
                else times.Add(LocalDateTimePattern.CreateWithInvariantCulture(pattern).WithTemplateValue(Noon));
            }
            catch (InvalidPatternException wrong)
            {
                Blame($"mapping.timeFormats[{index}]", "not_allowed", $"must be a pattern such as dd.MM.uuuu HH:mm or uuuu-MM-dd'T'HH:mm:sso<+HH:mm>; {wrong.Message}");
            }
        }
        return new CustomFormats(decimalSign, zone, times, instants);
    }

    private List<CustomEvent> Events(JsonElement json)
    {
        var events = new List<CustomEvent>();
        if (!json.TryGetProperty("events", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            Blame("mapping.events", "required", "is required: a list of what a row becomes");
        else
            foreach (var (index, item) in list.EnumerateArray().Index())
                if (Event(item, $"mapping.events[{index}]") is { } read) events.Add(read);
        return events;
    }

    private CustomEvent? Event(JsonElement json, string path)
    {
        if (!IsObject(json, path, EventMembers)) return null;
        var type = Choice(json, $"{path}.type", [.. EventType.All.Select(known => known.Name)], required: true) is { } name ? EventType.Named(name) : null;
        var (id, customer, at, group) = (TemplateOf(json, $"{path}.id"), TemplateOf(json, $"{path}.customer"), TemplateOf(json, $"{path}.occurredAt"), TemplateOf(json, $"{path}.groupBy", required: false));
        if (id is { IsConstant: true }) Blame($"{path}.id", "not_allowed", "must hold a column such as {Order}, or {#}, so that each event has its own");
        var members = new CustomMembers(faults, columns, formats);
        IReadOnlyList<(string, ReadMember)> data = [];
        if (type is not null && json.TryGetProperty("data", out var value)) data = members.Read(value, $"{path}.data", type.Members, type.Name);
        else if (type is not null) data = members.Read(JsonElement.Parse("{}"), $"{path}.data", type.Members, type.Name);
        var when = When(json, $"{path}.when");
        return type is null || id is null || customer is null || at is null ? null : new CustomEvent(type, when, id, customer, at, group, data) { Pseudonymize = pseudonymize };
    }

    private List<(int, IReadOnlyList<string>)> When(JsonElement json, string path)
    {
        var conditions = new List<(int, IReadOnlyList<string>)>();
        if (!json.TryGetProperty("when", out var when)) return conditions;
        if (when.ValueKind != JsonValueKind.Object)
        {
            Blame(path, "wrong_type", "must be an object of columns and their values, such as { \"Status\": [\"paid\"] }");
            return conditions;
        }
        foreach (var condition in when.EnumerateObject())
        {
            var values = condition.Value.ValueKind == JsonValueKind.Array ? condition.Value.EnumerateArray().ToList() : [condition.Value];
            if (values.Exists(value => value.ValueKind != JsonValueKind.String)) Blame($"{path}.{condition.Name}", "wrong_type", "must be a text or a list of texts, \"\" for an empty field");
            if (!columns.Contains(condition.Name)) columns.Add(condition.Name);
            conditions.Add((columns.IndexOf(condition.Name), [.. values.Select(value => value.ToString())]));
        }
        return conditions;
    }

    private Template? TemplateOf(JsonElement json, string path, bool required = true)
    {
        if (Text(json, path, required) is not { } text) return null;
        var template = Template.Parse(text, columns);
        if (template is null) Blame(path, "not_allowed", CustomMembers.TemplateRule);
        return template;
    }

    private string? Choice(JsonElement json, string path, IReadOnlyList<string> allowed, bool required = false)
    {
        var text = Text(json, path, required);
        if (text is null || allowed.Contains(text)) return text;
        Blame(path, "not_allowed", $"must be one of {string.Join(" ", allowed.Select(value => value == "\t" ? "\\t" : value))}");
        return null;
    }

    private string? Text(JsonElement json, string path, bool required = false)
    {
        if (!json.TryGetProperty(path[(path.LastIndexOf('.') + 1)..], out var value) || value.ValueKind == JsonValueKind.Null)
        {
            if (required) Blame(path, "required", "is required: a text");
            return null;
        }
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text) return text;
        Blame(path, "wrong_type", "must be a text that is not empty");
        return null;
    }

    private bool Flag(JsonElement value, string path)
    {
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) Blame(path, "wrong_type", "must be true or false");
        return value.ValueKind == JsonValueKind.True;
    }

    private bool IsObject(JsonElement json, string path, string[] allowed)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            Blame(path, "wrong_type", "must be an object");
            return false;
        }
        foreach (var member in json.EnumerateObject().Where(member => !allowed.Contains(member.Name)))
            Blame($"{path}.{member.Name}", "unknown_member", $"is not a member here; allowed are {string.Join(", ", allowed.Where(name => name[0] != '$'))}");
        return true;
    }

    private void Blame(string path, string code, string rule) => faults.Add(new Fault(path, code, rule));
}
