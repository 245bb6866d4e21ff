using System.Diagnostics;

namespace Retention.Domain.Customers;

/// <summary>How a chunk names a fact; all below 0x80. A number stays with its fact within one version of <see cref="ChunkFormat"/>.</summary>
internal enum FactKind : byte
{
    Purchase = 1,
    Refund,
    Cancellation,
    Profile,
    ComplaintReceived,
    ComplaintReplied,
    ComplaintResolved,
    Answer,
    Merge,
    Unmerge,
    Departure,
    LapseReason,
    ComplaintAcknowledged,
    ComplaintMessage,
    ComplaintReopened,
    ComplaintWithdrawn,
    Request,
    Bounce,
    Revision,
    Withdrawal,
    Retraction,
}

internal static class FactKinds
{
    public static FactKind Of(Fact fact) => fact switch
    {
        Fact.Purchase => FactKind.Purchase,
        Fact.Refund => FactKind.Refund,
        Fact.Cancellation => FactKind.Cancellation,
        Fact.Profile => FactKind.Profile,
        Fact.ComplaintReceived => FactKind.ComplaintReceived,
        Fact.ComplaintReplied => FactKind.ComplaintReplied,
        Fact.ComplaintResolved => FactKind.ComplaintResolved,
        Fact.Answer => FactKind.Answer,
        Fact.Merge => FactKind.Merge,
        Fact.Unmerge => FactKind.Unmerge,
        Fact.Departure => FactKind.Departure,
        Fact.LapseReason => FactKind.LapseReason,
        Fact.ComplaintAcknowledged => FactKind.ComplaintAcknowledged,
        Fact.ComplaintMessage => FactKind.ComplaintMessage,
        Fact.ComplaintReopened => FactKind.ComplaintReopened,
        Fact.ComplaintWithdrawn => FactKind.ComplaintWithdrawn,
        Fact.Request => FactKind.Request,
        Fact.Bounce => FactKind.Bounce,
        Fact.Revision => FactKind.Revision,
        Fact.Withdrawal => FactKind.Withdrawal,
        Fact.Retraction => FactKind.Retraction,
        _ => throw new UnreachableException($"{fact.GetType().Name} has no stored kind."),
    };
}
