using System.Text.Json.Nodes;
using FluentValidation;
using FluentValidation.Validators;
using Retention.Domain.Customers;
using Retention.Domain.Events;
using Retention.Domain.Metrics;

namespace Retention.Api.Ingest;

/// <summary>
/// The JSON Schema of an event's <c>data</c>, made of what reads it (<see cref="EventType.Members"/>) and what checks it
/// (<see cref="Rules"/>). Whatever is accepted keeps it; a rule that needs the tenant, the envelope or a count of decimals is not in it.
/// </summary>
internal static class EventSchema
{
    public const string MediaType = "application/schema+json";

    public static JsonObject Of(EventType type)
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["$id"] = $"/v1/event-types/{type.Name}",
            ["title"] = type.Name,
            ["description"] = $"{type.Meaning} Members that are not listed are kept.",
        };
        Describe(schema, type.Members, type.ClrType, type.FreeText);
        if (type.Name == "purchase_made") schema["anyOf"] = TotalOrLines();
        if (type.Name == "feedback_given") schema["allOf"] = FixedScales();
        return schema;
    }

    private static void Describe(JsonObject schema, IReadOnlyList<Member> members, Type clrType, IReadOnlyList<string> freeText)
    {
        var bounds = Rules.Of(clrType)?.CreateDescriptor();
        var properties = new JsonObject();
        foreach (var member in members)
        {
            var property = Of(member);
            if (freeText.Contains(member.Name)) property["description"] = "Free text, stored encrypted with a key of the customer's own.";
            foreach (var (validator, _) in bounds?.GetValidatorsForMember(PascalCase(member.Name)) ?? []) Bound(property, validator);
            properties[member.Name] = property;
        }
        schema["type"] = "object";
        schema["properties"] = properties;
        schema["required"] = Array(members.Where(member => member.Required).Select(member => member.Name));
    }

    private static JsonObject Of(Member member)
    {
        var type = TypeOf(member.Kind);
        var property = new JsonObject { ["type"] = member.Required ? type : Array([type, "null"]) };
        if (member.Allowed is { } allowed) property["enum"] = Array(allowed);
        else if (member.MaxLength is { } most) property["maxLength"] = most;
        if (member is { Kind: MemberKind.Text, Required: true, Allowed: null }) property["minLength"] = 1;
        if (member.Kind == MemberKind.Attributes)
        {
            property["propertyNames"] = new JsonObject { ["minLength"] = 1, ["maxLength"] = Fields.MaxName };
            property["additionalProperties"] =
                new JsonObject { ["type"] = Array(["string", "number", "boolean", "null"]), ["maxLength"] = Fields.MaxName };
        }
        if (member.ItemType is { } items)
        {
            var item = new JsonObject();
            Describe(item, member.Items, items, []);
            property["items"] = item;
        }
        return property;
    }

    private static void Bound(JsonObject property, IPropertyValidator validator)
    {
        switch (validator)
        {
            case IInclusiveBetweenValidator { From: decimal least, To: decimal most }:
                (property["minimum"], property["maximum"]) = (least, most);
                break;
            case IComparisonValidator { Comparison: Comparison.GreaterThan, ValueToCompare: decimal least }:
                property["exclusiveMinimum"] = least;
                break;
            case IComparisonValidator { Comparison: Comparison.LessThanOrEqual, ValueToCompare: decimal most }:
                property["maximum"] = most;
                break;
        }
    }

    /// <summary>An order has a total, or lines from which it follows.</summary>
    private static JsonArray TotalOrLines() =>
    [
        Having(("total", new JsonObject { ["type"] = "number" })),
        Having(("lines", new JsonObject
        {
            ["type"] = "array",
            ["minItems"] = 1,
            ["items"] = Having(("quantity", new JsonObject { ["type"] = "number" }), ("unitPrice", new JsonObject { ["type"] = "number" })),
        })),
    ];

    private static JsonObject Having(params (string Name, JsonObject Schema)[] members) => new()
    {
        ["required"] = Array(members.Select(member => member.Name)),
        ["properties"] = new JsonObject(members.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Schema))),
    };

    /// <summary>Instruments whose scale no answer can change.</summary>
    private static JsonArray FixedScales() =>
        new([.. CustomerEvent.Instruments.Where(AnswerRules.HasFixedScale).Select(instrument =>
        {
            var scale = Scale.Of(Fact.InstrumentOf(instrument));
            return new JsonObject
            {
                ["if"] = new JsonObject { ["properties"] = new JsonObject { ["instrument"] = new JsonObject { ["const"] = instrument } } },
                ["then"] = new JsonObject
                {
                    ["properties"] = new JsonObject
                    {
                        ["score"] = new JsonObject { ["minimum"] = scale.Min, ["maximum"] = scale.Max },
                        ["scaleMin"] = new JsonObject { ["enum"] = new JsonArray(scale.Min, null) },
                        ["scaleMax"] = new JsonObject { ["enum"] = new JsonArray(scale.Max, null) },
                        ["topBox"] = new JsonObject { ["enum"] = new JsonArray(scale.TopBox, null) },
                    },
                },
            };
        })]);

    private static string TypeOf(MemberKind kind) => kind switch
    {
        MemberKind.Text => "string",
        MemberKind.Number => "number",
        MemberKind.Whole => "integer",
        MemberKind.Flag => "boolean",
        MemberKind.List => "array",
        _ => "object",
    };

    private static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    private static string PascalCase(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}
