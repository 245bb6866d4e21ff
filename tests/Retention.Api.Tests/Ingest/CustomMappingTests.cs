using System.Text.Json;
using System.Text.Json.Nodes;
using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Ingest;

/// <summary>A mapping that the user writes: what its faults are named, and what rows become by it.</summary>
public sealed class CustomMappingTests
{
    private const string Till = """
        {
          "source": "till", "delimiter": ";", "decimal": ",", "timeZone": "Europe/Helsinki", "currency": "EUR", "timeFormats": [ "dd.MM.uuuu HH:mm", "dd.MM.uuuu" ], "pseudonymize": true,
          "events": [
            { "type": "purchase_made", "when": { "Kind": [ "sale", "web" ] }, "id": "{Receipt}", "customer": "{Mail}", "occurredAt": "{Day} {Time}", "groupBy": "{Receipt}",
              "data": { "orderId": "{Receipt}", "currency": "EUR", "channel": "{Kind}", "lines": [ { "sku": "{Article}", "quantity": "{Pieces}", "unitPrice": "{Price}", "oneOff": "{Once}" } ] } },
            { "type": "purchase_refunded", "when": { "Kind": "return" }, "id": "return-{#}", "customer": "{Mail}", "occurredAt": "{Day}", "data": { "orderId": "{Receipt}", "amount": "{Price}" } },
            { "type": "customer_changed", "when": { "Kind": [ "sale", "web" ] }, "id": "{Receipt}/country", "customer": "{Mail}", "occurredAt": "{Day} {Time}", "groupBy": "{Receipt}", "data": { "attributes": { "country": "{Country}", "club": "{{yes}}" } } } ]
        }
        """;

    private const string Sales = """
        Receipt;Kind;Mail;Day;Time;Article;Pieces;Price;Once;Country
        1;sale;ann@example.com;15.01.2026;10:11;MUG;2;1.020,50;;FI
        2;return;ann@example.com;16.01.2026;;;;5,00;;
        1;sale;;15.01.2026;10:11;CUP;1;15,00;yes;
        1;sale;ann@example.com;15.01.2026;10:11;CUP;1;15,00;yes;
        3;gift;ann@example.com;15.01.2026;10:11;CUP;1;0;;FI
        """;

    private readonly ImportReport report = new();

    [Fact]
    public void Rows_become_events_by_columns_constants_conditions_and_groups()
    {
        Read(Till, Sales).Select(Shown).ShouldBe(
        [
            "1 purchase_made c-71d4f55f72fa128dfb46 2026-01-15T10:11:00+02:00 {\"orderId\":\"1\",\"currency\":\"EUR\",\"channel\":\"sale\",\"lines\":[{\"sku\":\"MUG\",\"quantity\":2,\"unitPrice\":1020.50},{\"sku\":\"CUP\",\"quantity\":1,\"unitPrice\":15.00,\"oneOff\":true}]}",
            "1/country customer_changed c-71d4f55f72fa128dfb46 2026-01-15T10:11:00+02:00 {\"attributes\":{\"country\":\"FI\",\"club\":\"{yes}\"}}",
            "return-2 purchase_refunded c-71d4f55f72fa128dfb46 2026-01-16T12:00:00+02:00 {\"orderId\":\"2\",\"amount\":5.00}",
        ], ignoreOrder: false);
        (report.LinesRead, report.LinesWithoutCustomer, report.RefusedLines).ShouldBe((5, 1, 0));
        report.NotesByCode.ShouldBe(new Dictionary<string, long> { ["left: no event fits"] = 1 });
    }

    [Fact]
    public void A_row_that_cannot_be_read_takes_its_group_with_it_and_nothing_else()
    {
        Read(Till, Sales + "\n1;sale;ann@example.com;15.01.2026;10:11;CUP;1;15.00;;\n4;web;bob@example.com;17.01.2026;10:11;CUP;1;7,00;;").Select(made => made.Id).ShouldBe(["return-2", "4", "4/country"]);

        report.Refused.ShouldHaveSingleItem().ShouldBe(new LineRemark(7, "not_a_number", "Price must be a decimal number below a billion, with a comma and at most 6 decimals; it is '15.00'."));
    }

