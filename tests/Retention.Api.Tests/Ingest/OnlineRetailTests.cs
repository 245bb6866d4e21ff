using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Ingest;

/// <summary>Line 1 of every text is the header, so the first row is line 2.</summary>
public sealed class OnlineRetailTests
{
    private const string Header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    private readonly ImportReport report = new();

    [Fact]
    public void Lines_of_one_invoice_form_one_purchase_and_its_country_an_attribute()
    {
        var events = Read(
            "1,A,MUG,6,2010-12-01 08:27:00,2.55,17850.0,United Kingdom",
            "2,A,MUG,1,2010-12-02 08:00:00,2.55,17850.0,United Kingdom",
            "1,B,CUP,2,2010-12-01 08:26:00,0,17850.0,United Kingdom");

        events.Select(Shown).ShouldBe(
        [
            """1/country 17850.0 2010-12-01T08:26:00+00:00 customer_changed {"attributes":{"country":"United Kingdom"}}""",
            """1 17850.0 2010-12-01T08:26:00+00:00 purchase_made {"orderId":"1","currency":"GBP","total":15.30,"lines":[{"sku":"A","quantity":6,"unitPrice":2.55},{"sku":"B","quantity":2,"unitPrice":0}]}""",
            """2 17850.0 2010-12-02T08:00:00+00:00 purchase_made {"orderId":"2","currency":"GBP","total":2.55,"lines":[{"sku":"A","quantity":1,"unitPrice":2.55}]}""",
        ]);
        events.ShouldAllBe(made => made.Source == "online-retail");
        report.LinesRead.ShouldBe(3);
        report.ColumnsNotStored.ShouldBe(["Description"]);
        report.EventsMade.ShouldBe(new Dictionary<string, long> { ["customer_changed"] = 1, ["purchase_made"] = 2 }, ignoreOrder: true);
        report.EventsExpected.ShouldBe(3);
    }

    [Theory]
    [InlineData("2011-06-15 10:00:00", "2011-06-15T10:00:00+01:00")]
    [InlineData("2010-12-15 10:00:00", "2010-12-15T10:00:00+00:00")]
    [InlineData("2011-03-27 01:30:00", "2011-03-27T02:30:00+01:00")]
    [InlineData("2011-10-30 01:30:00", "2011-10-30T01:30:00+01:00")]
    public void Local_times_are_read_in_London_skipped_ones_move_on_and_repeated_ones_are_the_first(string local, string instant) =>
        Read($"1,A,,1,{local},1,c,").ShouldHaveSingleItem().OccurredAt.ToString("yyyy-MM-ddTHH:mm:sszzz").ShouldBe(instant);

    [Theory]
    [InlineData("0.005", "0.01")]
    [InlineData("0.004", "0.00")]
    [InlineData("0.015", "0.02")]
    public void Totals_are_rounded_half_away_from_zero_to_the_penny(string price, string total) =>
        Total(Read($"1,A,,1,2010-12-01 08:00:00,{price},c,").Single()).ShouldBe(decimal.Parse(total));

    [Fact]
    public void A_return_takes_the_latest_units_first_at_its_own_price()
    {
        var events = Read(
            "1,A,,5,2010-12-01 08:00:00,2.00,c,UK",
            "2,A,,3,2010-12-02 08:00:00,2.00,c,UK",
            "3,B,,9,2010-12-03 08:00:00,2.00,c,UK",
            "C4,A,,-4,2010-12-04 08:00:00,1.50,c,UK");

        events.Where(made => made.Type == "purchase_refunded").Select(Shown).ShouldBe(
        [
            """C4/1/1 c 2010-12-04T08:00:00+00:00 purchase_refunded {"orderId":"1","amount":1.50,"lines":[{"sku":"A","quantity":1,"unitPrice":1.50}]}""",
            """C4/1/2 c 2010-12-04T08:00:00+00:00 purchase_refunded {"orderId":"2","amount":4.50,"lines":[{"sku":"A","quantity":3,"unitPrice":1.50}]}""",
        ]);
        report.UnmatchedReturnLines.ShouldBe(0);
    }

