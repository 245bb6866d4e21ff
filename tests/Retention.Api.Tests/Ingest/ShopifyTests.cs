using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Ingest;

/// <summary>Line 1 of every text is the header, so the first row is line 2.</summary>
public sealed class ShopifyTests
{
    private const string Header =
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,"
        + "Billing Country,Shipping Country,Cancelled at,Refunded Amount,Id,Source,Phone\n";

    private readonly ImportReport report = new();

    [Fact]
    public void Rows_of_one_order_form_one_purchase_of_a_customer_without_an_address()
    {
        var events = Read(
            "#1001,Ann@Example.com,paid,EUR,50.00,4.90,11.20,66.10,WELCOME,5.00,2024-01-15 10:11:12 +0200,2,Mug,20.00,MUG-1,FI,SE,,0.00,5001,web,",
            "#1001,Ann@Example.com,,,,,,,,,,1,Cup,15.00,,,,,,,,",
            "#1002,ann@example.com,paid,EUR,10,0,0,10,,,2024-02-01 08:00:00 +0200,1,Cup,10.00,CUP,FI,FI,,,5002,pos,");

        events.Select(Shown).ShouldBe(
        [
            "5001/country 2024-01-15T10:11:12+02:00 customer_changed {\"attributes\":{\"country\":\"FI\"}}",
            "5001 2024-01-15T10:11:12+02:00 purchase_made {\"orderId\":\"5001\",\"currency\":\"EUR\",\"total\":50.00,\"lines\":[{\"sku\":\"MUG-1\",\"quantity\":2,\"unitPrice\":20.00},{\"sku\":\"Cup\",\"quantity\":1,\"unitPrice\":15.00}],\"discounts\":[{\"code\":\"WELCOME\",\"amount\":5.00}],\"tax\":11.20,\"shipping\":4.90,\"channel\":\"web\"}",
            "5002 2024-02-01T08:00:00+02:00 purchase_made {\"orderId\":\"5002\",\"currency\":\"EUR\",\"total\":10,\"lines\":[{\"sku\":\"CUP\",\"quantity\":1,\"unitPrice\":10.00}],\"tax\":0,\"shipping\":0,\"channel\":\"pos\"}",
        ]);
        events.Select(made => made.Customer).Distinct().ShouldHaveSingleItem().ShouldBe("c-71d4f55f72fa128dfb46");
        report.LinesRead.ShouldBe(3);
        report.RefusedLines.ShouldBe(0);
    }

    [Fact]
    public void A_cancelled_order_is_a_purchase_and_its_cancellation()
    {
        var events = Read("#1,a@b.c,refunded,EUR,10,0,0,10,,,2024-01-15 10:00:00 +0000,1,Cup,10,CUP,,,2024-01-16 09:00:00 +0000,10,1,web,");
        events.Select(made => (made.Id, made.Type, made.OccurredAt.Day)).ShouldBe([("1", "purchase_made", 15), ("1/cancelled", "purchase_cancelled", 16)]);
    }

    [Fact]
    public void A_refund_counts_on_the_day_of_the_order_and_the_report_says_so()
    {
        var events = Read("#1,a@b.c,partially_refunded,EUR,10,0,0,10,,,2024-01-15 10:00:00 +0000,1,Cup,10,CUP,,,,4.50,1,web,");
        Shown(events[^1]).ShouldBe("1/refunded 2024-01-15T10:00:00+00:00 purchase_refunded {\"orderId\":\"1\",\"amount\":4.50}");
        report.NotesByCode.ShouldBe(new Dictionary<string, long> { ["refund_undated"] = 1 });
    }

