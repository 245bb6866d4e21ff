using System.Collections.Immutable;

namespace Retention.Domain.Customers;

/// <summary>A chunk as bytes, in three columns, so that a question reads only those that it needs.</summary>
/// <param name="Core">
/// Times, positions, amounts, single-valued dimensions, and the names of what merges and retractions point to; never what people wrote in
/// their own words.
/// </param>
/// <param name="Names">The source and id of each event.</param>
/// <param name="Details">Lines and discount codes; empty where no entry has any.</param>
public sealed record ChunkBytes(byte[] Core, byte[] Names, byte[] Details);

/// <summary>How a chunk ends.</summary>
/// <param name="Count">Entries in it.</param>
/// <param name="Start">Where the first entry begins in the core.</param>
/// <param name="OccurredAt">Of the last entry, in UTC ticks.</param>
/// <param name="Position">From which the last entry was known.</param>
public sealed record ChunkEnd(int Count, int Start, long OccurredAt, long Position);

/// <summary>
/// Writes and reads chunks. Integers are 7-bit encoded; times are differences to the entry before, positions zigzag differences, so
/// that an ordinary purchase takes about 25 bytes in the core.
/// </summary>
public static class ChunkFormat
{
    private const byte Version = 2;
    private const byte Retracted = 0x80;

    public static ChunkBytes Write(ImmutableArray<Entry> entries)
    {
        using var core = new CompactWriter();
        using var names = new CompactWriter();
        using var details = new CompactWriter();
        core.Write(Version);
        core.Write7BitEncodedInt(entries.Length);
        var (time, position, source) = (0L, 0L, "");
        foreach (var entry in entries)
        {
            WriteCore(core, entry, time, position);
            WriteNames(names, entry, source);
            WriteDetails(details, (entry.Fact as Fact.Purchase)?.Details);
            (time, position, source) = (entry.OccurredAt, entry.KnownFrom, entry.Source);
        }
        var anyDetails = entries.Any(entry => entry.Fact is Fact.Purchase { Details: not null });
        return new ChunkBytes(core.ToArray(), names.ToArray(), anyDetails ? details.ToArray() : []);
    }

    /// <summary>A chunk with one more entry at its end, without reading those before it into objects.</summary>
    /// <param name="bytes">With its names.</param>
    /// <param name="end">Where the chunk ends, see <see cref="EndOf"/>.</param>
    public static (ChunkBytes Bytes, ChunkEnd End) Append(ChunkBytes bytes, ChunkEnd end, Entry entry)
    {
        using var core = new CompactWriter();
        core.Write(Version);
        core.Write7BitEncodedInt(end.Count + 1);
        var start = (int)core.BaseStream.Position;
        core.Write(bytes.Core.AsSpan(end.Start));
        WriteCore(core, entry, end.OccurredAt, end.Position);

        using var names = new CompactWriter();
        names.Write(bytes.Names);
        WriteNames(names, entry, "");

        var longer = new ChunkBytes(core.ToArray(), names.ToArray(), Appended(bytes.Details, end.Count, entry));
        return (longer, new ChunkEnd(end.Count + 1, start, entry.OccurredAt, entry.KnownFrom));
    }

    /// <summary>How many entries a chunk has.</summary>
    /// <exception cref="InvalidDataException">Another format wrote the chunk.</exception>
    public static int CountOf(byte[] core)
    {
        var reader = new CompactReader(core);
        RefuseOthers(reader);
        return reader.Read7BitEncodedInt();
    }

    /// <summary>Where a chunk ends, and what the next entry is written as a difference to.</summary>
    /// <exception cref="InvalidDataException">Another format wrote the chunk, or its bytes are broken.</exception>
    public static ChunkEnd EndOf(byte[] core)
    {
        var reader = new CompactReader(core);
        RefuseOthers(reader);
        var count = reader.Read7BitEncodedInt();
        var (start, time, position) = (reader.At, 0L, 0L);
        for (var left = count; left > 0; left--)
        {
            var kind = reader.ReadByte();
            time += reader.Read7BitEncodedInt64();
            position += reader.ReadSigned();
            if ((kind & Retracted) != 0) reader.Read7BitEncodedInt64();
            FactFormat.Skip((FactKind)(kind & ~Retracted), reader);
        }
        return new ChunkEnd(count, start, time, position);
    }

