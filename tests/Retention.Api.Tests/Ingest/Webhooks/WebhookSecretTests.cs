using static Retention.Api.Tests.Ingest.Webhooks.ShopifyPosts;

namespace Retention.Api.Tests.Ingest.Webhooks;

/// <summary>The signature is the key of a webhook, and the secret behind it is shown to nobody.</summary>
public sealed class WebhookSecretTests(ServiceFixture service)
{
    [Theory]
    [InlineData("")]
    [InlineData("not base 64")]
    [InlineData("AAAA")]
    [InlineData("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    public async Task A_wrong_signature_is_401_and_stores_nothing(string signature)
    {
        var tenant = service.NewTenant("hook");
        await tenant.SetSecretAsync();

        (await service.Api.ShopifyAsync(tenant, "orders/create", Order, signature: signature)).ShouldBeProblem(401, "wrong_signature");
        (await tenant.GetAsync("/v1/events?after=0")).Text.ShouldNotContain("purchase_made");
    }

    [Fact]
    public async Task A_body_that_was_changed_on_its_way_is_401()
    {
        var tenant = service.NewTenant("hook");
        await tenant.SetSecretAsync();
        var signature = Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Secret), System.Text.Encoding.UTF8.GetBytes(Order)));

        (await service.Api.ShopifyAsync(tenant, "orders/create", Order, signature: signature)).Status.ShouldBe(200);
        (await service.Api.ShopifyAsync(tenant, "orders/create", Order + " ", signature: signature)).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_tenant_without_a_secret_and_one_that_is_not_there_answer_like_a_wrong_signature()
    {
        var (without, other) = (service.NewTenant("hook"), service.NewTenant("hook"));
        await other.SetSecretAsync();
        await without.PostAsync("/v1/tenants", $$"""{ "name": "{{without.Name}}" }""");

        var answers = new[]
        {
            await service.Api.ShopifyAsync(without, "orders/create", Order),
            await service.Api.ShopifyAsync(service.NewTenant("nowhere"), "orders/create", Order),
            await service.Api.ShopifyAsync(service.Api.Tenant("NO-NAME"), "orders/create", Order),
            await service.Api.ShopifyAsync(other, "orders/create", Order, secret: "another secret"),
        };

        answers.Select(answer => answer.ToString()).Distinct().ShouldHaveSingleItem();
        answers[0].ShouldBeProblem(401, "wrong_signature");
    }

    [Fact]
    public async Task A_secret_that_was_replaced_is_good_for_a_day_more()
    {
        var clock = new TestClock(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var api = await service.StartAsync($"secrets_{Guid.NewGuid():n}"[..30], clock);
        var tenant = api.Tenant("shop");
        await tenant.SetSecretAsync(secret: "the-first-secret");
        await tenant.SetSecretAsync(secret: "the-second-secret");

        clock.Now += TimeSpan.FromHours(23);
        (await api.ShopifyAsync(tenant, "orders/create", Order, secret: "the-first-secret")).Status.ShouldBe(200);
        (await api.ShopifyAsync(tenant, "orders/create", Order, secret: "the-second-secret")).Status.ShouldBe(200);
        clock.Now += TimeSpan.FromHours(2);
        (await api.ShopifyAsync(tenant, "orders/create", Order, secret: "the-first-secret")).Status.ShouldBe(401);
        (await api.ShopifyAsync(tenant, "orders/create", Order, secret: "the-second-secret")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Secrets_are_listed_by_their_senders_never_shown_and_can_be_removed()
    {
        var tenant = service.NewTenant("hook");
        var set = await tenant.SetSecretAsync();
        set.Root.GetProperty("path").GetString().ShouldBe($"/v1/webhooks/shopify/{tenant.Name}");

        var listed = await tenant.GetAsync("/v1/webhooks");
        listed.List("senders").ShouldHaveSingleItem().GetProperty("sender").GetString().ShouldBe("shopify");
        (set.Text + listed.Text).ShouldNotContain(Secret);
        (await service.NewTenant("hook").GetAsync("/v1/webhooks")).List("senders").ShouldBeEmpty();

        (await tenant.DeleteAsync("/v1/webhooks/shopify")).Status.ShouldBe(204);
        (await tenant.DeleteAsync("/v1/webhooks/shopify")).ShouldBeProblem(404, "unknown_sender");
        (await service.Api.ShopifyAsync(tenant, "orders/create", Order)).Status.ShouldBe(401);
    }

    [Theory]
    [InlineData("shopify", "{}", 422, "invalid_secret", "secret")]
    [InlineData("shopify", """{ "secret": "short" }""", 422, "invalid_secret", "secret")]
    [InlineData("shopify", """{ "secret": "long enough", "more": 1 }""", 422, "invalid_secret", "")]
    [InlineData("magento", """{ "secret": "long enough" }""", 404, "unknown_sender", null)]
    public async Task A_secret_that_is_none_is_refused(string sender, string body, int status, string code, string? path) =>
        (await service.NewTenant("hook").PutAsync($"/v1/webhooks/{sender}", body)).ShouldBeProblem(status, code, path);

    [Fact]
    public async Task A_body_beyond_the_limit_is_413()
    {
        var tenant = service.NewTenant("hook");
        await tenant.SetSecretAsync();
        (await service.Api.ShopifyAsync(tenant, "orders/create", new string(' ', 4 * 1024 * 1024 + 1))).ShouldBeProblem(413, "too_large");
    }
}