    [Theory]
    [InlineData("50.00,4.90,11.20,66.10", "50.00")]
    [InlineData("50.00,4.90,11.11,54.90", "39.88")]
    [InlineData("50.00,0,10.12,50.00", "39.88")]
    [InlineData("50.00,4.90,0,54.90", "50.00")]
    [InlineData("0,4.90,0.99,4.90", "0")]
    [InlineData(",4.90,11.20,66.10", "50.00")]
    public void A_total_is_what_was_charged_for_goods_without_shipping_and_tax(string sums, string total) =>
        Read($"#1,a@b.c,paid,EUR,{sums},,,2024-01-15 10:00:00 +0000,1,Cup,10,CUP,,,,,1,web,")[0].Data.GetProperty("total").GetDecimal()
            .ShouldBe(decimal.Parse(total, System.Globalization.CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("66.10", "50.00")]
    [InlineData("6.61", "5.00")]
    public void Of_a_refund_the_goods_part_counts(string paidBack, string amount) =>
        Read($"#1,a@b.c,refunded,EUR,50.00,4.90,11.20,66.10,,,2024-01-15 10:00:00 +0000,1,Cup,10,CUP,,,,{paidBack},1,web,")[^1].Data.GetProperty("amount").GetDecimal()
            .ShouldBe(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void An_order_that_was_never_paid_is_cancelled_at_once() =>
        Read("#1,a@b.c,voided,EUR,10,0,0,10,,,2024-01-15 10:00:00 +0000,1,Cup,10,CUP,,,,,1,web,").Select(made => made.Type).ShouldBe(["purchase_made", "purchase_cancelled"]);

    [Fact]
    public void Who_has_no_address_is_known_by_telephone_and_else_counted_as_nobody()
    {
        var events = Read(
            "#1,,paid,EUR,10,0,0,10,,,2024-01-15 10:00:00 +0000,1,Cup,10,CUP,,,,,1,pos,+358401234567",
            "#2,,paid,EUR,10,0,0,10,,,2024-01-15 10:00:00 +0000,1,Cup,10,CUP,,,,,2,pos,",
            "#2,,,,,,,,,,,1,Mug,10,MUG,,,,,,,");
        events.Select(made => made.Id).ShouldBe(["1"]);
        report.LinesWithoutCustomer.ShouldBe(1);
        report.RefusedLines.ShouldBe(0);
    }

    [Theory]
    [InlineData("#1,a@b.c,paid,EUR,10,0,0,ten,,,2024-01-15 10:00:00 +0000,1,Cup,10,CUP,,,,,1,web,", "not_a_number")]
    [InlineData("#1,a@b.c,paid,EUR,10,0,0,10,,,15.1.2024,1,Cup,10,CUP,,,,,1,web,", "not_a_time")]
    [InlineData("#1,a@b.c,paid,EUR,10,0,0,-1,,,2024-01-15 10:00:00 +0000,1,Cup,10,CUP,,,,,1,web,", "negative_total")]
    [InlineData("#9,a@b.c,,,,,,,,,,1,Cup,10,CUP,,,,,,,", "no_order")]
    public void What_cannot_be_read_is_refused_with_its_line(string line, string code)
    {
        Read(line).ShouldBeEmpty();
        report.Refused.ShouldHaveSingleItem().ShouldSatisfyAllConditions(remark => remark.Line.ShouldBe(2), remark => remark.Code.ShouldBe(code));
    }

    [Fact]
    public void An_export_without_the_newer_columns_is_read_by_the_names_of_orders()
    {
        var text = "Name,Email,Currency,Total,Created at,Lineitem quantity,Lineitem price\n#7,a@b.c,USD,10.00,2019-01-15T10:00:00-05:00,1,10.00\n";
        var made = Shopify.Mapping.Read(new StringReader(text), report).ShouldHaveSingleItem();
        (made.Id, made.OccurredAt.Offset.Hours).ShouldBe(("#7", -5));
    }

    private List<Envelope> Read(params string[] lines) => [.. Shopify.Mapping.Read(new StringReader(Header + string.Join('\n', lines)), report)];

    private static string Shown(Envelope made) => $"{made.Id} {made.OccurredAt:yyyy-MM-ddTHH:mm:sszzz} {made.Type} {made.Data.GetRawText()}";
}
