using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Retention.Api.Tenancy;
using Retention.Projections.Security;

namespace Retention.Api.Ingest.Webhooks;

/// <summary>Reads bodies of webhooks, whose signature is their key: it is made of the bytes as they were sent and a secret of the tenant.</summary>
public sealed class SignedBody(WebhookSecrets secrets)
{
    /// <summary>Most bytes of a body.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    // What a body is held to where there is no secret, so that an answer does not tell by its time whether there is one.
    private static readonly byte[] NoSecret = RandomNumberGenerator.GetBytes(32);

    /// <summary>The body of a request to <c>/v1/webhooks/{sender}/{tenant}</c>, as JSON.</summary>
    /// <exception cref="ProblemException">401 where the signature is not the sender's, whatever is wrong with it; 413 for too large a body; 400 for no JSON.</exception>
    public async Task<JsonElement> ReadAsync(HttpContext http, string tenant, WebhookSender sender)
    {
        var body = await BoundedBody.ReadAsync(http.Request.Body, MostBytes, http.RequestAborted);
        var bytes = body.ToArray();
        var said = http.Request.Headers[sender.Header] is [{ } header] ? sender.Read(header) : null;
        var good = Tenant.IsName(tenant) ? await secrets.GoodAsync(tenant, sender.Name, http.RequestAborted) : [];
        var matches = false;
        foreach (var secret in good.DefaultIfEmpty(NoSecret))
            matches |= said is not null && CryptographicOperations.FixedTimeEquals(sender.Sign(secret, bytes), said);
        if (!matches || good.Count == 0)
            throw new ProblemException(401, "wrong_signature", $"{sender.Header} must be the signature of the body by the secret that the tenant has set for {sender.Name}.");
        body.Position = 0;
        using var document = await JsonBody.ParseAsync(body, http.RequestAborted);
        return document.RootElement.Clone();
    }
}

/// <summary>Who sends webhooks, and how it signs.</summary>
/// <param name="Header">The header of the signature.</param>
/// <param name="Read">The bytes of a signature as the header spells them; null for what is none.</param>
public sealed record WebhookSender(string Name, string Header, Func<string, byte[]?> Read, Func<byte[], byte[], byte[]> Sign)
{
    public static WebhookSender Shopify { get; } = new("shopify", "X-Shopify-Hmac-Sha256", Base64, HMACSHA256.HashData);

    public static WebhookSender Segment { get; } = new("segment", "X-Signature", Hex, Sha1);

    public static IReadOnlyList<WebhookSender> All { get; } = [Shopify, Segment];

    public static string Names { get; } = string.Join(", ", All.Select(sender => sender.Name));

    private static byte[]? Base64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count) ? bytes[..count] : null;
    }

    private static byte[]? Hex(string text)
    {
        var bytes = new byte[text.Length / 2];
        return Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done ? bytes : null;
    }

    [SuppressMessage("Security", "CA5350", Justification = "The sender's choice; as a keyed hash it still stands.")]
    private static byte[] Sha1(byte[] key, byte[] body) => HMACSHA1.HashData(key, body);
}
