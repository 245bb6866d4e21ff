using Retention.Domain.Customers;
using Retention.Domain.Events;

namespace Retention.Projections.Tests;

internal enum What
{
    Bought,
    Refunded,
    Cancelled,
    Changed,
    Complained,
    Replied,
    Resolved,
    Acknowledged,
    Wrote,
    Reopened,
    WithdrewComplaint,
    Answered,
    Asked,
    Bounced,
    Revised,
    Registered,
    Withdrew,
    Merged,
    Unmerged,
    Retracted,
}

/// <summary>An event in its plainest form, for the recomputation; it becomes an event of the vocabulary for the code under test.</summary>
/// <param name="At">UTC.</param>
/// <param name="About">The order, the complaint, the instrument, the other customer, or what is revised, withdrawn or retracted: its id, or its source and id as <c>shop/1</c>.</param>
/// <param name="Request">The request that is sent, bounces or is answered.</param>
/// <param name="Amount">A purchase's total or a refund, in major units.</param>
internal sealed record Happening(
    string Customer, DateTime At, string Source, string Id, What What, string About, decimal Amount = 0, decimal? Margin = null, int Score = 0,
    string? Request = null)
{
    /// <summary>Whether it speaks about the record, and is no fact by itself.</summary>
    public bool Corrects() => What is What.Merged or What.Unmerged or What.Retracted;

    public (string Source, string Id) Name() => (Source, Id);

    /// <summary>The name of what it retracts.</summary>
    public (string Source, string Id) Target() => (About.Split('/')[0], About.Split('/')[1]);

    public Envelope ToEnvelope() => Envelope.Of(Source, Id, Customer, new DateTimeOffset(At, TimeSpan.Zero), ToEvent());

    public Entry ToEntry(long position) => new(position, 0, At.Ticks, Source, Id, Fact.Of(ToEvent(), Source, Id));

    private CustomerEvent ToEvent() => What switch
    {
        What.Bought => new CustomerEvent.PurchaseMade(About, "EUR", Amount, null, null, null, null, null, null, Margin, Source),
        What.Refunded => new CustomerEvent.PurchaseRefunded(About, Amount, null, null),
        What.Cancelled => new CustomerEvent.PurchaseCancelled(About, null),
        What.Changed => new CustomerEvent.CustomerChanged(new Dictionary<string, string?> { ["tier"] = About }),
        What.Complained => new CustomerEvent.ComplaintReceived(About, Score > 2 ? "email" : "chat", null, null, null, null),
        What.Replied => new CustomerEvent.ComplaintReplied(About),
        What.Resolved => new CustomerEvent.ComplaintResolved(About, null),
        What.Acknowledged => new CustomerEvent.ComplaintAcknowledged(About),
        What.Wrote => new CustomerEvent.ComplaintMessage(About),
        What.Reopened => new CustomerEvent.ComplaintReopened(About),
        What.WithdrewComplaint => new CustomerEvent.ComplaintWithdrawn(About),
        What.Asked => new CustomerEvent.FeedbackRequested(Request!, About, null, null),
        What.Bounced => new CustomerEvent.FeedbackBounced(Request!, About, null, null),
        What.Revised => new CustomerEvent.FeedbackRevised(About.Split('/')[1], About.Split('/')[0], Score, null),
        What.Registered => new CustomerEvent.CustomerRegistered(null, null, null, null, null),
        What.Withdrew => new CustomerEvent.FeedbackWithdrawn(About.Split('/')[^1], About.Contains('/') ? About.Split('/')[0] : null, null, null),
        What.Merged => new CustomerEvent.CustomerMerged(About),
        What.Unmerged => new CustomerEvent.CustomerUnmerged(About),
        What.Retracted => new CustomerEvent.EventRetracted(Target().Id, Target().Source, null),
        _ => new CustomerEvent.FeedbackGiven(About, Score, Request, null, null, null, Source == "web" ? Source : null, null, null),
    };
}