    [Theory]
    [InlineData("15.01.2026 10:11", "2026-01-15T10:11:00+02:00")]
    [InlineData("15.07.2026 10:11", "2026-07-15T10:11:00+03:00")]
    [InlineData("15.01.2026", "2026-01-15T12:00:00+02:00")]
    [InlineData("2026-01-15T10:11:12Z", "2026-01-15T10:11:12+00:00")]
    [InlineData("29.03.2026 03:30", "2026-03-29T04:30:00+03:00")]
    public void Times_are_in_the_zone_of_the_mapping_unless_they_say_otherwise(string time, string instant) =>
        Shown(Read(Refunds(), $"Time,Amount\n{time},1").ShouldHaveSingleItem()).ShouldContain($" {instant} ");

    [Theory]
    [InlineData(".", "1234.5", "1234.5")]
    [InlineData(".", "\"1,234.50\"", "1234.50")]
    [InlineData(",", "\"1234,5\"", "1234.5")]
    [InlineData(",", "\"1.234,50\"", "1234.50")]
    [InlineData(",", "\"1 234 567,5\"", "1234567.5")]
    [InlineData(",", "1’234", "1234")]
    [InlineData(",", "1.5", null)]
    [InlineData(".", "\"1,5\"", null)]
    [InlineData(".", "1e3", null)]
    [InlineData(".", "EUR 5", null)]
    public void Numbers_are_as_the_mapping_writes_them(string sign, string text, string? number)
    {
        var events = Read(Refunds(("decimal", sign)), $"Time,Amount\n15.01.2026,{text}");
        events.Select(made => made.Data.GetProperty("amount").GetRawText()).ShouldBe(number is null ? [] : [number]);
        report.RefusedLines.ShouldBe(number is null ? 1 : 0);
    }

    [Theory]
    [InlineData("""{ "source": "" }""", "mapping.source", "wrong_type", "not empty")]
    [InlineData("""{ "delimiter": "tab" }""", "mapping.delimiter", "not_allowed", ", ; \\t |")]
    [InlineData("""{ "decimal": "'" }""", "mapping.decimal", "not_allowed", ". ,")]
    [InlineData("""{ "timeZone": "Helsinki" }""", "mapping.timeZone", "not_allowed", "Europe/Helsinki")]
    [InlineData("""{ "currency": "euro" }""", "mapping.currency", "not_allowed", "ISO 4217")]
    [InlineData("""{ "timeFormats": [ "QQ" ] }""", "mapping.timeFormats[0]", "not_allowed", "dd.MM.uuuu HH:mm")]
    [InlineData("""{ "pseudonymize": "yes" }""", "mapping.pseudonymize", "wrong_type", "true or false")]
    [InlineData("""{ "columns": {} }""", "mapping.columns", "unknown_member", "allowed are source, delimiter")]
    [InlineData("""{ "events": [] }""", "mapping.events", "required", "what a row becomes")]
    [InlineData("""{ "events": [ { "type": "order" } ] }""", "mapping.events[0].type", "not_allowed", "purchase_made")]
    [InlineData("""{ "events": [ { "type": "purchase_refunded", "id": "{A", "customer": "{A}", "occurredAt": "{A}", "data": { "orderId": "{A}", "amount": "{A}" } } ] }""", "mapping.events[0].id", "not_allowed", "columns in braces")]
    [InlineData("""{ "events": [ { "type": "purchase_refunded", "id": "one", "customer": "{A}", "occurredAt": "{A}", "data": { "orderId": "{A}", "amount": "{A}" } } ] }""", "mapping.events[0].id", "not_allowed", "must hold a column")]
    [InlineData("""{ "events": [ { "type": "purchase_refunded", "id": "{A}", "occurredAt": "{A}", "data": { "orderId": "{A}", "amount": "{A}" } } ] }""", "mapping.events[0].customer", "required", "a text")]
    [InlineData("""{ "events": [ { "type": "purchase_refunded", "id": "{A}", "customer": "{A}", "occurredAt": "{A}", "data": { "orderId": "{A}" } } ] }""", "mapping.events[0].data.amount", "required", "for purchase_refunded")]
    [InlineData("""{ "events": [ { "type": "purchase_refunded", "id": "{A}", "customer": "{A}", "occurredAt": "{A}", "data": { "orderId": "{A}", "amount": "five" } } ] }""", "mapping.events[0].data.amount", "wrong_type", "without quotes")]
    [InlineData("""{ "events": [ { "type": "purchase_refunded", "id": "{A}", "customer": "{A}", "occurredAt": "{A}", "data": { "orderId": "{A}", "amount": 1, "sum": 1 } } ] }""", "mapping.events[0].data.sum", "unknown_member", "allowed are orderId, amount, reason, lines")]
    [InlineData("""{ "events": [ { "type": "purchase_refunded", "id": "{A}", "customer": "{A}", "occurredAt": "{A}", "data": { "orderId": "{A}", "amount": 1, "lines": [ { "article": "x" } ] } } ] }""", "mapping.events[0].data.lines[0].article", "unknown_member", "allowed are sku")]
    [InlineData("""{ "events": [ { "type": "feedback_given", "id": "{A}", "customer": "{A}", "occurredAt": "{A}", "data": { "instrument": "stars", "score": "{A}" } } ] }""", "mapping.events[0].data.instrument", "not_allowed", "nps, csat, ces")]
    [InlineData("""{ "events": [ { "type": "customer_departed", "id": "{A}", "customer": "{A}", "occurredAt": "{A}", "when": [ "A" ] } ] }""", "mapping.events[0].when", "wrong_type", "columns and their values")]
    public void What_is_wrong_with_a_mapping_is_named_with_what_is_allowed(string members, string path, string code, string words)
    {
        var mapping = JsonNode.Parse(Till)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject()) mapping[name] = value?.DeepClone();

