using System.Net.Http.Headers;
using System.Text;

namespace Retention.Api.Tests.Ingest.Webhooks;

/// <summary>Segment's webhooks, signed with HMAC-SHA1 in hexadecimal digits.</summary>
public sealed class SegmentWebhookTests(ServiceFixture service)
{
    private const string Order = """
        {"type":"track","event":"Order Completed","messageId":"m-1","userId":"u-1","timestamp":"2026-01-15T10:11:12Z","properties":{"order_id":"o-1","subtotal":10,"currency":"EUR"}}
        """;

    [Fact]
    public async Task A_message_is_stored_once_however_often_it_is_delivered()
    {
        var tenant = await TenantAsync();

        Counts(await SendAsync(tenant, Order)).ShouldBe((1, 0, 0));
        Counts(await SendAsync(tenant, Order)).ShouldBe((0, 1, 0));
        var file = await tenant.PostAsync("/v1/imports?mapping=segment", Order, "application/x-ndjson");
        file.Root.GetProperty("report").GetProperty("duplicates").GetInt64().ShouldBe(1, file.Text);
    }

    [Fact]
    public async Task Of_a_batch_each_message_is_judged_alone()
    {
        var answer = await SendAsync(await TenantAsync(), $$$"""{"batch":[{"type":"track"},{{{Order}}},{"type":"page","userId":"u-1"}]}""");

        Counts(answer).ShouldBe((1, 0, 1));
        answer.List("rejected")[0].GetProperty("index").GetInt32().ShouldBe(0);
        answer.Text.ShouldContain("event is required");
    }

    [Fact]
    public async Task What_nothing_is_made_of_is_said() =>
        (await SendAsync(await TenantAsync(), """{"type":"page","userId":"u-1"}""")).Root.GetProperty("ignored").GetString().ShouldBe("nothing is made of it (left: page)");

    [Theory]
    [InlineData("00")]
    [InlineData("zz")]
    [InlineData("")]
    public async Task A_wrong_signature_is_401(string signature) => (await SendAsync(await TenantAsync(), Order, signature)).ShouldBeProblem(401, "wrong_signature");

    private static (long Accepted, long Duplicates, int Rejected) Counts(Answer answer) => (answer.Number("accepted"), answer.Number("duplicates"), answer.List("rejected").Count);

    private async Task<TestTenant> TenantAsync()
    {
        var tenant = service.NewTenant("hook");
        (await tenant.SetSecretAsync("segment")).Status.ShouldBe(200);
        return tenant;
    }

    private async Task<Answer> SendAsync(TestTenant tenant, string body, string? signature = null)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/webhooks/segment/{tenant.Name}") { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Signature", signature ?? Signature(bytes));
        using var response = await service.Api.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "What the sender does.")]
    private static string Signature(byte[] body) => Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA1.HashData(Encoding.UTF8.GetBytes(ShopifyPosts.Secret), body));
}
