using System.Buffers.Binary;

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
        writer.Write(0);
        writer.Write7BitEncodedInt(tenant);
        writer.Write(customer);
        writer.Write7BitEncodedInt64(entry.OccurredAt);
        writer.Write7BitEncodedInt64(entry.KnownFrom);
        writer.Write7BitEncodedInt64(entry.KnownUntil);
        writer.Write((byte)FactKinds.Of(entry.Fact));
        writer.Write(entry.Source);
        writer.Write(entry.Id);
        FactFormat.Write(writer, entry.Fact);
        ChunkFormat.WriteDetails(writer, (entry.Fact as Fact.Purchase)?.Details);
        var bytes = stream.GetBuffer().AsSpan(0, (int)stream.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length);
        return bytes;
    }
}

/// <summary>Whose an entry is and where it lies.</summary>
/// <param name="OccurredAt">In UTC ticks.</param>
/// <param name="At">For <see cref="EntryReader.ReadAt"/>.</param>
public readonly record struct EntryPlace(int Tenant, string Customer, long OccurredAt, int At);

/// <summary>
/// Reads what <see cref="EntryWriter"/> wrote: first through all places, then the entries in whatever order, so that few are objects at a
/// time.
/// </summary>
/// <param name="length">How many of the bytes are entries.</param>
public sealed class EntryReader(byte[] bytes, int length)
{
    private readonly CompactReader reader = new([]);
    private readonly TextCodes texts = new();
    private int next;

    public bool AtEnd => next == length;

    /// <summary>The next entry's place. Texts that repeat are one object.</summary>
    public EntryPlace Next()
    {
        var size = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(next));
        reader.Reset(new ArraySegment<byte>(bytes, next + sizeof(int), size - sizeof(int)));
        next += size;
        var (tenant, customer, at) = (reader.Read7BitEncodedInt(), ReadShared(), reader.At);
        return new EntryPlace(tenant, customer, reader.Read7BitEncodedInt64(), at);
    }

    public Entry ReadAt(int at)
    {
        reader.Reset(new ArraySegment<byte>(bytes, at, length - at));
        var (occurredAt, from, until) = (reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64());
        var kind = (FactKind)reader.ReadByte();
        var (source, id) = (ReadShared(), reader.ReadString());
        var fact = FactFormat.Read(kind, reader);
        if (ChunkFormat.ReadDetails(reader) is { } details && fact is Fact.Purchase purchase) fact = purchase with { Details = details };
        return new Entry(from, until, occurredAt, source, id, fact);
    }

    private string ReadShared() => texts[texts.CodeOf(reader.ReadUtf8())] ?? "";
}
