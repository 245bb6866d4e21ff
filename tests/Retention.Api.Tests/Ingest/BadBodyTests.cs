using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using static Retention.Api.Tests.Given;

namespace Retention.Api.Tests.Ingest;

/// <summary>Bodies that are no list of events at all, and lines that are no event.</summary>
public sealed class BadBodyTests(ServiceFixture service)
{
    private const string Ndjson = "application/x-ndjson";

    private static readonly string Good = Order("c", "2025-01-01").ToJsonString();

    [Theory]
    [InlineData("", 400, "malformed_json", "JSON")]
    [InlineData("events", 400, "malformed_json", "JSON")]
    [InlineData("[{\"id\":\"a\"", 400, "malformed_json", "JSON")]
    [InlineData("[] []", 400, "malformed_json", "JSON")]
    [InlineData("[{\"id\":\"a\",\"id\":\"b\"}]", 400, "malformed_json", "repeated")]
    [InlineData("[{\"id\":NaN}]", 400, "malformed_json", "JSON")]
    [InlineData("5", 422, "wrong_type", "array")]
    [InlineData("null", 422, "wrong_type", "array")]
    [InlineData("{\"event\":[]}", 422, "wrong_type", "array events")]
    [InlineData("{\"events\":{}}", 422, "wrong_type", "array events")]
    public async Task A_body_that_is_no_list_of_events_is_refused_whole(string body, int status, string code, string words) =>
        (await service.NewTenant("body").PostAsync("/v1/events", body)).ShouldBeProblem(status, code, "", words);

    [Fact]
    public async Task Members_beside_events_are_named() =>
        (await service.NewTenant("body").PostAsync("/v1/events", """{"events":[],"mode":"fast"}""")).ShouldBeProblem(422, "unknown_member", "mode", "events");

