using System.Diagnostics;
using Retention.Domain.Metrics;

namespace Retention.Domain.Customers;

/// <summary>
/// A fact within a chunk's core, but for the details of a purchase. A kind's number and layout stay as they are within one version of
/// <see cref="ChunkFormat"/>.
/// </summary>
internal static class FactFormat
{
    private const byte OwnScale = 0x40;

    public static void Write(CompactWriter to, Fact fact)
    {
        switch (fact)
        {
            case Fact.Purchase purchase:
                to.Write(purchase.Order);
                to.WriteSigned(purchase.Total);
                to.WriteOptional(purchase.Margin, to.WriteSigned);
                to.WriteOptional(purchase.Channel);
                break;
            case Fact.Refund refund:
                to.Write(refund.Order);
                to.WriteSigned(refund.Amount);
                break;
            case Fact.Cancellation(var order):
                to.Write(order);
                break;
            case Fact.Profile profile:
                WriteProfile(to, profile);
                break;
            case Fact.Merge(var into):
                to.Write(into);
                break;
            case Fact.Unmerge(var into):
                to.Write(into);
                break;
            case Fact.Departure(var reason):
                to.WriteOptional(reason);
                break;
            case Fact.LapseReason(var reason):
                to.Write(reason);
                break;
            case Fact.Retraction retraction:
                to.Write(retraction.Source);
                to.Write(retraction.Id);
                break;
            default:
                WriteVoice(to, fact);
                break;
        }
    }

