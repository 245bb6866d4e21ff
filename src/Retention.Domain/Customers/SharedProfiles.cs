using System.Text;
using Retention.Domain.Events;

namespace Retention.Domain.Customers;

/// <summary>
/// Profiles as folds over everybody keep them: without personal attributes, which are read from the store by those questions alone that name
/// one. What is left repeats from customer to customer; equal ones are one object.
/// </summary>
internal sealed class SharedProfiles
{
    private static readonly byte[][] Kept = [.. Impersonal.Dimensions.Select(Encoding.UTF8.GetBytes)];

    private readonly Dictionary<byte[], Fact.Profile> known = new(Utf8Comparer.Instance);

    /// <summary>Reads a profile as <see cref="FactFormat"/> wrote it.</summary>
    public Fact.Profile Read(CompactReader from)
    {
        var start = from.At;
        var personal = FactFormat.SkipProfile(from, Kept);
        var bytes = from.Since(start);
        if (personal) return Impersonally(bytes.ToArray());
        if (known.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(bytes, out var profile)) return profile;
        var key = bytes.ToArray();
        return known[key] = (Fact.Profile)FactFormat.Read(FactKind.Profile, new CompactReader(key));
    }

    public void Clear() => known.Clear();

    /// <summary>The profile that is left of one with personal attributes.</summary>
    private Fact.Profile Impersonally(byte[] whole)
    {
        var profile = (Fact.Profile)FactFormat.Read(FactKind.Profile, new CompactReader(whole));
        var left = profile.Attributes.Where(attribute => !Impersonal.IsPersonal(attribute.Key));
        using var writer = new CompactWriter();
        FactFormat.Write(writer, profile with { Attributes = new SortedDictionary<string, string?>(left.ToDictionary(), StringComparer.Ordinal) });
        return Read(new CompactReader(writer.ToArray()));
    }

    /// <summary>Compares bytes by what they are, so that a span finds its array.</summary>
    private sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly Utf8Comparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
