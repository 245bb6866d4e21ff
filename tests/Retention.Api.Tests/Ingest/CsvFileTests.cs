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

    private List<string> Read(string text) =>
        [.. CsvFile.Read(new StringReader(text), ["a", "b"], report).Select(row => $"{row.Line}: {row.Text(0)}|{row.Text(1)}")];
}
