using System.Collections.Immutable;
using System.Diagnostics;

namespace Retention.Domain.Customers;

/// <summary>A chunk as bytes, in three columns, so that a question reads only those that it needs.</summary>
/// <param name="Core">Times, positions, amounts and single-valued dimensions.</param>
/// <param name="Names">The source and id of each event.</param>
/// <param name="Details">Lines and discount codes; empty where no entry has any.</param>
public readonly record struct ChunkBytes(byte[] Core, byte[] Names, byte[] Details);

/// <summary>
/// Writes and reads chunks. Integers are 7-bit encoded; times are differences to the entry before, positions zigzag differences, so
/// that an ordinary purchase takes about 25 bytes in the core.
/// </summary>
public static class ChunkFormat
{
    private const byte Version = 1;
    private const byte Retracted = 0x80;

    private enum Kind : byte
    {
        Purchase = 1,
        Refund,
        Cancellation,
        Profile,
        ComplaintReceived,
        ComplaintReplied,
        ComplaintResolved,
        Answer,
    }

    public static ChunkBytes Write(ImmutableArray<Entry> entries)
    {
        using var core = new Output();
        using var names = new Output();
        using var details = new Output();
        core.Write(Version);
        core.Write7BitEncodedInt(entries.Length);
        var (time, position, source) = (0L, 0L, "");
        foreach (var entry in entries)
        {
            core.Write((byte)(KindOf(entry.Fact) | (entry.KnownUntil != 0 ? Retracted : 0)));
            core.Write7BitEncodedInt64(entry.OccurredAt - time);
            core.WriteSigned(entry.KnownFrom - position);
            if (entry.KnownUntil != 0) core.Write7BitEncodedInt64(entry.KnownUntil - entry.KnownFrom);
            WriteFact(core, entry.Fact);
            names.Write(entry.Source == source ? "" : entry.Source);
            names.Write(entry.Id);
            WriteDetails(details, (entry.Fact as Fact.Purchase)?.Details);
            (time, position, source) = (entry.OccurredAt, entry.KnownFrom, entry.Source);
        }
        var anyDetails = entries.Any(entry => entry.Fact is Fact.Purchase { Details: not null });
        return new ChunkBytes(core.ToArray(), names.ToArray(), anyDetails ? details.ToArray() : []);
    }

    /// <param name="bytes">Empty names or details read as entries without them.</param>
    public static ImmutableArray<Entry> Read(ChunkBytes bytes)
    {
        using var core = new Input(bytes.Core);
        using var names = bytes.Names.Length == 0 ? null : new Input(bytes.Names);
        using var details = bytes.Details.Length == 0 ? null : new Input(bytes.Details);
        var version = core.ReadByte();
        if (version != Version) throw new InvalidDataException($"A history chunk has format {version}; this version reads {Version}.");
        var entries = ImmutableArray.CreateBuilder<Entry>(core.Read7BitEncodedInt());
        var (time, position, source) = (0L, 0L, "");
        for (var left = entries.Capacity; left > 0; left--)
        {
            var kind = core.ReadByte();
            time += core.Read7BitEncodedInt64();
            position += core.ReadSigned();
            var knownUntil = (kind & Retracted) != 0 ? position + core.Read7BitEncodedInt64() : 0;
            if (names?.ReadString() is { Length: > 0 } next) source = next;
            var fact = ReadFact((Kind)(kind & ~Retracted), core);
            if (details is not null && ReadDetails(details) is { } read && fact is Fact.Purchase purchase) fact = purchase with { Details = read };
            entries.Add(new Entry(position, knownUntil, time, source, names?.ReadString() ?? "", fact));
        }
        return entries.MoveToImmutable();
    }

    private static byte KindOf(Fact fact) => (byte)(fact switch
    {
        Fact.Purchase => Kind.Purchase,
        Fact.Refund => Kind.Refund,
        Fact.Cancellation => Kind.Cancellation,
        Fact.Profile => Kind.Profile,
        Fact.ComplaintReceived => Kind.ComplaintReceived,
        Fact.ComplaintReplied => Kind.ComplaintReplied,
        Fact.ComplaintResolved => Kind.ComplaintResolved,
        Fact.Answer => Kind.Answer,
        _ => throw new UnreachableException($"{fact.GetType().Name} has no stored kind."),
    });