    /// <param name="bytes">Empty names or details read as entries without them.</param>
    /// <exception cref="InvalidDataException">Another format wrote the chunk, or its bytes are broken.</exception>
    public static ImmutableArray<Entry> Read(ChunkBytes bytes)
    {
        var core = new CompactReader(bytes.Core);
        var names = bytes.Names.Length == 0 ? null : new CompactReader(bytes.Names);
        var details = bytes.Details.Length == 0 ? null : new CompactReader(bytes.Details);
        RefuseOthers(core);
        var entries = ImmutableArray.CreateBuilder<Entry>(core.Read7BitEncodedInt());
        var (time, position, source) = (0L, 0L, "");
        for (var left = entries.Capacity; left > 0; left--)
        {
            var kind = core.ReadByte();
            time += core.Read7BitEncodedInt64();
            position += core.ReadSigned();
            var knownUntil = (kind & Retracted) != 0 ? position + core.Read7BitEncodedInt64() : 0;
            if (names?.ReadString() is { Length: > 0 } next) source = next;
            var fact = FactFormat.Read((FactKind)(kind & ~Retracted), core);
            if (details is not null && ReadDetails(details) is { } read && fact is Fact.Purchase purchase) fact = purchase with { Details = read };
            entries.Add(new Entry(position, knownUntil, time, source, names?.ReadString() ?? "", fact));
        }
        return entries.MoveToImmutable();
    }

    /// <summary>Adds the entries of a chunk to columns, without names and details.</summary>
    /// <param name="core">At the beginning of a chunk's core.</param>
    /// <exception cref="InvalidDataException">Another format wrote the chunk, or its bytes are broken.</exception>
    internal static void Read(CompactReader core, Columns into)
    {
        RefuseOthers(core);
        var (time, position) = (0L, 0L);
        for (var left = core.Read7BitEncodedInt(); left > 0; left--)
        {
            var kind = core.ReadByte();
            time += core.Read7BitEncodedInt64();
            position += core.ReadSigned();
            var knownUntil = (kind & Retracted) != 0 ? position + core.Read7BitEncodedInt64() : 0;
            var known = new Known(time, position, knownUntil);
            switch ((FactKind)(kind & ~Retracted))
            {
                case FactKind.Purchase:
                    var (order, total) = (core.ReadInt64(), core.ReadSigned());
                    into.AddPurchase(known, order, total, core.ReadBoolean() ? core.ReadSigned() : null, core.ReadUtf8());
                    break;
                case FactKind.Profile:
                    into.AddProfile(known, core);
                    break;
                case var other:
                    into.AddOther(known, FactFormat.Read(other, core));
                    break;
            }
        }
    }

    private static void RefuseOthers(CompactReader core)
    {
        var version = core.ReadByte();
        if (version != Version)
            throw new InvalidDataException($"A history chunk has format {version}; this program reads {Version} only. Make the histories anew from the log.");
    }

    private static void WriteCore(CompactWriter core, Entry entry, long time, long position)
    {
        core.Write((byte)((byte)FactKinds.Of(entry.Fact) | (entry.KnownUntil != 0 ? Retracted : 0)));
        core.Write7BitEncodedInt64(entry.OccurredAt - time);
        core.WriteSigned(entry.KnownFrom - position);
        if (entry.KnownUntil != 0) core.Write7BitEncodedInt64(entry.KnownUntil - entry.KnownFrom);
        FactFormat.Write(core, entry.Fact);
    }

    private static void WriteNames(CompactWriter names, Entry entry, string source)
    {
        names.Write(entry.Source == source ? "" : entry.Source);
        names.Write(entry.Id);
    }

    /// <summary>The details of a chunk with those of one more entry.</summary>
    private static byte[] Appended(byte[] before, int count, Entry entry)
    {
        var own = (entry.Fact as Fact.Purchase)?.Details;
        if (before.Length == 0 && own is null) return before;
        using var details = new CompactWriter();
        if (before.Length > 0) details.Write(before);
        else for (var left = count; left > 0; left--) WriteDetails(details, null);
        WriteDetails(details, own);
        return details.ToArray();
    }

    internal static void WriteDetails(CompactWriter to, PurchaseDetails? details)
    {
        to.Write7BitEncodedInt(details is null ? 0 : details.Lines.Count + 1);
        if (details is null) return;
        foreach (var line in details.Lines)
        {
            to.Write(line.Sku);
            to.Write(line.Category);
            to.Write(line.OneOff);
        }
        to.Write7BitEncodedInt(details.Codes.Count);
        foreach (var code in details.Codes) to.Write(code);
    }

    internal static PurchaseDetails? ReadDetails(CompactReader from)
    {
        var lineCount = from.Read7BitEncodedInt() - 1;
        if (lineCount < 0) return null;
        var lines = new BoughtLine[lineCount];
        for (var i = 0; i < lineCount; i++) lines[i] = new BoughtLine(from.ReadString(), from.ReadString(), from.ReadBoolean());
        var codes = new string[from.Read7BitEncodedInt()];
        for (var i = 0; i < codes.Length; i++) codes[i] = from.ReadString();
        return new PurchaseDetails(lines, codes);
    }
}