    [Fact]
    public void Returns_are_matched_in_the_order_of_their_dates_then_lines_whatever_the_order_of_the_file()
    {
        var events = Read(
            "C9,A,,-1,2010-12-05 08:00:00,3,c,UK",
            "C8,A,,-1,2010-12-04 08:00:00,4,c,UK",
            "C8,A,,-1,2010-12-04 08:00:00,5,c,UK",
            "1,A,,1,2010-12-01 08:00:00,9,c,UK",
            "2,A,,2,2010-12-02 08:00:00,9,c,UK");

        Refunds(events).ShouldBe(["C8/1/2 4", "C8/2/2 5", "C9/1/1 3"]);
    }

    [Fact]
    public void A_return_matches_only_strictly_earlier_purchases_of_the_same_customer_and_stock()
    {
        var events = Read(
            "1,A,,1,2010-12-01 08:00:00,9,c,UK",
            "2,A,,1,2010-12-01 07:00:00,9,other,UK",
            "3,B,,1,2010-12-01 07:00:00,9,c,UK",
            "C4,A,,-2,2010-12-01 08:00:00,9,c,UK");

        Refunds(events).ShouldBeEmpty();
        report.UnmatchedReturnLines.ShouldBe(1);
        report.UnmatchedReturnUnits.ShouldBe(2);
        report.Notes.ShouldBe([new LineRemark(5, "unmatched_return", "2 of 2 units of 'A' match no earlier purchase.")]);
    }

    [Fact]
    public void Units_beyond_what_was_bought_are_unmatched()
    {
        var events = Read(
            "1,A,,1,2010-12-01 08:00:00,9,c,UK",
            "C4,A,,-3,2010-12-02 08:00:00,9,c,UK",
            "C5,A,,-1,2010-12-03 08:00:00,9,c,UK");

        Refunds(events).ShouldBe(["C4/1/1 9"]);
        report.UnmatchedReturnLines.ShouldBe(2);
        report.UnmatchedReturnUnits.ShouldBe(3);
    }

    [Fact]
    public void Refunds_of_an_order_never_exceed_its_total()
    {
        var events = Read(
            "1,A,,3,2010-12-01 08:00:00,2.00,c,UK",
            "C4,A,,-1,2010-12-02 08:00:00,5.00,c,UK",
            "C5,A,,-1,2010-12-03 08:00:00,5.00,c,UK",
            "C6,A,,-1,2010-12-04 08:00:00,5.00,c,UK");

        Refunds(events).ShouldBe(["C4/1/1 5.00", "C5/1/1 1.00"]);
        report.NotesByCode.ShouldBe(new Dictionary<string, long> { ["refund_limited"] = 1, ["return_without_amount"] = 1 }, ignoreOrder: true);
    }

    [Fact]
    public void Units_of_price_0_are_held_and_a_return_for_nothing_is_only_noted()
    {
        var events = Read(
            "1,A,,1,2010-12-01 08:00:00,7.00,c,UK",
            "2,A,,1,2010-12-02 08:00:00,0,c,UK",
            "2,B,,1,2010-12-02 08:00:00,3.00,c,UK",
            "C4,A,,-1,2010-12-03 08:00:00,0,c,UK",
            "C5,A,,-1,2010-12-03 08:00:00,1.00,c,UK");

        Refunds(events).ShouldBe(["C5/1/1 1.00"]);
        report.NotesByCode.ShouldBe(new Dictionary<string, long> { ["return_without_amount"] = 1 });
    }

    [Fact]
    public void Purchases_of_one_moment_are_told_apart_by_their_order_id()
    {
        var events = Read(
            "2,A,,1,2010-12-01 08:00:00,2,c,UK",
            "10,A,,1,2010-12-01 08:00:00,2,c,UK",
            "C4,A,,-1,2010-12-03 08:00:00,2,c,UK");

        Refunds(events).ShouldBe(["C4/1/2 2"]);
    }

