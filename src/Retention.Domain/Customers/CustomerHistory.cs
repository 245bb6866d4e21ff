using System.Collections.Immutable;

namespace Retention.Domain.Customers;

/// <summary>
/// The fold of one customer's events: every fact ever known, in order of business time, cut into chunks so that an arrival rewrites
/// only the chunk that it falls into. Immutable; chunks that did not change are shared.
/// </summary>
/// <param name="Chunks">In order of their numbers, which is the order of their entries.</param>
public sealed record CustomerHistory(ImmutableArray<Chunk> Chunks)
{
    public static CustomerHistory Empty { get; } = new(ImmutableArray<Chunk>.Empty);

    public IEnumerable<Entry> Entries => Chunks.SelectMany(chunk => chunk.Entries);

    public CustomerHistory With(Entry entry)
    {
        if (Chunks.IsEmpty) return new([new Chunk(Chunk.First, [entry])]);
        if (Chunks[^1].TryAppend(entry) is { } longer) return new(Chunks.SetItem(Chunks.Length - 1, longer));
        var at = Math.Max(0, LastStartingAtOrBefore(entry));
        var chunk = Chunks[at];
        var place = chunk.Entries.BinarySearch(entry, Entry.InOrder);
        var grown = new Chunk(chunk.Number, chunk.Entries.Insert(place < 0 ? ~place : place, entry));
        return grown.Count <= Chunk.Capacity ? new(Chunks.SetItem(at, grown)) : Split(at, grown);
    }

    /// <summary>
    /// Several customers' histories as that of one: all their entries in order, in one chunk. It is looked at, and never stored.
    /// </summary>
    public static CustomerHistory Joined(IEnumerable<CustomerHistory> histories) =>
        new([new Chunk(0, [.. histories.SelectMany(history => history.Entries).Order(Entry.InOrder)])]);

    /// <summary>The entry in force of a source's id; null where it never was here, or is retracted already.</summary>
    /// <param name="occurredAt">When it occurred, in UTC ticks.</param>
    public Entry? InForce(long occurredAt, string source, string id) =>
        Find(occurredAt, source, id) is (var chunk, var index) ? Chunks[chunk].Entries[index] : null;

    /// <summary>The history in which an entry in force, as <see cref="InForce"/> gives it, was known until a position.</summary>
    public CustomerHistory Retract(Entry entry, long position)
    {
        var (chunk, index) = Find(entry.OccurredAt, entry.Source, entry.Id) ?? throw new ArgumentException("The entry is not in force here.", nameof(entry));
        var entries = Chunks[chunk].Entries.SetItem(index, Chunks[chunk].Entries[index] with { KnownUntil = position });
        return new(Chunks.SetItem(chunk, new Chunk(Chunks[chunk].Number, entries)));
    }

    /// <summary>The chunks of this history that differ from those of an earlier one; what has to be written.</summary>
    public IEnumerable<Chunk> ChangedSince(CustomerHistory earlier) => Chunks.Except(earlier.Chunks);

    /// <summary>Numbers of an earlier history's chunks that this one has no more, since its chunks were numbered anew; what has to be deleted.</summary>
    public IEnumerable<long> RemovedSince(CustomerHistory earlier) =>
        earlier.Chunks.Select(chunk => chunk.Number).Except(Chunks.Select(chunk => chunk.Number));

    /// <summary>An event that was retracted and sent again stands beside itself, so that several entries may share a place in the order.</summary>
    private (int Chunk, int Index)? Find(long occurredAt, string source, string id)
    {
        var wanted = new Entry(0, 0, occurredAt, source, id, new Fact.Retraction(source, id));
        for (var chunk = LastStartingAtOrBefore(wanted); chunk >= 0; chunk--)
        {
            var entries = Chunks[chunk].Entries;
            for (var index = entries.Length - 1; index >= 0; index--)
            {
                var order = Entry.InOrder.Compare(entries[index], wanted);
                if (order < 0) return null;
                if (order == 0 && entries[index].KnownUntil == 0) return (chunk, index);
            }
        }
        return null;
    }

    private int LastStartingAtOrBefore(Entry entry)
    {
        var (low, high) = (0, Chunks.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (Entry.InOrder.Compare(Chunks[middle].Entries[0], entry) <= 0) low = middle + 1;
            else high = middle - 1;
        }
        return high;
    }

    /// <summary>A chunk that grew at the very end starts a new one, so that arrivals in order leave full chunks; any other is halved.</summary>
    private CustomerHistory Split(int at, Chunk grown)
    {
        var last = at == Chunks.Length - 1;
        var kept = last ? Chunk.Capacity : grown.Entries.Length / 2;
        var number = last ? grown.Number + Chunk.Gap : grown.Number + (Chunks[at + 1].Number - grown.Number) / 2;
        var right = new Chunk(number, grown.Entries[kept..]);
        var chunks = Chunks.SetItem(at, new Chunk(grown.Number, grown.Entries[..kept])).Insert(at + 1, right);
        return number != grown.Number ? new(chunks) : new([.. chunks.Select((chunk, index) => chunk.Numbered(index * Chunk.Gap))]);
    }
}
