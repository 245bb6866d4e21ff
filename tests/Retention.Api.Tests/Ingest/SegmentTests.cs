using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Ingest;

/// <summary>The messages are the examples of Segment's specification, with the common fields of its API around them.</summary>
public sealed class SegmentTests
{
    private const string Completed = """
        {"type":"track","event":"Order Completed","messageId":"m-1","userId":"u-1","anonymousId":"a-1","timestamp":"2026-01-15T10:11:12.345Z","sentAt":"2026-01-15T10:11:13Z","properties":{"checkout_id":"fksdjfsdjfisjf9sdfjsd9f","order_id":"50314b8e9bcf000000000000","affiliation":"Google Store","total":27.50,"subtotal":22.50,"revenue":25.00,"shipping":3,"tax":2,"discount":2.5,"coupon":"hasbros","currency":"USD","products":[{"product_id":"507f1f77bcf86cd799439011","sku":"45790-32","name":"Monopoly: 3rd Edition","price":19,"quantity":1,"category":"Games"},{"product_id":"505bd76785ebb509fc183733","name":"Uno Card Game","price":3,"quantity":2,"category":"Games"}]}}
        """;

    private readonly ImportReport report = new();

    [Fact]
    public void An_order_is_a_purchase_of_what_was_charged_for_goods() => Read(Completed).Select(Shown).ShouldBe(
    [
        "m-1 u-1 2026-01-15T10:11:12.345 purchase_made {\"orderId\":\"50314b8e9bcf000000000000\",\"currency\":\"USD\",\"total\":22.50,\"lines\":[{\"sku\":\"45790-32\",\"category\":\"Games\",\"quantity\":1,\"unitPrice\":19},{\"sku\":\"505bd76785ebb509fc183733\",\"category\":\"Games\",\"quantity\":2,\"unitPrice\":3}],\"discounts\":[{\"code\":\"hasbros\",\"amount\":2.5}],\"tax\":2,\"shipping\":3,\"channel\":\"Google Store\"}",
    ]);

