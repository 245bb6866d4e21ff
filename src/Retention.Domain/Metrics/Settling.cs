namespace Retention.Domain.Metrics;

/// <summary>A point of the curve by which events arrive.</summary>
/// <param name="Days">d: whole days from occurredAt to recordedAt.</param>
/// <param name="Events">Recorded after d whole days.</param>
/// <param name="AtRisk">Recorded after at most d days, of those that occurred at least d days ago.</param>
/// <param name="Share">F(d): share of events that arrive within d days, the d-th included.</param>
public sealed record SettlingStep(int Days, long Events, long AtRisk, double Share);

/// <summary>
/// The share of events that arrive within d days, <c>F(d) = ∏ (1 − nⱼ / Nⱼ)</c> over all j &gt; d, with <c>nⱼ</c> events that came after j days, and
/// <c>Nⱼ</c> that came after at most j days among those that occurred at least j days ago. Young events are only seen if they came soon; the product over
/// reversed time allows for that. It is conditional on the longest delay that was seen at all. Kalbfleisch &amp; Lawless (1989), JASA 84(406).
/// </summary>
public sealed class Settling
{
    private readonly double[] shares;

    private Settling(IReadOnlyList<SettlingStep> steps, double[] shares) => (Steps, this.shares) = (steps, shares);

    /// <summary>From 0 days to the longest delay seen; empty without events.</summary>
    public IReadOnlyList<SettlingStep> Steps { get; }

    /// <param name="delays">Events by delay and by age, both in whole days; a delay is at most the age.</param>
    public static Settling Of(IEnumerable<(int Delay, int Age, long Events)> delays)
    {
        var known = delays.ToList();
        var longest = known.Count == 0 ? -1 : known.Max(events => events.Delay);
        var (came, seen) = (new long[longest + 1], new long[longest + 1]);
        foreach (var (delay, age, events) in known)
        {
            came[delay] += events;
            for (var j = delay; j <= Math.Min(age, longest); j++) seen[j] += events;
        }
        var shares = new double[longest + 1];
        for (var (d, share) = (longest, 1.0); d >= 0; d--)
        {
            shares[d] = share;
            if (seen[d] > 0) share *= 1 - (double)came[d] / seen[d];
        }
        return new([.. shares.Select((share, d) => new SettlingStep(d, came[d], seen[d], share))], shares);
    }

    /// <summary>The share of the events of that many days ago that have arrived; null without any event to tell by.</summary>
    public double? ArrivedAfter(int days) => shares.Length == 0 || days < 0 ? null : days >= shares.Length ? 1 : shares[days];
}
