using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Retention.Domain.Events;

/// <summary>What decides whether two events of one id are the same event.</summary>
public static class ContentHash
{
    private const string Instant = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

    /// <summary>
    /// SHA-256, in lower-case hex, of the canonical JSON of <c>{customer, data, occurredAt, type}</c>. Two offsets of one instant are
    /// the same content.
    /// </summary>
    /// <param name="data">The data as stored, free text and personal attributes sealed, so that the hash reveals nothing once the key is destroyed.</param>
    public static string Of(string type, string customer, DateTimeOffset occurredAt, JsonElement data)
    {
        var content = CanonicalJson.Scratch();
        content.Write("{\"customer\":"u8);
        CanonicalJson.Write(content, customer);
        content.Write(",\"data\":"u8);
        CanonicalJson.Write(content, data);
        content.Write(",\"occurredAt\":"u8);
        CanonicalJson.Write(content, occurredAt.UtcDateTime.ToString(Instant, System.Globalization.CultureInfo.InvariantCulture));
        content.Write(",\"type\":"u8);
        CanonicalJson.Write(content, type);
        content.Write("}"u8);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content.WrittenSpan, hash);
        return Convert.ToHexStringLower(hash);
    }
}