    [Theory]
    [InlineData("\"subtotal\":22.50,", "", "22.50")]
    [InlineData("\"total\":27.50,\"subtotal\":22.50,", "", "25.00")]
    [InlineData("\"subtotal\":22.50", "\"subtotal\":\"21.00\"", "21.00")]
    public void Without_a_subtotal_the_total_follows_from_the_other_sums(string was, string becomes, string total) =>
        Read(Completed.Replace(was, becomes, StringComparison.Ordinal))[0].Data.GetProperty("total").GetDecimal().ShouldBe(decimal.Parse(total, System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void Refunds_cancellations_traits_and_aliases_are_events() => Read(
        """{"type":"track","event":"Order Refunded","messageId":"m-2","userId":"u-1","timestamp":"2026-01-16T00:00:00Z","properties":{"order_id":"o-1","total":30,"currency":"USD","products":[]}}""",
        """{"type":"track","event":"Order Refunded","messageId":"m-3","userId":"u-1","timestamp":"2026-01-16T00:00:00Z","properties":{"order_id":"o-2","products":[{"price":4.5,"quantity":2},{"price":1}]}}""",
        """{"type":"track","event":"Order Cancelled","messageId":"m-4","anonymousId":"a-9","timestamp":"2026-01-17T00:00:00Z","properties":{"order_id":"o-3"}}""",
        """{"type":"identify","messageId":"m-5","userId":"u-1","timestamp":"2026-01-18T00:00:00Z","traits":{"email":"ann@example.com","name":"Ann","plan":"gold","address":{"country":"FI","city":"Turku"},"createdAt":"2025-01-01T00:00:00Z"}}""",
        """{"type":"alias","messageId":"m-6","previousId":"a-9","userId":"ann@example.com","timestamp":"2026-01-19T00:00:00Z"}""").Select(Shown).ShouldBe(
    [
        "m-2 u-1 2026-01-16T00:00:00 purchase_refunded {\"orderId\":\"o-1\",\"amount\":30}",
        "m-3 u-1 2026-01-16T00:00:00 purchase_refunded {\"orderId\":\"o-2\",\"amount\":10.0}",
        "m-4 a-9 2026-01-17T00:00:00 purchase_cancelled {\"orderId\":\"o-3\"}",
        "u-1/registered u-1 2025-01-01T00:00:00 customer_registered {}",
        "m-5 u-1 2026-01-18T00:00:00 customer_changed {\"attributes\":{\"country\":\"FI\",\"tier\":\"gold\"}}",
        "m-6 a-9 2026-01-19T00:00:00 customer_merged {\"into\":\"c-71d4f55f72fa128dfb46\"}",
    ]);

    [Fact]
    public void What_is_no_order_is_counted_by_what_it_is()
    {
        Read(
            """{"type":"page","messageId":"m-1","userId":"u-1","timestamp":"2026-01-16T00:00:00Z"}""",
            """{"type":"track","event":"Product Viewed","messageId":"m-2","userId":"u-1","timestamp":"2026-01-16T00:00:00Z"}""",
            """{"type":"track","event":"Order Updated","messageId":"m-3","userId":"u-1","timestamp":"2026-01-16T00:00:00Z","properties":{"order_id":"o-1"}}""",
            """{"type":"identify","messageId":"m-4","userId":"u-1","timestamp":"2026-01-16T00:00:00Z","traits":{"email":"a@b.c"}}""",
            """{"type":"track","event":"Order Completed","messageId":"m-5","timestamp":"2026-01-16T00:00:00Z"}""", "").ShouldBeEmpty();

        report.NotesByCode.ShouldBe(new Dictionary<string, long> { ["left: identify without country and tier"] = 1, ["left: page"] = 1, ["left: track"] = 2 });
        (report.LinesRead, report.LinesWithoutCustomer, report.RefusedLines).ShouldBe((5, 1, 0));
    }

    [Theory]
    [InlineData("{\"type\":\"track\"", "malformed_json", "not a JSON object")]
    [InlineData("[]", "malformed_json", "not a JSON object")]
    [InlineData("""{"event":"Order Completed"}""", "missing_value", "type is required")]
    [InlineData("""{"type":"track","event":"Order Cancelled","userId":"u","timestamp":"2026-01-16T00:00:00Z","properties":{"order_id":"o"}}""", "missing_value", "messageId is required")]
    [InlineData("""{"type":"track","event":"Order Cancelled","messageId":"m","userId":"u","properties":{"order_id":"o"}}""", "missing_value", "timestamp is required")]
    [InlineData("""{"type":"track","event":"Order Completed","messageId":"m","userId":"u","timestamp":"2026-01-16T00:00:00Z","properties":{"order_id":"o","total":1}}""", "missing_value", "properties.currency is required")]
    [InlineData("""{"type":"track","event":"Order Completed","messageId":"m","userId":"u","timestamp":"2026-01-16T00:00:00Z","properties":{"order_id":"o","currency":"EUR"}}""", "missing_value", "or total, or revenue")]
    [InlineData("""{"type":"track","event":"Order Refunded","messageId":"m","userId":"u","timestamp":"2026-01-16T00:00:00Z","properties":{"order_id":"o"}}""", "missing_value", "or products with their prices")]
    [InlineData("""{"type":"track","event":"Order Completed","messageId":"m","userId":"u","timestamp":"2026-01-16T00:00:00Z","properties":{"order_id":"o","total":"9,50","currency":"EUR"}}""", "not_a_number", "properties.total must be a decimal number")]
    public void What_cannot_be_read_is_refused_alone(string line, string code, string words)
    {
        Read(line, Completed).Count.ShouldBe(1);
        report.Refused.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            remark => remark.Line.ShouldBe(1), remark => remark.Code.ShouldBe(code), remark => remark.Message.ShouldContain(words));
    }

    private List<Envelope> Read(params string[] lines) => [.. Segment.Mapping.Read(new StringReader(string.Join('\n', lines)), report)];

    private static string Shown(Envelope made) => $"{made.Id} {made.Customer} {made.OccurredAt:yyyy-MM-ddTHH:mm:ss.FFF} {made.Type} {made.Data.GetRawText()}";
}
