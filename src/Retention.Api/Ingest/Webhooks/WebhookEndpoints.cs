using System.Text;
using System.Text.Json;
using Retention.Api.Tenancy;
using Retention.Domain.Events;
using Retention.Projections.Security;

namespace Retention.Api.Ingest.Webhooks;

/// <summary><c>/v1/webhooks</c>: where other systems report what happens, and the secrets that they sign with.</summary>
public static class WebhookEndpoints
{
    /// <summary>Fewest characters of a secret.</summary>
    private const int ShortestSecret = 8;

    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var webhooks = routes.MapGroup("/v1/webhooks").WithTags("Ingest").Takes();
        webhooks.MapPost("shopify/{tenant}", ShopifyWebhook.PostAsync).WithSummary("What a Shopify shop reports, signed by it");
        webhooks.MapPost("segment/{tenant}", SegmentWebhook.PostAsync).WithSummary("A message of Segment, signed by it");
        webhooks.MapGet("", ListAsync).WithSummary("The senders whose webhooks are taken");
        webhooks.MapPut("{sender}", SetAsync).WithSummary("Set the secret that a sender signs with");
        webhooks.MapDelete("{sender}", RemoveAsync).WithSummary("Take no more webhooks of a sender");
    }

    private static async Task<IResult> ListAsync(HttpContext http, Tenant tenant, WebhookSecrets secrets)
    {
        return Results.Json(new { senders = (await secrets.AllAsync(tenant.Name, http.RequestAborted)).Select(known => Shown(tenant, known.Sender, known.SetAt)) });
    }

    private static async Task<IResult> SetAsync(HttpContext http, Tenant tenant, string sender, WebhookSecrets secrets, TimeProvider time)
    {
        using var body = await JsonBody.ReadAsync(http.Request, http.RequestAborted);
        var faults = new List<Fault>();
        var members = body.RootElement.ValueKind == JsonValueKind.Object ? new Fields(body.RootElement, "", faults) : throw Wrong("", "must be an object {\"secret\": \"…\"}");
        var secret = members.RequiredText("secret");
        if (members.Unknown > 0) throw Wrong("", "allowed is secret");
        if (faults.Count > 0) throw Wrong("secret", faults[0].Message);
        if (secret.Length < ShortestSecret) throw Wrong("secret", $"must have at least {ShortestSecret} characters");
        await secrets.SetAsync(tenant.Name, Known(sender), Encoding.UTF8.GetBytes(secret), http.RequestAborted);
        return Results.Json(Shown(tenant, sender, time.GetUtcNow()));
    }

    private static async Task<IResult> RemoveAsync(HttpContext http, Tenant tenant, string sender, WebhookSecrets secrets) =>
        await secrets.RemoveAsync(tenant.Name, Known(sender), http.RequestAborted)
            ? Results.NoContent()
            : throw new ProblemException(404, "unknown_sender", $"No secret is set for {sender}.");

    private static string Known(string sender) => WebhookSender.All.Any(known => known.Name == sender)
        ? sender
        : throw new ProblemException(404, "unknown_sender", $"'{sender}' is no sender of webhooks; allowed are {WebhookSender.Names}.");

    /// <summary>What may be seen of a sender, which its secret is no part of.</summary>
    private static object Shown(Tenant tenant, string sender, DateTimeOffset setAt) => new { sender, path = $"/v1/webhooks/{sender}/{tenant.Name}", setAt };

    private static ProblemException Wrong(string path, string rule) => new(422, "invalid_secret", $"{path} {rule}.".Trim(), new Fault(path, "invalid_secret", rule));
}
