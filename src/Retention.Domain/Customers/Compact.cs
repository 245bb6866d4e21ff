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

/// <summary>Reads what <see cref="CompactWriter"/> writes.</summary>
internal sealed class CompactReader(byte[] bytes) : BinaryReader(new MemoryStream(bytes, writable: false))
{
    public long ReadSigned()
    {
        var value = Read7BitEncodedInt64();
        return unchecked((long)((ulong)value >> 1) ^ -(value & 1));
    }

    public string? ReadOptionalText() => ReadString() is { Length: > 0 } text ? text : null;

    public long? ReadOptionalKey() => ReadBoolean() ? ReadInt64() : null;
}
