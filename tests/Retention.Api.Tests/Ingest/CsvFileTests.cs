using Retention.Api.Ingest.Imports;

namespace Retention.Api.Tests.Ingest;

public sealed class CsvFileTests
{
    private readonly ImportReport report = new();

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Lines_end_in_LF_CRLF_or_CR(string end) =>
        Read($"a,b{end}1,2{end}{end}3,4").ShouldBe(["2: 1|2", "4: 3|4"]);

    [Fact]
    public void Quoted_fields_hold_commas_quotes_and_line_ends() =>
        Read("a,b\n\"1,\"\"x\"\"\",2\n\"two\nlines\",3\n4,5").ShouldBe(["2: 1,\"x\"|2", "3: two\nlines|3", "5: 4|5"]);

    [Fact]
    public void A_quote_within_an_unquoted_field_stands_for_itself() =>
        Read("a,b\n7\" RECORD,2\n3,4").ShouldBe(["2: 7\" RECORD|2", "3: 3|4"]);

    [Fact]
    public void An_unclosed_quote_refuses_its_line_alone()
    {
        Read("a,b\n\"1,2\n3,4\n5,6").ShouldBe(["3: 3|4", "4: 5|6"]);
        report.Refused.ShouldHaveSingleItem().Line.ShouldBe(2);
    }

    [Fact]
    public void Columns_are_found_by_name_behind_a_byte_order_mark_in_any_order() =>
        Read("\uFEFFz,b,a\n9,2,1").ShouldBe(["2: 1|2"]);

    [Theory]
    [InlineData("a,c\n1,2")]
    [InlineData("a,a,b\n1,2,3")]
    [InlineData("1,2\n3,4")]
    [InlineData("a;b\n1;2")]
    public void A_wrong_header_is_one_error_that_names_the_columns(string text)
    {
        var refusal = Should.Throw<ImportRefusedException>(() => Read(text));
        refusal.Code.ShouldBe("wrong_header");
        refusal.Message.ShouldContain("a, b");
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    public void An_empty_file_is_an_error(string text) => Should.Throw<ImportRefusedException>(() => Read(text)).Code.ShouldBe("empty_file");

    [Fact]
    public void A_first_line_whose_quote_stays_open_is_an_error() => Should.Throw<ImportRefusedException>(() => Read("\"a,b\n1,2")).Code.ShouldBe("unclosed_quote");

    [Fact]
    public void A_wrong_header_is_shown_by_its_beginning() =>
        Should.Throw<ImportRefusedException>(() => Read(new string(',', 100_000))).Message.Length.ShouldBeLessThan(1_200);

    [Theory]
    [InlineData("x")]
    [InlineData("\"x")]
    [InlineData("\"\"")]
    public void A_line_that_is_too_long_is_refused_alone(string begin)
    {
        Read($"a,b\n1,2\n{begin}{new string('x', 1 << 20)}\n3,4\n{begin}{new string(',', 3 << 20)}").ShouldBe(["2: 1|2", "4: 3|4"]);
        report.Refused.Select(remark => (remark.Line, remark.Code)).ShouldBe([(3, "line_too_long"), (5, "line_too_long")]);
    }

    [Fact]
    public void Quotes_that_stay_open_in_every_line_cost_no_more_than_their_lines() =>
        Read($"a,b\n{string.Concat(Enumerable.Repeat($"\"{new string('x', 200_000)}\n", 50))}3,4").ShouldBe(["52: 3|4"]);

    private List<string> Read(string text) =>
        [.. CsvFile.Read(new StringReader(text), ["a", "b"], report).Select(row => $"{row.Line}: {row.Text(0)}|{row.Text(1)}")];
}
