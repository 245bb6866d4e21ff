using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Retention.Domain.Events;

/// <summary>The id under which the log stores an event.</summary>
public static class EventId
{
    private static readonly Guid Namespace = new("6f1c6a0e-6d5b-4c58-9a5e-0f6d2c1b7a90");

    /// <summary>
    /// The UUIDv5 (RFC 9562 §5.5) of the JSON array <c>["tenant","source","id"]</c>, in canonical escapes. The tenant is part of it, since
    /// the index on ids spans tenants.
    /// </summary>
    /// <param name="retractions">How often an event of this id was retracted before; above 0 it is the array's fourth item.</param>
    public static Guid Of(string tenant, string source, string id, int retractions = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(retractions);
        var input = CanonicalJson.Scratch();
        Namespace.TryWriteBytes(input.GetSpan(16), bigEndian: true, out var length);
        input.Advance(length);
        input.Write("["u8);
        CanonicalJson.Write(input, tenant);
        input.Write(","u8);
        CanonicalJson.Write(input, source);
        input.Write(","u8);
        CanonicalJson.Write(input, id);
        if (retractions > 0) input.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $",{retractions}")));
        input.Write("]"u8);
        return Version5(input.WrittenSpan);
    }

    private static Guid Version5(ReadOnlySpan<byte> input)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // UUIDv5 is defined by SHA-1; nothing here relies on its strength.
        SHA1.HashData(input, hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0f) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
