using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retention.Api.Tests.Ingest;

/// <summary>The vocabulary as it describes itself: what the schemas say is what the service does.</summary>
public sealed class EventTypesTests(ServiceFixture service)
{
    /// <summary>Faults of one event by itself, which its schema names as well.</summary>
    private static readonly string[] OfShape = ["required", "wrong_type", "too_long"];

    public static TheoryData<string> Types => [.. Contract.Types];

    [Fact]
    public async Task Every_type_of_the_contract_is_listed_with_its_required_members_and_a_schema()
    {
        var listed = (await service.NewTenant("types").GetAsync("/v1/event-types")).List("eventTypes");

        listed.Select(type => type.GetProperty("name").GetString()).ShouldBe(Contract.Types);
        foreach (var type in listed)
        {
            var name = type.GetProperty("name").GetString()!;
            type.GetProperty("required").EnumerateArray().Select(member => member.GetString())
                .ShouldBe(Contract.Members(name).Where(member => member.Required).Select(member => member.Name), ignoreOrder: true);
            type.GetProperty("meaning").GetString().ShouldNotBeNullOrEmpty();
            type.GetProperty("schema").GetString().ShouldBe($"/v1/event-types/{name}");
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_schema_has_the_members_of_the_contract_and_takes_every_form_that_is_accepted(string type)
    {
        var schema = await SchemaAsync(type);

        schema.GetProperty("$schema").GetString().ShouldBe("https://json-schema.org/draft/2020-12/schema");
        schema.GetProperty("properties").EnumerateObject().Select(member => member.Name)
            .ShouldBe(Contract.Members(type).Select(member => member.Name), ignoreOrder: true);
        foreach (var data in (JsonObject[])[Contract.GoldenData(type), Contract.FullestData(type), Contract.SmallestData(type)])
            JsonSchemaCheck.Faults(schema, data.ToElement()).ShouldBeEmpty(data.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_schema_refuses_each_member_that_misses_or_misfits(string type)
    {
        var schema = await SchemaAsync(type);
        foreach (var member in Contract.Members(type))
        {
            foreach (var (json, _) in member.Misfits) Refuses(schema, With(member.Name, json), member.Name);
            if (member.Required) Refuses(schema, With(member.Name, null), member.Name);
            if (member.Required) Refuses(schema, With(member.Name, "null"), member.Name);
            else IsFree(member.Name);
        }

        void IsFree(string optional)
        {
            var data = Contract.SmallestData(type);
            if (data.ContainsKey(optional)) return;
            data[optional] = null;
            JsonSchemaCheck.Faults(schema, data.ToElement()).ShouldBeEmpty(optional);
        }

        JsonElement With(string member, string? json) =>
            Given.Event(type, "c", "2025-01-01", Contract.FullestData(type)).With($"data.{member}", json)["data"]!.ToElement();
    }

    [Fact]
    public async Task What_is_refused_for_its_shape_is_refused_by_the_schema()
    {
        var cases = RefusedEventsTests.Cases.Select(row => row.Data)
            .Where(row => row.Item5.StartsWith("data.", StringComparison.Ordinal) && OfShape.Contains(row.Item4)).ToList();
        cases.Count.ShouldBeGreaterThan(40);

        foreach (var (of, member, value, _, path, _) in cases)
        {
            var bad = RefusedEventsTests.Valid[of].With(member, value);
            Refuses(await SchemaAsync(bad["type"]!.GetValue<string>()), bad["data"]!.ToElement(), path);
        }
    }

    [Theory]
    [InlineData("purchase_made", """{"orderId":"o","currency":"EUR"}""")]
    [InlineData("purchase_made", """{"orderId":"o","currency":"EUR","total":null,"lines":[]}""")]
    [InlineData("purchase_made", """{"orderId":"o","currency":"EUR","lines":[{"quantity":1}]}""")]
    [InlineData("purchase_made", """{"orderId":"o","currency":"EUR","total":-0.01}""")]
    [InlineData("purchase_made", """{"orderId":"o","currency":"EUR","total":1,"tax":-1}""")]
    [InlineData("purchase_made", """{"orderId":"o","currency":"EUR","total":1,"discounts":[{"amount":-1}]}""")]
    [InlineData("purchase_made", """{"orderId":"o","currency":"EUR","total":1,"lines":[{"oneOff":"yes"}]}""")]
    [InlineData("purchase_refunded", """{"orderId":"o","amount":0}""")]
    [InlineData("purchase_refunded", """{"orderId":"o","amount":100000000001}""")]
    [InlineData("customer_registered", """{"acquisitionCost":-1}""")]
    [InlineData("customer_changed", """{"attributes":{"tier":{}}}""")]
    [InlineData("customer_changed", """{"attributes":{"":"x"}}""")]
    [InlineData("feedback_requested", """{"requestId":"q","instrument":"stars"}""")]
    [InlineData("feedback_given", """{"instrument":"nps","score":11}""")]
    [InlineData("feedback_given", """{"instrument":"ces","score":0}""")]
    [InlineData("feedback_given", """{"instrument":"ces","score":1,"scaleMax":5}""")]
    [InlineData("feedback_given", """{"instrument":"csat","score":1,"scaleMin":-101}""")]
    [InlineData("feedback_revised", """{"feedbackId":"a","score":101}""")]
    public async Task What_a_rule_refuses_the_schema_refuses(string type, string data)
    {
        Refuses(await SchemaAsync(type), JsonElement.Parse(data), data);
        var sent = Given.Event(type, "c", "2025-01-01", JsonNode.Parse(data)!.AsObject());
        (await service.NewTenant("ruled").SendAsync(sent)).List("rejected").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_unknown_type_is_404_and_an_unknown_parameter_400()
    {
        var shop = service.NewTenant("types");

        (await shop.GetAsync("/v1/event-types/purchase")).ShouldBeProblem(404, "unknown_type", null, "purchase_made", "event_retracted");
        (await shop.GetAsync("/v1/event-types?q=1")).ShouldBeProblem(400, "unknown_parameter", "q");
        (await shop.GetAsync("/v1/event-types/purchase_made?q=1")).ShouldBeProblem(400, "unknown_parameter", "q");
    }

    private static void Refuses(JsonElement schema, JsonElement data, string what) => JsonSchemaCheck.IsValid(schema, data).ShouldBeFalse(what);

    private async Task<JsonElement> SchemaAsync(string type)
    {
        var answer = await service.NewTenant("schema").GetAsync($"/v1/event-types/{type}");
        (answer.Status, answer.MediaType).ShouldBe((200, "application/schema+json"), answer.Text);
        return answer.Root;
    }
}