    private static void WriteFact(Output to, Fact fact)
    {
        switch (fact)
        {
            case Fact.Purchase purchase:
                to.Write(purchase.Order);
                to.WriteSigned(purchase.Total);
                to.WriteOptional(purchase.Margin, to.WriteSigned);
                to.Write(purchase.Channel ?? "");
                break;
            case Fact.Refund refund:
                to.Write(refund.Order);
                to.WriteSigned(refund.Amount);
                break;
            case Fact.Cancellation cancellation:
                to.Write(cancellation.Order);
                break;
            case Fact.Profile profile:
                to.Write(profile.Registered);
                to.Write7BitEncodedInt(profile.Attributes.Count);
                foreach (var (name, value) in profile.Attributes)
                {
                    to.Write(name);
                    to.Write(value is not null);
                    to.Write(value ?? "");
                }
                break;
            case Fact.ComplaintReceived complaint:
                to.Write(complaint.Complaint);
                to.Write(complaint.Channel ?? "");
                to.Write(complaint.Category ?? "");
                to.WriteOptional(complaint.Order, to.Write);
                break;
            case Fact.ComplaintReplied reply:
                to.Write(reply.Complaint);
                break;
            case Fact.ComplaintResolved resolution:
                to.Write(resolution.Complaint);
                break;
            case Fact.Answer answer:
                to.Write((byte)answer.Instrument);
                to.WriteSigned(answer.Score);
                to.Write(answer.Touchpoint ?? "");
                to.Write(answer.Channel ?? "");
                to.WriteOptional(answer.Request, to.Write);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static Fact ReadFact(Kind kind, Input from) => kind switch
    {
        Kind.Purchase => new Fact.Purchase(
            from.ReadInt64(), from.ReadSigned(), from.ReadBoolean() ? from.ReadSigned() : null, from.ReadOptionalText(), null),
        Kind.Refund => new Fact.Refund(from.ReadInt64(), from.ReadSigned()),
        Kind.Cancellation => new Fact.Cancellation(from.ReadInt64()),
        Kind.Profile => new Fact.Profile(from.ReadBoolean(), ReadAttributes(from)),
        Kind.ComplaintReceived => new Fact.ComplaintReceived(
            from.ReadInt64(), from.ReadOptionalText(), from.ReadOptionalText(), from.ReadBoolean() ? from.ReadInt64() : null),
        Kind.ComplaintReplied => new Fact.ComplaintReplied(from.ReadInt64()),
        Kind.ComplaintResolved => new Fact.ComplaintResolved(from.ReadInt64()),
        Kind.Answer => new Fact.Answer(
            (Instrument)from.ReadByte(), (int)from.ReadSigned(), from.ReadOptionalText(), from.ReadOptionalText(),
            from.ReadBoolean() ? from.ReadInt64() : null),
        _ => throw new InvalidDataException($"A history chunk has an entry of unknown kind {(byte)kind}."),
    };

    private static SortedDictionary<string, string?> ReadAttributes(Input from)
    {
        var attributes = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        for (var left = from.Read7BitEncodedInt(); left > 0; left--)
        {
            var name = from.ReadString();
            var present = from.ReadBoolean();
            var value = from.ReadString();
            attributes[name] = present ? value : null;
        }
        return attributes;
    }

    private static void WriteDetails(Output to, PurchaseDetails? details)
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

    private static PurchaseDetails? ReadDetails(Input from)
    {
        var lineCount = from.Read7BitEncodedInt() - 1;
        if (lineCount < 0) return null;
        var lines = new BoughtLine[lineCount];
        for (var i = 0; i < lineCount; i++) lines[i] = new BoughtLine(from.ReadString(), from.ReadString(), from.ReadBoolean());
        var codes = new string[from.Read7BitEncodedInt()];
        for (var i = 0; i < codes.Length; i++) codes[i] = from.ReadString();
        return new PurchaseDetails(lines, codes);
    }

    private sealed class Output() : BinaryWriter(new MemoryStream())
    {
        public byte[] ToArray() => ((MemoryStream)BaseStream).ToArray();

        public void WriteSigned(long value) => Write7BitEncodedInt64(unchecked((value << 1) ^ (value >> 63)));

        public void WriteOptional(long? value, Action<long> write)
        {
            Write(value is not null);
            if (value is { } known) write(known);
        }
    }

    private sealed class Input(byte[] bytes) : BinaryReader(new MemoryStream(bytes, writable: false))
    {
        public long ReadSigned()
        {
            var value = Read7BitEncodedInt64();
            return unchecked((long)((ulong)value >> 1) ^ -(value & 1));
        }

        public string? ReadOptionalText() => ReadString() is { Length: > 0 } text ? text : null;
    }
}
