using System.Text.Json.Nodes;

namespace Retention.Api.Tests.Ingest;

/// <summary>The JSON batch format of CloudEvents 1.0, beside the events' own.</summary>
public sealed class CloudEventTests(ServiceFixture service)
{
    private const string Batch = "application/cloudevents-batch+json";

    private static JsonObject Order => new()
    {
        ["specversion"] = "1.0",
        ["id"] = "evt-1",
        ["source"] = "https://shop.example.com/orders",
        ["type"] = "purchase_made",
        ["subject"] = "c-1",
        ["time"] = "2026-01-03T10:11:12+02:00",
        ["datacontenttype"] = "application/json",
        ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ["data"] = new JsonObject { ["orderId"] = "o-1", ["total"] = 10, ["currency"] = "EUR" },
    };

    [Fact]
    public async Task A_batch_is_stored_as_the_same_events_that_the_own_format_tells()
    {
        var tenant = service.NewTenant("cloud");
        var bare = new JsonObject(Order.Where(member => member.Key is not ("datacontenttype" or "traceparent")).Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))) { ["id"] = "evt-2", ["subject"] = "c-2" };

        var sent = await tenant.PostAsync("/v1/events", TestTenant.Json([Order, bare]), $"{Batch}; charset=utf-8");
        (sent.Status, sent.Number("accepted"), sent.List("rejected").Count).ShouldBe((200, 2, 0), sent.Text);

        var own = await tenant.PostAsync("/v1/events", """
            [{ "id": "evt-1", "source": "https://shop.example.com/orders", "type": "purchase_made", "customer": "c-1", "occurredAt": "2026-01-03T10:11:12+02:00",
               "data": { "orderId": "o-1", "total": 10, "currency": "EUR" } }]
            """);
        own.Number("duplicates").ShouldBe(1, own.Text);
        (await tenant.AskAsync("/v1/metrics/revenue?from=2026-01-01&to=2026-02-01&grain=month")).Rows[0].GetProperty("orders").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task An_empty_batch_is_one() => (await service.NewTenant("cloud").PostAsync("/v1/events", "[]", Batch)).Number("accepted").ShouldBe(0);

    [Fact]
    public async Task A_batch_that_is_no_array_is_422() => (await service.NewTenant("cloud").PostAsync("/v1/events", Order.ToJsonString(), Batch)).ShouldBeProblem(422, "wrong_type", "");

    [Fact]
    public async Task Atomic_holds_for_a_batch_too() =>
        (await service.NewTenant("cloud").PostAsync("/v1/events?atomic=true", TestTenant.Json([Order, Order.With("specversion", null)]), Batch)).ShouldBeProblem(422, "required", "events[1].specversion");

    [Theory]
    [InlineData("specversion", null, "required", "non-empty string")]
    [InlineData("specversion", "\"0.3\"", "not_allowed", "1.0")]
    [InlineData("id", "\"\"", "required", "non-empty string")]
    [InlineData("source", "7", "wrong_type", "string")]
    [InlineData("type", "\"com.example.purchase\"", "unknown_type", "purchase_made")]
    [InlineData("subject", null, "required", "names the customer")]
    [InlineData("time", null, "required", "RFC 3339")]
    [InlineData("time", "\"2026-01-03\"", "not_a_time", "RFC 3339")]
    [InlineData("datacontenttype", "\"text/xml\"", "not_allowed", "application/json")]
    [InlineData("data_base64", "\"AAAA\"", "not_allowed", "binary data is not accepted")]
    [InlineData("data", null, "required", "object")]
    [InlineData("data", "\"text\"", "wrong_type", "object")]
    [InlineData("data.total", "-1", "out_of_range", "")]
    [InlineData("occurredAt", "\"2026-01-03T10:11:12+02:00\"", "unknown_member", "lower-case letters and digits")]
    [InlineData("myextension", "{}", "wrong_type", "string, a number")]
    public async Task What_breaks_the_format_is_refused_by_its_attribute(string path, string? value, string code, string words)
    {
        var answer = await service.NewTenant("cloud").PostAsync("/v1/events", TestTenant.Json([Order.With(path, value), Order.With("id", "\"evt-9\"")]), Batch);

        answer.Number("accepted").ShouldBe(1, answer.Text);
        answer.ShouldRefuse(0, code, path, words);
    }

    [Theory]
    [InlineData("datacontenttype", "\"application/vnd.shop+json\"")]
    [InlineData("dataschema", "\"https://shop.example.com/schema\"")]
    [InlineData("partitionkey", "7")]
    [InlineData("sampled", "true")]
    [InlineData("datacontenttype", "null")]
    public async Task What_the_format_allows_is_taken(string path, string value) =>
        (await service.NewTenant("cloud").PostAsync("/v1/events", TestTenant.Json([Order.With(path, value)]), Batch)).Number("accepted").ShouldBe(1);
}