    private static void WriteVoice(CompactWriter to, Fact fact)
    {
        switch (fact)
        {
            case Fact.ComplaintReceived complaint:
                to.Write(complaint.Complaint);
                to.WriteOptional(complaint.Channel);
                to.WriteOptional(complaint.Category);
                to.WriteOptional(complaint.Severity);
                to.WriteOptional(complaint.Order, to.Write);
                break;
            case Fact.ComplaintResolved resolution:
                to.Write(resolution.Complaint);
                to.WriteOptional(resolution.Remedy);
                break;
            case Fact.OfComplaint step:
                to.Write(step.Complaint);
                break;
            case Fact.Request request:
                to.Write(request.Id);
                to.Write((byte)request.Instrument);
                to.WriteOptional(request.Touchpoint);
                to.WriteOptional(request.Channel);
                break;
            case Fact.Bounce bounce:
                to.Write(bounce.RequestId);
                to.Write((byte)bounce.Instrument);
                break;
            case Fact.Answer answer:
                WriteAnswer(to, answer);
                break;
            case Fact.Revision revision:
                to.Write(revision.AnswerId);
                to.WriteOptional(revision.Score, to.WriteSigned);
                break;
            case Fact.Withdrawal(var answer):
                to.Write(answer);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static void WriteProfile(CompactWriter to, Fact.Profile profile)
    {
        to.Write(profile.Registered);
        to.Write7BitEncodedInt(profile.Attributes.Count);
        foreach (var (name, value) in profile.Attributes)
        {
            to.Write(name);
            to.Write(value is not null);
            to.Write(value ?? "");
        }
    }

    /// <summary>A scale is written only where the answer is on another than its instrument's own.</summary>
    private static void WriteAnswer(CompactWriter to, Fact.Answer answer)
    {
        var own = answer.Scale == Scale.Of(answer.Instrument);
        to.Write(answer.Id);
        to.Write((byte)((byte)answer.Instrument | (own ? OwnScale : 0)));
        to.WriteSigned(answer.Score);
        to.WriteOptional(answer.Touchpoint);
        to.WriteOptional(answer.Channel);
        to.WriteOptional(answer.RequestId, to.Write);
        if (own) return;
        to.WriteSigned(answer.Scale.Min);
        to.WriteSigned(answer.Scale.Max);
        to.WriteSigned(answer.Scale.TopBox);
    }

    /// <exception cref="InvalidDataException">No fact of this version has the kind.</exception>
    public static Fact Read(FactKind kind, CompactReader from) => kind switch
    {
        FactKind.Purchase => new Fact.Purchase(
            from.ReadInt64(), from.ReadSigned(), from.ReadBoolean() ? from.ReadSigned() : null, from.ReadOptionalText(), null),
        FactKind.Refund => new Fact.Refund(from.ReadInt64(), from.ReadSigned()),
        FactKind.Cancellation => new Fact.Cancellation(from.ReadInt64()),
        FactKind.Profile => new Fact.Profile(from.ReadBoolean(), ReadAttributes(from)),
        FactKind.Merge => new Fact.Merge(from.ReadString()),
        FactKind.Unmerge => new Fact.Unmerge(from.ReadString()),
        FactKind.Departure => new Fact.Departure(from.ReadOptionalText()),
        FactKind.LapseReason => new Fact.LapseReason(from.ReadString()),
        FactKind.Retraction => new Fact.Retraction(from.ReadString(), from.ReadString()),
        FactKind.ComplaintReceived => new Fact.ComplaintReceived(
            from.ReadInt64(), from.ReadOptionalText(), from.ReadOptionalText(), from.ReadOptionalText(), from.ReadOptionalKey()),
        FactKind.ComplaintAcknowledged => new Fact.ComplaintAcknowledged(from.ReadInt64()),
        FactKind.ComplaintReplied => new Fact.ComplaintReplied(from.ReadInt64()),
        FactKind.ComplaintMessage => new Fact.ComplaintMessage(from.ReadInt64()),
        FactKind.ComplaintResolved => new Fact.ComplaintResolved(from.ReadInt64(), from.ReadOptionalText()),
        FactKind.ComplaintReopened => new Fact.ComplaintReopened(from.ReadInt64()),
        FactKind.ComplaintWithdrawn => new Fact.ComplaintWithdrawn(from.ReadInt64()),
        FactKind.Request => new Fact.Request(from.ReadInt64(), (Instrument)from.ReadByte(), from.ReadOptionalText(), from.ReadOptionalText()),
        FactKind.Bounce => new Fact.Bounce(from.ReadInt64(), (Instrument)from.ReadByte()),
        FactKind.Answer => ReadAnswer(from),
        FactKind.Revision => new Fact.Revision(from.ReadInt64(), from.ReadBoolean() ? (int)from.ReadSigned() : null),
        FactKind.Withdrawal => new Fact.Withdrawal(from.ReadInt64()),
        _ => throw new InvalidDataException($"A history chunk has an entry of unknown kind {(byte)kind}."),
    };

    private static Fact.Answer ReadAnswer(CompactReader from)
    {
        var id = from.ReadInt64();
        var instrument = from.ReadByte();
        var answer = new Fact.Answer(
            id, (Instrument)(instrument & ~OwnScale), (int)from.ReadSigned(), from.ReadOptionalText(), from.ReadOptionalText(), from.ReadOptionalKey());
        return (instrument & OwnScale) != 0 ? answer
            : answer with { Scale = new Scale((int)from.ReadSigned(), (int)from.ReadSigned(), (int)from.ReadSigned()) };
    }

    /// <summary>Passes over a fact.</summary>
    public static void Skip(FactKind kind, CompactReader from)
    {
        switch (kind)
        {
            case FactKind.Purchase:
                from.ReadInt64();
                from.ReadSigned();
                if (from.ReadBoolean()) from.ReadSigned();
                from.ReadUtf8();
                break;
            case FactKind.Profile:
                SkipProfile(from, []);
                break;
            default:
                Read(kind, from);
                break;
        }
    }

    /// <summary>Passes over a profile.</summary>
    /// <param name="known">Names of attributes, in UTF-8.</param>
    /// <returns>Whether it has an attribute of any other name.</returns>
    public static bool SkipProfile(CompactReader from, byte[][] known)
    {
        var others = false;
        from.ReadBoolean();
        for (var left = from.Read7BitEncodedInt(); left > 0; left--)
        {
            others |= !IsAmong(known, from.ReadUtf8());
            from.ReadBoolean();
            from.ReadUtf8();
        }
        return others;
    }

    private static bool IsAmong(byte[][] names, ReadOnlySpan<byte> name)
    {
        foreach (var each in names)
        {
            if (name.SequenceEqual(each)) return true;
        }
        return false;
    }

    private static SortedDictionary<string, string?> ReadAttributes(CompactReader from)
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
}
