using System.Security.Cryptography;
using System.Text;

namespace Retention.Projections.Security;

/// <summary>A key as it is kept: everything but its secret.</summary>
/// <param name="Prefix">The first characters of the key, by which it is listed and revoked.</param>
/// <param name="Name">What its makers call it.</param>
/// <param name="Hash">SHA-256 of the whole key. The secret has 256 random bits, which no dictionary holds: a slow hash would add nothing.</param>
/// <param name="RevokedAt">Null while it is good.</param>
public sealed record ApiKey(
    string Tenant, string Prefix, string Name, IReadOnlyList<string> Scopes, byte[] Hash, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt)
{
    private const string Start = "rtn_";
    private const int PrefixLength = 12;
    private const int SecretBytes = 32;

    /// <summary>Of a key as it is sent: the prefix, an underscore, the secret in hexadecimal.</summary>
    private const int Length = PrefixLength + 1 + (2 * SecretBytes);

    /// <summary>A new key, whose text nobody can be told again.</summary>
    public static (ApiKey Key, string Text) Make(string tenant, string name, IReadOnlyList<string> scopes)
    {
        var prefix = Start + RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", PrefixLength - Start.Length);
        var text = $"{prefix}_{RandomNumberGenerator.GetHexString(2 * SecretBytes, lowercase: true)}";
        return (new ApiKey(tenant, prefix, name, scopes, HashOf(text), default, null), text);
    }

    /// <summary>The prefix of what may be a key; null for what is none.</summary>
    public static string? PrefixOf(string text) => text.Length == Length && text.StartsWith(Start, StringComparison.Ordinal) ? text[..PrefixLength] : null;

    /// <summary>Whether a text begins as keys do, so that nothing else is meant by it.</summary>
    public static bool IsLike(string text) => text.StartsWith(Start, StringComparison.Ordinal);

    /// <summary>Whether this is the key, in a time that does not tell how much of it is right.</summary>
    public bool Is(string text) => CryptographicOperations.FixedTimeEquals(HashOf(text), Hash);

    private static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
