using System.Text;

namespace Retention.Api.Tests.Ingest;

/// <summary>Files for imports that hold what a database cannot keep, or have no end.</summary>
public sealed class HostileFileTests(ServiceFixture service)
{
    [Theory]
    [InlineData("cus\0tomer,date,amount\n1,2025-01-01,1", "wrong_header")]
    [InlineData("\"customer,date,amount\n1,2025-01-01,1", "unclosed_quote")]
    public async Task A_first_line_that_cannot_be_read_is_told_and_kept(string file, string code)
    {
        var shop = service.NewTenant("files");

        (await ImportAsync(shop, "cdnow", file)).ShouldBeProblem(400, code, "body");

        (await shop.GetAsync("/v1/imports")).List("imports").ShouldHaveSingleItem().GetProperty("error").GetProperty("code").GetString().ShouldBe(code);
    }

    [Fact]
    public async Task Zero_bytes_in_fields_and_columns_refuse_their_lines_and_are_shown_as_marks()
    {
        var report = (await ImportAsync(service.NewTenant("files"), "cdnow", "customer,date,amount,no\0te\n1,2025-01-0\01,1,\n2,2025-01-01,1,\0\n")).Root.GetProperty("report");

        report.GetProperty("refused").EnumerateArray().ShouldHaveSingleItem().GetProperty("message").GetString()!.ShouldContain("2025-01-0\uFFFD1");
        report.GetProperty("columnsNotStored").EnumerateArray().ShouldHaveSingleItem().GetString().ShouldBe("no\uFFFDte");
        report.GetProperty("accepted").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData("segment", """{"type":"track","event":"Order Cancelled","messageId":"m-1","userId":"\ud800","timestamp":"2026-01-17T00:00:00Z","properties":{"order_id":"o-3"}}""")]
    [InlineData("zendesk", """{"tickets":[{"id":1,"requester_id":7,"created_at":"2026-01-05T08:00:00Z","description":"\ude00\ud83d"}]}""")]
    public async Task Half_of_a_surrogate_pair_refuses_its_record(string mapping, string file)
    {
        var report = (await ImportAsync(service.NewTenant("files"), mapping, file)).Root.GetProperty("report");

        report.GetProperty("refused").EnumerateArray().ShouldHaveSingleItem().GetProperty("code").GetString().ShouldBe("not_text");
    }

    private static Task<Answer> ImportAsync(TestTenant shop, string mapping, string file) =>
        shop.PostAsync($"/v1/imports?mapping={mapping}", Encoding.UTF8.GetBytes(file), "application/octet-stream");
}
