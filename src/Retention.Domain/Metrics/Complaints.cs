using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>How long each of several took, in calendar and in business time; exact, since percentiles do not add up.</summary>
public sealed class Clocks : IMergeable<Clocks>
{
    private readonly List<long> calendar = [];
    private readonly List<long> business = [];

    public int Count => calendar.Count;

    /// <summary>Percentiles of type 7 and the mean, in seconds; null without any.</summary>
    public (double? P50, double? P90, double? Mean) Calendar => Summary(calendar);

    /// <inheritdoc cref="Calendar"/>
    public (double? P50, double? P90, double? Mean) Business => Summary(business);

    public void Add(long from, long to, BusinessCalendar hours)
    {
        calendar.Add(to - from);
        business.Add(hours.Between(from, to));
    }

    public void Add(Clocks others)
    {
        calendar.AddRange(others.calendar);
        business.AddRange(others.business);
    }

    private static (double?, double?, double?) Summary(List<long> ticks)
    {
        if (ticks.Count == 0) return default;
        var sorted = ticks.Order().Select(time => (double)time / TimeSpan.TicksPerSecond).ToList();
        var total = ticks.Aggregate(Int128.Zero, (sum, time) => sum + time);
        return (Percentiles.Of(sorted, 0.5), Percentiles.Of(sorted, 0.9), (double)total / ticks.Count / TimeSpan.TicksPerSecond);
    }
}

/// <summary>What happened to complaints in one row. Each complaint counts once in each figure, at its first step of the kind.</summary>
public sealed class ComplaintTally : IMergeable<ComplaintTally>
{
    public long Received { get; set; }

    public long Acknowledged { get; set; }

    public long Replied { get; set; }

    public long Resolved { get; set; }

    public long Reopened { get; set; }

    public long Withdrawn { get; set; }

    /// <summary>Opened or opened again, less those closed: by how much the row changes what is open.</summary>
    public long Opened { get; set; }

    /// <summary>Of those first resolved in the row, opened again since.</summary>
    public long ResolvedThenReopened { get; set; }

    /// <summary>Of those first resolved in the row, with at most one reply and never opened again.</summary>
    public long OneTouch { get; set; }

    /// <summary>Of those received in the row, with a promise that is kept or broken.</summary>
    public long Promised { get; set; }

    public long Kept { get; set; }

    public Clocks FirstReply { get; } = new();

    public Clocks NextReply { get; } = new();

    public Clocks Resolution { get; } = new();

    public Clocks LastResolution { get; } = new();

    public void Add(ComplaintTally others)
    {
        Received += others.Received;
        Acknowledged += others.Acknowledged;
        Replied += others.Replied;
        Resolved += others.Resolved;
        Reopened += others.Reopened;
        Withdrawn += others.Withdrawn;
        Opened += others.Opened;
        ResolvedThenReopened += others.ResolvedThenReopened;
        OneTouch += others.OneTouch;
        Promised += others.Promised;
        Kept += others.Kept;
        FirstReply.Add(others.FirstReply);
        NextReply.Add(others.NextReply);
        Resolution.Add(others.Resolution);
        LastResolution.Add(others.LastResolution);
    }
}

/// <summary>The complaints of one group: by row, and what of them waits at the moment.</summary>
public sealed class ComplaintRows : IMergeable<ComplaintRows>
{
    private readonly Dictionary<int, ComplaintTally> rows = [];
    private readonly List<long> waiting = [];

    public IReadOnlyDictionary<int, ComplaintTally> ByRow => rows;

    /// <summary>Valid orders by row that the complaints are set in proportion to.</summary>
    public DenseCells<Tally> Orders { get; } = new();

    /// <summary>When the complaints that are open at the moment were received, in UTC ticks.</summary>
    public IReadOnlyList<long> Waiting => waiting;

    public ComplaintTally this[int row]
    {
        get
        {
            if (!rows.TryGetValue(row, out var tally)) rows[row] = tally = new();
            return tally;
        }
    }

    public void Wait(long received) => waiting.Add(received);

    public void Add(ComplaintRows others)
    {
        foreach (var (row, tally) in others.rows) this[row].Add(tally);
        waiting.AddRange(others.waiting);
        Orders.Add(others.Orders);
    }
}