        var refused = Should.Throw<ProblemException>(() => Mapping(mapping.ToJsonString()));

        (refused.Status, refused.Code).ShouldBe((422, "invalid_mapping"));
        refused.Errors.Where(fault => fault.Path == path && fault.Code == code).ShouldHaveSingleItem(string.Join('\n', refused.Errors)).Message.ShouldContain(words);
    }

    [Fact]
    public void A_column_that_the_file_lacks_is_named() =>
        Should.Throw<ImportRefusedException>(() => Read(Refunds(), "Time,Sum\n15.01.2026,1")).Message.ShouldContain("Amount");

    [Fact]
    public void The_documented_schema_takes_the_documented_mappings_and_knows_every_member()
    {
        var docs = Path.Combine(Root(), "docs");
        var schema = JsonElement.Parse(File.ReadAllText(Path.Combine(docs, "mapping.schema.json")));
        var examples = File.ReadAllText(Path.Combine(docs, "imports.md")).Split("```json\n").Skip(1).Select(part => part.Split("\n```")[0]).Where(text => text.Contains("\"events\"", StringComparison.Ordinal)).ToList();

        examples.ShouldNotBeEmpty();
        foreach (var example in examples.Append(Till))
        {
            Mapping(example);
            JsonSchemaCheck.Faults(schema, JsonElement.Parse(example)).ShouldBeEmpty(example);
        }
        JsonSchemaCheck.Faults(schema, JsonElement.Parse("""{ "source": "x", "sauce": 1, "events": [] }""")).Count().ShouldBe(2);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Retention.sln"))) folder = folder.Parent;
        return folder.FullName;
    }

    /// <summary>A mapping of two columns, Time and Amount.</summary>
    private static string Refunds(params (string Name, string Value)[] members)
    {
        var mapping = JsonNode.Parse("""
            { "source": "s", "timeZone": "Europe/Helsinki", "timeFormats": [ "dd.MM.uuuu HH:mm", "dd.MM.uuuu" ],
              "events": [ { "type": "purchase_refunded", "id": "{#}", "customer": "c", "occurredAt": "{Time}", "data": { "orderId": "o", "amount": "{Amount}" } } ] }
            """)!.AsObject();
        foreach (var (name, value) in members) mapping[name] = value;
        return mapping.ToJsonString();
    }

    private static Mapping Mapping(string json) => CustomMappingReader.Read(JsonElement.Parse(json));

    private List<Envelope> Read(string mapping, string file) => [.. Mapping(mapping).Read(new StringReader(file), report)];

    private static string Shown(Envelope made) => $"{made.Id} {made.Type} {made.Customer} {made.OccurredAt:yyyy-MM-ddTHH:mm:sszzz} {made.Data.GetRawText()}";
}
