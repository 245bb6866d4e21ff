using Retention.Api.Ingest.Imports;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Ingest;

public sealed class CdnowTests
{
    private readonly ImportReport report = new();

    [Fact]
    public void One_row_is_one_purchase_at_noon_UTC()
    {
        var made = Read("customer,date,units,amount\r\n00004,1997-01-01,2,29.33\r\n").ShouldHaveSingleItem();

        (made.Source, made.Id, made.Type, made.Customer).ShouldBe(("cdnow", "1", "purchase_made", "00004"));
        made.OccurredAt.ShouldBe(new DateTimeOffset(1997, 1, 1, 12, 0, 0, TimeSpan.Zero));
        made.Data.GetRawText().ShouldBe("""{"orderId":"1","currency":"USD","total":29.33}""");
        report.ColumnsNotStored.ShouldBe(["units"]);
        report.EventsExpected.ShouldBe(1);
    }

    [Fact]
    public void The_data_line_number_counts_refused_rows_and_rows_without_a_customer()
    {
        var events = Read("""
            customer,date,units,amount
            a,1997-01-01,1,oops
            ,1997-01-01,1,1.00
            b,1997-01-02,1,1.00
            b,1997-01-02

            b,1997-01-03,1,0
            """);

        events.Select(made => made.Id).ShouldBe(["3", "5"]);
        report.LinesRead.ShouldBe(5);
        report.BlankLines.ShouldBe(1);
        report.LinesWithoutCustomer.ShouldBe(1);
        report.Refused.Select(refused => (refused.Line, refused.Code)).ShouldBe([(2, "not_a_number"), (5, "malformed")]);
    }

    [Theory]
    [InlineData("a,1997-01-01,1,-0.01", "negative_total")]
    [InlineData("a,1997-01-01,1,0.001", "too_precise")]
    [InlineData("a,01/02/1997,1,1.00", "not_a_date")]
    [InlineData("a,1997-02-29,1,1.00", "not_a_date")]
    [InlineData("a,1997-01-01,1,", "not_a_number")]
    public void A_wrong_row_is_refused(string row, string code)
    {
        Read("customer,date,units,amount\n" + row).ShouldBeEmpty();
        report.Refused.ShouldHaveSingleItem().Code.ShouldBe(code);
    }

    [Fact]
    public void Trailing_zeros_are_not_precision() => Read("customer,date,units,amount\na,1997-01-01,1,1.500").ShouldHaveSingleItem();

    private List<Envelope> Read(string text) => [.. Cdnow.Mapping.Read(new StringReader(text), report)];
}