    [Fact]
    public void Lines_without_a_customer_are_counted_and_nothing_else()
    {
        var events = Read(
            "1,A,,nonsense,2010-12-01 08:00:00,2,,UK",
            "C2,A,,-1,2010-12-01 08:00:00,2, ,UK",
            "3,A,,1,2010-12-01 08:00:00,2,c,UK",
            "3,A,,1,2010-12-01 08:00:00,2,,UK");

        events.Select(made => made.Id).ShouldBe(["3/country", "3"]);
        Total(events[1]).ShouldBe(2);
        report.LinesWithoutCustomer.ShouldBe(3);
        report.RefusedLines.ShouldBe(0);
    }

    [Fact]
    public void A_negative_total_is_refused_with_its_line_numbers_and_holds_no_units()
    {
        var events = Read(
            "1,A,,1,2010-12-01 08:00:00,2.00,c,UK",
            "2,A,,1,2010-12-01 08:00:00,2.00,c,UK",
            "1,B,,-3,2010-12-01 08:00:00,1.00,c,UK",
            "C4,A,,-2,2010-12-03 08:00:00,2.00,c,UK");

        events.Select(made => made.Id).ShouldBe(["2/country", "2", "C4/1/2"]);
        report.Refused.ShouldBe(
        [
            new LineRemark(2, "negative_total", "Invoice 1 totals -1.00 GBP; a purchase must not be negative."),
            new LineRemark(4, "negative_total", "Invoice 1 totals -1.00 GBP; a purchase must not be negative."),
        ]);
    }

    [Fact]
    public void Quantities_and_prices_below_0_count_with_their_sign()
    {
        Total(Read("1,A,,4,2010-12-01 08:00:00,2.00,c,", "1,A,,-1,2010-12-01 08:00:00,2.00,c,", "1,D,,1,2010-12-01 08:00:00,-1.00,c,").Single())
            .ShouldBe(5);
        report.RefusedLines.ShouldBe(0);
    }

    [Fact]
    public void An_invoice_with_prefix_A_is_a_purchase() =>
        Read("A563185,B,Adjust bad debt,1,2011-08-12 14:50:00,11062.06,c,").Single().Type.ShouldBe("purchase_made");

    [Fact]
    public void An_invoice_of_two_customers_is_refused_whole()
    {
        var events = Read(
            "1,A,,1,2010-12-01 08:00:00,2,c,UK",
            "1,A,,1,2010-12-01 08:00:00,2,d,UK",
            "2,A,,1,2010-12-01 08:00:00,2,d,UK");

        events.Select(made => made.Id).ShouldBe(["2/country", "2"]);
        report.Refused.Select(refused => (refused.Line, refused.Code)).ShouldBe([(2, "two_customers"), (3, "two_customers")]);
    }

    [Fact]
    public void An_invoice_of_two_countries_has_that_of_its_earliest_line_and_a_note()
    {
        var events = Read("1,A,,1,2010-12-01 08:01:00,2,c,France", "1,A,,1,2010-12-01 08:00:00,2,c,Italy");

        events[0].Data.GetRawText().ShouldBe("""{"attributes":{"country":"Italy"}}""");
        report.Notes.ShouldBe([new LineRemark(2, "two_countries", "Invoice 1 also names 'France'; 'Italy' is kept.")]);
    }

    [Fact]
    public void A_country_is_an_event_only_when_it_changes()
    {
        var events = Read(
            "3,A,,1,2010-12-03 08:00:00,2,c,France",
            "1,A,,1,2010-12-01 08:00:00,2,c,",
            "2,A,,1,2010-12-02 08:00:00,2,c,Italy",
            "5,A,,1,2010-12-05 08:00:00,2,c,France",
            "4,A,,1,2010-12-04 08:00:00,2,c,",
            "6,A,,1,2010-12-06 08:00:00,2,c,Italy");

        events.Where(made => made.Type == "customer_changed").Select(made => made.Id).ShouldBe(["2/country", "3/country", "6/country"]);
    }