    [Fact]
    public async Task Nesting_without_end_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 50_000)) + string.Concat(Enumerable.Repeat("]", 50_000));
        var shop = service.NewTenant("deep");

        (await shop.PostAsync("/v1/events", deep)).ShouldBeProblem(400, "malformed_json");
        (await shop.PostAsync("/v1/events", $"{Good}\n{{\"id\":\"a\",\"data\":{deep}}}\n", Ndjson))
            .ShouldRefuse(1, "malformed_json", "", "JSON");
        (await shop.PutAsync("/v1/settings", deep)).ShouldBeProblem(400, "malformed_json");
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_refused()
    {
        var body = Encoding.UTF8.GetBytes(Good.Replace("\"c\"", "\"#\"", StringComparison.Ordinal));
        body[Array.IndexOf(body, (byte)'#')] = 0xFF;

        var whole = await service.NewTenant("utf8").PostAsync("/v1/events", [(byte)'[', .. body, (byte)']'], "application/json");
        var line = await service.NewTenant("utf8").PostAsync("/v1/events", [.. body, (byte)'\n', .. Encoding.UTF8.GetBytes(Good)], Ndjson);

        whole.ShouldRefuse(0, "not_storable", "customer", "UTF-8");
        line.ShouldRefuse(0, "not_storable", "customer", "UTF-8");
        line.Number("accepted").ShouldBe(1);
    }

    [Theory]
    [InlineData("\"text\":\"a\\u0000b\"", "not_storable", "data.text", "NUL")]
    [InlineData("\"text\":\"\\ud800\"", "not_storable", "data.text", "surrogate")]
    [InlineData("\"text\":\"\\ude00\\ud83d\"", "not_storable", "data.text", "surrogate")]
    [InlineData("\"note\":[\"a\\u0000b\"]", "not_storable", "data.note[0]", "NUL")]
    [InlineData("\"note\":1e400", "out_of_range", "data.note", "exponent")]
    [InlineData("\"note\":-1e-400", "out_of_range", "data.note", "exponent")]
    [InlineData("\"note\":1e99999999999999999999", "out_of_range", "data.note", "exponent")]
    public async Task What_cannot_be_kept_is_refused_before_it_reaches_the_database(string member, string code, string path, string words)
    {
        var line = Complaint("c", "2025-01-01", "1").ToJsonString().Replace("\"text\":null", member, StringComparison.Ordinal);

        var lines = await service.NewTenant("kept").PostAsync("/v1/events", $"{line}\n{Good}", Ndjson);
        var document = await service.NewTenant("kept").PostAsync("/v1/events", $"[{line},{Good}]");

        foreach (var answer in new[] { lines, document })
        {
            answer.Number("accepted").ShouldBe(1, answer.Text);
            answer.ShouldRefuse(0, code, path, words);
        }
    }

    [Fact]
    public async Task A_members_name_that_is_no_Unicode_makes_the_line_malformed()
    {
        var shop = service.NewTenant("names");

        (await shop.PostAsync("/v1/events", $"{{\"\\ud800\":1}}\n{Good}", Ndjson)).ShouldRefuse(0, "malformed_json", "", "JSON");
        (await shop.PostAsync("/v1/events", "[{\"\\ud800\":1}]")).ShouldBeProblem(400, "malformed_json");
        (await shop.PostAsync("/v1/events", $"[{Good},{{\"a\\u0000\":1}}]")).ShouldRefuse(1, "not_storable", "", "name");
    }

    [Fact]
    public async Task Pairs_of_surrogates_and_every_other_letter_are_kept()
    {
        var shop = service.NewTenant("letters");
        const string Text = "\"text\":\"\\ud83e\\udd8a ’\\t\\\"\"";
        var line = Complaint("Żółć 🦊", "2025-01-01", "1").ToJsonString().Replace("\"text\":null", Text, StringComparison.Ordinal);
        await shop.PostAsync("/v1/events", $"[{line}]");

        var timeline = (await shop.AskAsync($"/v1/customers/{Uri.EscapeDataString("Żółć 🦊")}/timeline")).List("timeline");

        timeline.ShouldHaveSingleItem().GetProperty("data").GetProperty("text").GetString().ShouldBe("🦊 ’\t\"");
    }

    [Fact]
    public async Task A_bad_line_is_refused_alone_and_empty_ones_are_passed_over()
    {
        var shop = service.NewTenant("lines");
        var second = Order("c", "2025-01-02").ToJsonString();
        var tooLong = $"{{\"id\":\"{new string('x', 1 << 20)}\"}}";
        string[] lines = [Good, "", "{\"id\":", "  \r", "[]", "{\"id\":\"twice\",\"id\":\"twice\"}", tooLong, second];

        var answer = await shop.PostAsync("/v1/events", string.Join('\n', lines), Ndjson);

        answer.Number("accepted").ShouldBe(2);
        answer.List("rejected").Count.ShouldBe(4);
        answer.ShouldRefuse(1, "malformed_json", "", "JSON");
        answer.ShouldRefuse(2, "wrong_type", "", "object");
        answer.ShouldRefuse(3, "malformed_json", "", "twice");
        answer.ShouldRefuse(4, "line_too_long", "", "1048576");
        (await shop.AskAsync("/v1/customers/c/timeline")).List("timeline").Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("multipart/form-data")]
    public async Task Another_media_type_is_415_and_the_allowed_ones_are_named(string mediaType) =>
        (await service.NewTenant("media").PostAsync("/v1/events", $"[{Good}]", mediaType))
            .ShouldBeProblem(415, "unsupported_media_type", null, "application/json", "application/x-ndjson");

    [Fact]
    public async Task Packed_bodies_are_read_and_broken_ones_refused()
    {
        var shop = service.NewTenant("gzip");
        var packed = Gzip($"[{Order("c", "2025-01-01").ToJsonString()},{Order("c", "2025-01-02").ToJsonString()}]");

        (await shop.PostAsync("/v1/events", packed[..^9], "application/json", "gzip"))
            .ShouldBeProblem(400, "malformed_body", null, "decompressed");
        (await shop.PostAsync("/v1/events", Encoding.UTF8.GetBytes("[]"), "application/json", "gzip"))
            .ShouldBeProblem(400, "malformed_body");
        (await shop.PostAsync("/v1/events", packed, "application/json", "zip"))
            .ShouldBeProblem(415, "unsupported_media_type", null, "zip", "gzip");
        (await shop.GetAsync("/v1/customers/c")).Status.ShouldBe(404);
        (await shop.PostAsync("/v1/events", packed, "application/json", "gzip")).Number("accepted").ShouldBe(2);
    }

    [Fact]
    public async Task A_document_beyond_64_MB_is_413_before_it_is_sent()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events");
        request.Content = new ByteArrayContent(new byte[(64 << 20) + 1]);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.ExpectContinue = true;

        using var response = await service.Api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Theory]
    [InlineData("Acme")]
    [InlineData("-acme")]
    [InlineData("a_b")]
    [InlineData("a b")]
    [InlineData("../etc")]
    [InlineData("a123456789b123456789c123456789d123456789e123456789f123456789g123")]
    public async Task A_tenant_of_another_name_is_refused_and_the_allowed_letters_are_said(string name) =>
        (await service.Api.Tenant(name).PostAsync("/v1/events", "[]"))
            .ShouldBeProblem(400, "invalid_tenant", "Retention-Tenant", "1 to 63", "a–z");

    [Fact]
    public async Task Another_host_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/metrics") { Headers = { Host = "shop.example" } };

        using var response = await service.Api.Client.SendAsync(request, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("localhost, 127.0.0.1, [::1]");
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}