/// <summary>By what complaints are measured: the tenant's hours and promise.</summary>
public sealed record ServiceRules(BusinessCalendar Hours, ServicePromise Promise)
{
    public static ServiceRules Of(Settings settings) => new(BusinessCalendar.Of(settings), ServicePromise.Of(settings));
}

/// <summary>Whether a promise was kept.</summary>
public enum PromiseState
{
    /// <summary>Nothing is promised, or the complaint was withdrawn, unanswered, before it was due.</summary>
    None,

    /// <summary>Not answered, and not overdue.</summary>
    Pending,
    Kept,
    Broken,
}

/// <summary>
/// Complaints by row: received, acknowledged, first replied to, first resolved, first reopened and first withdrawn, each in the row of that
/// step. Open at a row's end (or asOf): received, or reopened, and not closed by then. Clocks stand in the row in which they stop; the
/// promise in the row of the receipt.
/// </summary>
public static class Complaints
{
    /// <param name="before">The evaluation moment, in UTC ticks.</param>
    public static PromiseState StateOf(Complaint complaint, Due? due, long before)
    {
        if (due is not { } promise) return PromiseState.None;
        var answered = complaint.Answered;
        if (answered is { } at && promise.IsKeptBy(at)) return PromiseState.Kept;
        if (complaint.Withdrawals is [var withdrawn, ..] && withdrawn < promise.Ticks && !(answered <= withdrawn)) return PromiseState.None;
        return answered is not null || promise.Ticks < before ? PromiseState.Broken : PromiseState.Pending;
    }

    /// <summary>Adds a complaint to the rows of its group.</summary>
    /// <param name="rowOf">The row of an instant in UTC ticks.</param>
    /// <param name="by">The rules, and the evaluation moment in UTC ticks.</param>
    public static void Contribute(Complaint complaint, Func<long, int> rowOf, (ServiceRules Rules, long Before) by, ComplaintRows rows)
    {
        var (hours, received) = (by.Rules.Hours, rows[rowOf(complaint.Received)]);
        received.Received++;
        received.Opened++;
        var state = StateOf(complaint, by.Rules.Promise.Of(complaint.Receipt.Channel, complaint.Received), by.Before);
        if (state is PromiseState.Kept or PromiseState.Broken) received.Promised++;
        if (state == PromiseState.Kept) received.Kept++;

        if (complaint.Acknowledged is { } acknowledged) rows[rowOf(acknowledged)].Acknowledged++;
        if (complaint.Replies is [var reply, ..])
        {
            var replied = rows[rowOf(reply)];
            replied.Replied++;
            replied.FirstReply.Add(complaint.Received, reply, hours);
        }
        foreach (var (message, next) in complaint.Waits) rows[rowOf(next)].NextReply.Add(message, next, hours);
        Close(complaint, rowOf, hours, rows);
        if (complaint.IsOpen) rows.Wait(complaint.Received);
    }

    private static void Close(Complaint complaint, Func<long, int> rowOf, BusinessCalendar hours, ComplaintRows rows)
    {
        foreach (var at in complaint.Resolutions) rows[rowOf(at)].Opened--;
        foreach (var at in complaint.Withdrawals) rows[rowOf(at)].Opened--;
        foreach (var at in complaint.Reopenings) rows[rowOf(at)].Opened++;
        if (complaint.Withdrawals is [var withdrawn, ..]) rows[rowOf(withdrawn)].Withdrawn++;
        if (complaint.Reopenings is [var reopened, ..]) rows[rowOf(reopened)].Reopened++;
        if (complaint.Resolutions is not [var first, ..]) return;

        var resolved = rows[rowOf(first)];
        resolved.Resolved++;
        resolved.Resolution.Add(complaint.Received, first, hours);
        rows[rowOf(complaint.Resolutions[^1])].LastResolution.Add(complaint.Received, complaint.Resolutions[^1], hours);
        if (complaint.Reopenings.Any(at => at >= first)) resolved.ResolvedThenReopened++;
        if (complaint.Reopenings.Count == 0 && complaint.Replies.Count <= 1) resolved.OneTouch++;
    }
}
