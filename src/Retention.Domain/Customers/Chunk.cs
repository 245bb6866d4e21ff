using System.Collections.Immutable;

namespace Retention.Domain.Customers;

/// <summary>
/// A run of entries that is stored as one row. What comes from the store stays bytes until somebody asks for its entries: most batches
/// only put something behind them. Immutable, and the same as another only if it is that one.
/// </summary>
public sealed class Chunk
{
    /// <summary>
    /// The most entries in a chunk. Small, so that one event of a customer with 100 000 purchases rewrites no more than a few ordinary
    /// customers' worth of bytes.
    /// </summary>
    public const int Capacity = 64;

    /// <summary>The number of every customer's first chunk.</summary>
    public const long First = 0;

    /// <summary>Between the numbers of neighbours; halved 32 times before the chunks of a customer are numbered anew.</summary>
    public const long Gap = 1L << 32;

    private ImmutableArray<Entry> entries;
    private ChunkBytes? bytes;
    private ChunkEnd? end;

    public Chunk(long number, ImmutableArray<Entry> entries)
    {
        Number = number;
        Count = entries.Length;
        this.entries = entries;
    }

    /// <param name="bytes">With names, where anything is to be added.</param>
    /// <exception cref="InvalidDataException">Another format wrote the chunk, or its bytes are broken.</exception>
    public Chunk(long number, ChunkBytes bytes)
    {
        Number = number;
        Count = ChunkFormat.CountOf(bytes.Core);
        this.bytes = bytes;
    }

    private Chunk(long number, ChunkBytes bytes, ChunkEnd end)
    {
        Number = number;
        Count = end.Count;
        this.bytes = bytes;
        this.end = end;
    }

    /// <summary>Orders the chunks of a customer; numbers have gaps, so that a chunk can be halved without touching the others.</summary>
    public long Number { get; }

    /// <summary>How many entries there are.</summary>
    public int Count { get; }

    /// <summary>In order of (occurredAt, source, id).</summary>
    public ImmutableArray<Entry> Entries => entries.IsDefault ? entries = ChunkFormat.Read(bytes!) : entries;

    /// <summary>The chunk as it is stored.</summary>
    public ChunkBytes Bytes => bytes ??= ChunkFormat.Write(entries);

    /// <summary>The same entries under another number.</summary>
    public Chunk Numbered(long number) => entries.IsDefault ? new(number, bytes!) : new(number, entries);

    /// <summary>
    /// The chunk with an entry behind all others, by its bytes alone; null where there is no room, where the entry does not come last by its
    /// time alone, and where the chunk is not in bytes.
    /// </summary>
    public Chunk? TryAppend(Entry entry)
    {
        if (bytes is null || Count >= Capacity) return null;
        end ??= ChunkFormat.EndOf(bytes.Core);
        if (end.OccurredAt >= entry.OccurredAt) return null;
        var (longer, last) = ChunkFormat.Append(bytes, end, entry);
        return new Chunk(Number, longer, last);
    }
}
