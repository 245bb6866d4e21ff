namespace Retention.Domain.Customers;

/// <summary>Profiles repeat from customer to customer; equal ones are one object.</summary>
internal sealed class SharedProfiles
{
    private readonly Dictionary<byte[], Fact.Profile> known = new(Utf8Comparer.Instance);

    /// <summary>Reads a profile as <see cref="FactFormat"/> wrote it.</summary>
    public Fact.Profile Read(CompactReader from)
    {
        var start = from.At;
        FactFormat.SkipProfile(from);
        var bytes = from.Since(start);
        if (known.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(bytes, out var profile)) return profile;
        var key = bytes.ToArray();
        return known[key] = (Fact.Profile)FactFormat.Read(FactKind.Profile, new CompactReader(key));
    }

    public void Clear() => known.Clear();

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
