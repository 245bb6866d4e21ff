using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Retention.Projections.PersonalData;

/// <summary>A sealed text was altered, belongs to another place, or was sealed with another key.</summary>
public sealed class SealBrokenException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The key of one customer's free text and personal attributes: AES-256-GCM. The nonce is a MAC of context and text, so that the same text in the same place seals
/// to the same bytes and a repeated event stays recognisable; equal sealed texts reveal only that, and no nonce serves two texts.
/// </summary>
public sealed class CustomerKey
{
    /// <summary>How a sealed text begins.</summary>
    public const string Prefix = "sealed:v1:";

    /// <summary>Bytes of a key.</summary>
    public const int Size = 32;

    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly byte[] nonceKey;
    private readonly byte[] cipherKey;

    /// <param name="key"><see cref="Size"/> random bytes.</param>
    public CustomerKey(byte[] key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Size);
        nonceKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Size, info: "retention seal v1 nonce"u8.ToArray());
        cipherKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Size, info: "retention seal v1 cipher"u8.ToArray());
    }

    /// <summary><see cref="Prefix"/> and, in Base64, nonce, cipher text and tag.</summary>
    /// <param name="context">Where the text stands; it opens only there.</param>
    public string Seal(string text, string context)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var place = Encoding.UTF8.GetBytes(context);
        var output = new byte[NonceSize + plain.Length + TagSize];
        var nonce = output.AsSpan(0, NonceSize);
        Nonce(place, plain).CopyTo(nonce);
        using var cipher = new AesGcm(cipherKey, TagSize);
        cipher.Encrypt(nonce, plain, output.AsSpan(NonceSize, plain.Length), output.AsSpan(NonceSize + plain.Length), place);
        return Prefix + Convert.ToBase64String(output);
    }

    /// <summary>The text that was sealed in this context.</summary>
    /// <exception cref="SealBrokenException">It was altered, moved from another context, or sealed with another key.</exception>
    public string Open(string sealedText, string context)
    {
        if (!sealedText.StartsWith(Prefix, StringComparison.Ordinal)) throw new SealBrokenException("The text is not sealed.");
        try
        {
            var input = Convert.FromBase64String(sealedText[Prefix.Length..]).AsSpan();
            if (input.Length < NonceSize + TagSize) throw new SealBrokenException("The sealed text is cut off.");
            var plain = new byte[input.Length - NonceSize - TagSize];
            using var cipher = new AesGcm(cipherKey, TagSize);
            cipher.Decrypt(input[..NonceSize], input[NonceSize..^TagSize], input[^TagSize..], plain, Encoding.UTF8.GetBytes(context));
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception error) when (error is AuthenticationTagMismatchException or FormatException)
        {
            throw new SealBrokenException("The sealed text was altered, or belongs to another event or customer.", error);
        }
    }

    private byte[] Nonce(byte[] context, byte[] plain)
    {
        var input = new byte[sizeof(int) + context.Length + plain.Length];
        BinaryPrimitives.WriteInt32BigEndian(input, context.Length);
        context.CopyTo(input, sizeof(int));
        plain.CopyTo(input, sizeof(int) + context.Length);
        return HMACSHA256.HashData(nonceKey, input)[..NonceSize];
    }
}
