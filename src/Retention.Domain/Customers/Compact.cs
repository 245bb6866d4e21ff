namespace Retention.Domain.Customers;

/// <summary>Writes numbers in as few bytes as they need.</summary>
internal sealed class CompactWriter() : BinaryWriter(new MemoryStream())
{
    public byte[] ToArray() => ((MemoryStream)BaseStream).ToArray();

    /// <summary>Zigzag, so that small negative numbers are as short as small positive ones.</summary>
    public void WriteSigned(long value) => Write7BitEncodedInt64(unchecked((value << 1) ^ (value >> 63)));

    public void WriteOptional(long? value, Action<long> write)
    {
        Write(value is not null);
        if (value is { } known) write(known);
    }

    /// <summary>A text, of which none and an empty one are the same.</summary>
    public void WriteOptional(string? text) => Write(text ?? "");
}

/// <summary>Reads what <see cref="CompactWriter"/> writes; one reader reads many texts, so that a load of millions allocates none.</summary>
internal sealed class CompactReader(byte[] bytes)
{
    private byte[] bytes = bytes;
    private int end = bytes.Length;

    /// <summary>Where in the bytes the next value is.</summary>
    public int At { get; private set; }

    /// <summary>Reads other bytes.</summary>
    public void Reset(ArraySegment<byte> other) => (bytes, At, end) = (other.Array!, other.Offset, other.Offset + other.Count);

    public ReadOnlySpan<byte> Since(int start) => bytes.AsSpan(start, At - start);

    public byte ReadByte() => At < end ? bytes[At++] : throw new EndOfStreamException();

    public bool ReadBoolean() => ReadByte() != 0;

    public long ReadInt64()
    {
        var value = System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));
        return value;
    }

    public long Read7BitEncodedInt64()
    {
        // Most numbers are below 128.
        if (At < end && bytes[At] < 0x80) return bytes[At++];
        var (value, shift) = (0UL, 0);
        while (true)
        {
            var next = ReadByte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return unchecked((long)value);
            if ((shift += 7) > 63) throw new InvalidDataException("A number has more than 64 bits.");
        }
    }

    public int Read7BitEncodedInt() => (int)Read7BitEncodedInt64();

    public long ReadSigned()
    {
        var value = Read7BitEncodedInt64();
        return unchecked((long)((ulong)value >> 1) ^ -(value & 1));
    }

    /// <summary>A text in UTF-8; valid until <see cref="Reset"/>.</summary>
    public ReadOnlySpan<byte> ReadUtf8() => Take(Read7BitEncodedInt());

    public string ReadString() => System.Text.Encoding.UTF8.GetString(ReadUtf8());

    public string? ReadOptionalText() => ReadString() is { Length: > 0 } text ? text : null;

    public long? ReadOptionalKey() => ReadBoolean() ? ReadInt64() : null;

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > end - At) throw new EndOfStreamException();
        At += length;
        return bytes.AsSpan(At - length, length);
    }
}
