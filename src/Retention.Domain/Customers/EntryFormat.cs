namespace Retention.Domain.Customers;

/// <summary>
/// Writes entries of many customers, in any order, as bytes that follow each other: for files that hold what is yet to be put together.
/// They live no longer than the process that writes them.
/// </summary>
public sealed class EntryWriter : IDisposable
{
    private readonly CompactWriter writer = new();

    public void Dispose() => writer.Dispose();

    /// <summary>The bytes of one entry; valid until the next call.</summary>
    /// <param name="tenant">A number of the tenant.</param>
    public ReadOnlySpan<byte> Write(int tenant, string customer, Entry entry)
    {
        var stream = (MemoryStream)writer.BaseStream;
        stream.SetLength(0);
        writer.Write7BitEncodedInt(tenant);
        writer.Write(customer);
        writer.Write((byte)FactKinds.Of(entry.Fact));
        writer.Write7BitEncodedInt64(entry.KnownFrom);
        writer.Write7BitEncodedInt64(entry.KnownUntil);
        writer.Write7BitEncodedInt64(entry.OccurredAt);
        writer.Write(entry.Source);
        writer.Write(entry.Id);
        FactFormat.Write(writer, entry.Fact);
        ChunkFormat.WriteDetails(writer, (entry.Fact as Fact.Purchase)?.Details);
        return stream.GetBuffer().AsSpan(0, (int)stream.Length);
    }
}

/// <summary>Reads what <see cref="EntryWriter"/> wrote.</summary>
public sealed class EntryReader(byte[] bytes)
{
    private readonly CompactReader reader = new(bytes);
    private readonly HashSet<string> texts = new(StringComparer.Ordinal);

    public bool AtEnd => reader.At == bytes.Length;

    /// <summary>The next entry. Texts that repeat are one object.</summary>
    public (int Tenant, string Customer, Entry Entry) Read()
    {
        var tenant = reader.Read7BitEncodedInt();
        var customer = ReadShared();
        var kind = (FactKind)reader.ReadByte();
        var (from, until, occurredAt) = (reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64());
        var (source, id) = (ReadShared(), reader.ReadString());
        var fact = FactFormat.Read(kind, reader);
        if (ChunkFormat.ReadDetails(reader) is { } details && fact is Fact.Purchase purchase) fact = purchase with { Details = details };
        return (tenant, customer, new Entry(from, until, occurredAt, source, id, fact));
    }

    private string ReadShared()
    {
        var utf8 = reader.ReadUtf8();
        const int ordinary = 128;
        if (utf8.Length > ordinary) return System.Text.Encoding.UTF8.GetString(utf8);
        Span<char> text = stackalloc char[ordinary];
        text = text[..System.Text.Encoding.UTF8.GetChars(utf8, text)];
        var known = texts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(text, out var shared)) return shared;
        known.Add(text);
        return known.TryGetValue(text, out shared) ? shared : text.ToString();
    }
}
