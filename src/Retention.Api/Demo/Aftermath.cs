using NodaTime;
using Retention.Domain.Events;
using static Retention.Domain.Events.CustomerEvent;

namespace Retention.Api.Demo;

/// <summary>What follows one order: a return, a complaint and how it is handled, and answers that depend on both.</summary>
internal sealed class Aftermath(Random chance, Action<Instant, CustomerEvent> happen, double mood, PurchaseMade order)
{
    // How a complaint ends: what it does to later answers, in points of a ten-point scale, and to the probability of leaving.
    private static readonly (double Satisfaction, double Leaving) Ignored = (-4.0, 0.40);
    private static readonly (double Satisfaction, double Leaving) Unresolved = (-3.2, 0.30);
    private static readonly (double Satisfaction, double Leaving) ResolvedLate = (-1.8, 0.15);
    private static readonly (double Satisfaction, double Leaving) ResolvedSoon = (-0.6, 0.04);

    private static readonly (double, Desk)[] Desks =
    [
        (46, new("email", Duration.FromHours(11), Duration.FromHours(30))),
        (26, new("chat", Duration.FromMinutes(4), Duration.FromMinutes(40))),
        (17, new("phone", Duration.FromMinutes(25), Duration.FromHours(5))),
        (11, new("social", Duration.FromHours(6), Duration.FromHours(26))),
    ];

    private static readonly (double, string)[] Categories =
        [(36, "delivery"), (29, "product"), (14, "service"), (12, "payment"), (9, "website")];

    private static readonly (double, string)[] Severities = [(25, "low"), (55, "normal"), (20, "high")];
    private static readonly (double, string)[] Remedies = [(35, "refund"), (25, "replacement"), (22, "voucher"), (18, "apology")];
    private static readonly (double, string)[] Returns = [(50, "changed-mind"), (30, "damaged"), (20, "not-as-described")];

    private double satisfaction;

    /// <summary>The probability of leaving because of this order.</summary>
    public double Discontent { get; private set; }

    public bool GaveVoucher { get; private set; }

    /// <param name="progress">How much of the three years is over, 0 … 1: the desks get faster.</param>
    public void Follow(Instant at, double progress, string complaintId)
    {
        var share = order.Channel switch { "marketplace" => 0.085, "store" => 0.03, _ => 0.058 };
        if (chance.Happens(share))
        {
            var closed = Complain(at + chance.Delay(Duration.FromDays(3), spread: 0.7), progress, complaintId);
            if (chance.Happens(0.35)) Recommend(closed + chance.Delay(Duration.FromDays(4), spread: 0.5));
            return;
        }
        if (chance.Happens(0.07)) Rate(at + chance.Delay(Duration.FromMinutes(3), spread: 0.6), "checkout", order.Channel!);
        if (chance.Happens(0.025)) Return(at + chance.Delay(Duration.FromDays(6), spread: 0.5));
        if (chance.Happens(0.11)) Recommend(at + chance.Delay(Duration.FromDays(7), spread: 0.4));
    }

    // The moment after which the customer knows how the complaint ended.
    private Instant Complain(Instant received, double progress, string complaintId)
    {
        var desk = chance.Pick(Desks);
        var category = chance.Pick(Categories);
        happen(received, new ComplaintReceived(
            complaintId, desk.Channel, category, chance.Pick(Severities), order.OrderId, Words.Complaint(chance, category)));
        if (chance.Happens(0.05)) return GiveUp(complaintId, Ignored, received + Duration.FromDays(8));

        var speed = 1.3 - 0.7 * progress;
        var replied = received + chance.Delay(desk.Reply * speed, spread: 0.9);
        happen(replied, new ComplaintReplied(complaintId));
        if (chance.Happens(0.3))
        {
            replied += chance.Delay(desk.Resolution * (speed / 2), spread: 0.8);
            happen(replied, new ComplaintReplied(complaintId));
        }
        if (chance.Happens(0.09)) return GiveUp(complaintId, Unresolved, replied + Duration.FromDays(6));

        var resolved = replied + chance.Delay(desk.Resolution * speed, spread: 0.9);
        var remedy = chance.Pick(Remedies);
        happen(resolved, new ComplaintResolved(complaintId, remedy));
        GaveVoucher = remedy == "voucher";
        if (remedy == "refund") Refund(resolved, category);
        End(resolved - received < desk.Resolution * 2 ? ResolvedSoon : ResolvedLate, resolved);
        if (chance.Happens(0.42)) Rate(resolved + chance.Delay(Duration.FromHours(5), spread: 0.8), "complaint", desk.Channel);
        if (chance.Happens(0.30)) Effort(resolved + chance.Delay(Duration.FromHours(7), spread: 0.8), "complaint", desk.Channel);
        return resolved;
    }

    // Who is not helped takes the complaint back some weeks later.
    private Instant GiveUp(string complaintId, (double Satisfaction, double Leaving) end, Instant at)
    {
        happen(at + Duration.FromDays(24), new ComplaintWithdrawn(complaintId));
        return End(end, at);
    }

    private Instant End((double Satisfaction, double Leaving) end, Instant at)
    {
        (satisfaction, Discontent) = end;
        return at;
    }

    private void Return(Instant at)
    {
        Refund(at, chance.Pick(Returns));
        if (chance.Happens(0.25)) Effort(at + chance.Delay(Duration.FromDays(1), spread: 0.5), "return", "email");
    }

    // The whole order, or one of its lines as far as the charge reaches.
    private void Refund(Instant at, string reason)
    {
        var charged = order.Charged();
        if (chance.Happens(0.5))
        {
            happen(at, new PurchaseRefunded(order.OrderId, charged, reason, Lines: null));
            return;
        }
        var line = chance.Pick(order.Lines!);
        var amount = Math.Min(charged, line.Quantity!.Value * line.UnitPrice!.Value);
        happen(at, new PurchaseRefunded(order.OrderId, amount, reason, [line]));
    }

    private void Recommend(Instant at)
    {
        var score = chance.Score(8.7 + mood + satisfaction, spread: 1.5, lowest: 0, highest: 10);
        Answer(at, "nps", score, "delivery", "email", happy: score >= 9, unhappy: score <= 6);
    }

    private void Rate(Instant at, string touchpoint, string channel)
    {
        var score = chance.Score(4.4 + 0.35 * mood + 0.4 * satisfaction, spread: 0.8, lowest: 1, highest: 5);
        Answer(at, "csat", score, touchpoint, channel, happy: score >= 4, unhappy: score <= 2);
    }

    private void Effort(Instant at, string touchpoint, string channel)
    {
        var score = chance.Score(5.9 + 0.4 * mood + 0.6 * satisfaction, spread: 1.1, lowest: 1, highest: 7);
        Answer(at, "ces", score, touchpoint, channel, happy: score >= 6, unhappy: score <= 3);
    }

    private void Answer(Instant at, string instrument, int score, string touchpoint, string channel, bool happy, bool unhappy) =>
        happen(at, new FeedbackGiven(
            instrument, score, RequestId: null, ScaleMin: null, ScaleMax: null, TopBox: null, touchpoint, channel,
            chance.Happens(0.3) ? Words.Comment(chance, happy, unhappy) : null));

    /// <summary>How complaints come in, and the medians of first reply and of resolution after the last reply.</summary>
    private sealed record Desk(string Channel, Duration Reply, Duration Resolution);
}