    [Theory]
    [InlineData("1,A,,x,2010-12-01 08:00:00,2,c,UK", "not_a_number")]
    [InlineData("1,A,,1e3,2010-12-01 08:00:00,2,c,UK", "not_a_number")]
    [InlineData("1,A,,1,2010-12-01 08:00:00,\"1,5\",c,UK", "not_a_number")]
    [InlineData("1,A,,1,2010-12-01 08:00:00,99999999999999999999999999999999,c,UK", "not_a_number")]
    [InlineData("1,A,,1,12/1/2010 8:26,2,c,UK", "not_a_time")]
    [InlineData("1,A,,1,2010-02-30 08:00:00,2,c,UK", "not_a_time")]
    [InlineData(",A,,1,2010-12-01 08:00:00,2,c,UK", "missing_value")]
    [InlineData("1,A,,1,2010-12-01 08:00:00,2,c", "malformed")]
    [InlineData("1,A,,1,2010-12-01 08:00:00,2,c,UK,more", "malformed")]
    [InlineData("1,\"A,,1,2010-12-01 08:00:00,2,c,UK", "unclosed_quote")]
    [InlineData("1,A,,1,2010-12-01 08:00:00,2,\uFFFD,UK", "not_text")]
    [InlineData("C1,A,,1,2010-12-01 08:00:00,2,c,UK", "not_a_return")]
    [InlineData("C1,A,,0,2010-12-01 08:00:00,2,c,UK", "not_a_return")]
    [InlineData("C1,A,,-1,2010-12-01 08:00:00,-2,c,UK", "negative_price")]
    public void A_line_that_cannot_be_used_is_refused_alone(string line, string code)
    {
        var events = Read("0,A,,1,2010-11-30 08:00:00,2,c,", line, "1,B,,1,2010-12-01 08:00:00,3,c,");

        events.Select(made => made.Id).ShouldBe(["0", "1"]);
        Total(events[1]).ShouldBe(3);
        report.LinesRead.ShouldBe(3);
        report.RefusedLines.ShouldBe(1);
        var refused = report.Refused.ShouldHaveSingleItem();
        (refused.Line, refused.Code).ShouldBe((3, code));
    }

    [Fact]
    public void Refunds_keep_their_ids_when_a_refused_line_is_put_right()
    {
        string[] lines = ["1,A,,1,2010-11-30 08:00:00,2,c,", "C2,A,,oops,2010-12-01 08:00:00,2,c,", "C2,A,,-1,2010-12-01 08:00:00,2,c,"];

        Refunds(Read(lines)).ShouldBe(["C2/2/1 2"]);
    }

    [Fact]
    public void The_same_file_gives_the_same_events()
    {
        string[] lines = ["1,A,,3,2010-11-30 08:00:00,2,c,UK", "2,A,,3,2010-11-30 08:00:00,2,c,UK", "C2,A,,-4,2010-12-01 08:00:00,2,c,UK"];

        Read(lines).Select(Shown).ShouldBe(Read(lines).Select(Shown));
    }

    private List<Envelope> Read(params string[] lines) =>
        [.. OnlineRetail.Mapping.Read(new StringReader(Header + string.Join('\n', lines) + "\n"), report)];

    private static string Shown(Envelope made) =>
        $"{made.Id} {made.Customer} {made.OccurredAt:yyyy-MM-ddTHH:mm:sszzz} {made.Type} {made.Data.GetRawText()}";

    private static decimal Total(Envelope purchase) => purchase.Data.GetProperty("total").GetDecimal();

    private static IEnumerable<string> Refunds(IEnumerable<Envelope> events) =>
        from made in events where made.Type == "purchase_refunded" select $"{made.Id} {made.Data.GetProperty("amount").GetRawText()}";
}
