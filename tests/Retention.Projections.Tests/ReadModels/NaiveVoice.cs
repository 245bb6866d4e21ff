using NodaTime;
using Retention.Domain.Customers;

namespace Retention.Projections.Tests;

/// <summary>Answers and complaints recomputed by the letter of the metric definitions, like <see cref="Naive"/>.</summary>
/// <param name="known">In order of (occurredAt, source, id).</param>
internal sealed class NaiveVoice(List<Happening> known, Func<DateTime, DateOnly> dayOf, Instant asOf)
{
    private static readonly Dictionary<string, (int Min, int Max)> Scales = new() { ["nps"] = (0, 10), ["csat"] = (1, 5), ["ces"] = (1, 7) };

    /// <summary>Answers that stand, with their last scores.</summary>
    public IEnumerable<Happening> Standing =>
        from answer in known
        where answer.What == What.Answered
        let changes = known.Where(change => change.Customer == answer.Customer && change.About == $"{answer.Source}/{answer.Id}").ToList()
        where !changes.Any(change => change.What == What.Withdrew)
        let scale = Scales[answer.About]
        let revised = changes.LastOrDefault(change => change.What == What.Revised && change.Score >= scale.Min && change.Score <= scale.Max)
        select answer with { Score = revised?.Score ?? answer.Score };

    public IEnumerable<string> Feedback(DateOnly a, DateOnly b)
    {
        foreach (var instrument in Scales.Keys)
        {
            var scores = Standing.Where(answer => answer.About == instrument && IsIn(answer.At, a, b)).Select(answer => answer.Score).ToList();
            var sent = known.Where(asked => asked.What == What.Asked && asked.About == instrument)
                .DistinctBy(asked => (asked.Customer, asked.Request)).Where(asked => IsIn(asked.At, a, b)).ToList();
            if (scores.Count + sent.Count == 0) continue;
            double? score = scores.Count == 0 ? null : instrument switch
            {
                "nps" => 100.0 * (scores.Count(given => given >= 9) - scores.Count(given => given <= 6)) / scores.Count,
                "csat" => (double)scores.Count(given => given >= 4) / scores.Count,
                _ => (double)scores.Sum() / scores.Count,
            };
            bool Bounced(Happening asked) => known.Any(bounce => bounce.What == What.Bounced && Same(bounce, asked));
            bool Answered(Happening asked) => Standing.Any(answer => Same(answer, asked) && answer.At >= asked.At && answer.At <= asked.At.AddDays(14));
            yield return $"{instrument} {a:O} {string.Join(' ', scores.CountBy(given => given).OrderBy(given => given.Key).Select(given => $"{given.Key}x{given.Value}"))} score={score:F9} "
                + $"asked={sent.Count} bounced={sent.Count(Bounced)} answered={sent.Count(asked => !Bounced(asked) && Answered(asked))}";
        }
    }

    /// <summary>The scores of answers to an instrument given on some days, of each customer the last one where asked.</summary>
    public IEnumerable<Happening> Given(Instrument instrument, DateOnly a, DateOnly b, bool latest)
    {
        var given = Standing.Where(answer => Fact.InstrumentOf(answer.About) == instrument && IsIn(answer.At, a, b));
        return latest ? given.GroupBy(answer => answer.Customer).Select(own => own.Last()) : given;
    }

    public string Complaints(DateOnly a, DateOnly b)
    {
        var lives = known.Where(happening => happening.What == What.Complained).DistinctBy(happening => (happening.Customer, happening.About)).Select(Live).ToList();
        int First(Func<Life, List<DateTime>> steps) => lives.Count(life => steps(life) is [var first, ..] && IsIn(first, a, b));
        var open = lives.Sum(life => (dayOf(life.Received) < b ? 1 : 0) + life.Reopened.Count(at => dayOf(at) < b)
            - life.Resolved.Count(at => dayOf(at) < b) - life.Withdrawn.Count(at => dayOf(at) < b));
        var resolved = lives.Where(life => life.Resolved is [var first, ..] && IsIn(first, a, b)).ToList();
        var promised = lives.Where(life => IsIn(life.Received, a, b)).Select(Kept).OfType<bool>().ToList();
        return $"complaints {a:O} received={lives.Count(life => IsIn(life.Received, a, b))} acknowledged={First(life => life.Acknowledged)} replied={First(life => life.Replied)} "
            + $"resolved={resolved.Count} reopened={First(life => life.Reopened)} withdrawn={First(life => life.Withdrawn)} open={open} "
            + $"again={resolved.Count(life => life.Reopened.Any(at => at >= life.Resolved[0]))} touch={resolved.Count(life => life.Reopened.Count == 0 && life.Replied.Count < 2)} "
            + $"kept={promised.Count(kept => kept)}/{promised.Count} "
            + $"reply={Median(lives.Where(life => life.Replied is [var first, ..] && IsIn(first, a, b)).Select(life => life.Replied[0] - life.Received))} "
            + $"next={Mean(lives.SelectMany(life => life.Waits).Where(wait => IsIn(wait.Reply, a, b)).Select(wait => wait.Reply - wait.Message))} "
            + $"resolution={Mean(resolved.Select(life => life.Resolved[0] - life.Received))} "
            + $"last={Quantile(lives.Where(life => life.Resolved is [.., var last] && IsIn(last, a, b)).Select(life => life.Resolved[^1] - life.Received), 0.9)}";
    }

    private Life Live(Happening complaint)
    {
        var life = new Life(complaint.At, complaint.Score > 2);
        var (open, waiting) = (true, (DateTime?)null);
        foreach (var step in known.Where(step => step.Customer == complaint.Customer && step.About == complaint.About && step.At >= complaint.At))
        {
            if (step.What == What.Acknowledged) life.Acknowledged.Add(step.At);
            if (step.What == What.Wrote) waiting ??= step.At;
            if (step.What == What.Replied)
            {
                life.Replied.Add(step.At);
                if (waiting is { } since) life.Waits.Add((since, step.At));
                waiting = null;
            }
            if (step.What == What.Resolved && open) life.Resolved.Add(step.At);
            if (step.What == What.WithdrewComplaint && open) life.Withdrawn.Add(step.At);
            if (step.What == What.Reopened && !open) life.Reopened.Add(step.At);
            if (step.What is What.Resolved or What.WithdrewComplaint) open = false;
            if (step.What == What.Reopened) open = true;
        }
        return life;
    }

    /// <summary>By the default promise: e-mail before the second local day, chat within five minutes. Null for neither kept nor broken.</summary>
    private bool? Kept(Life life)
    {
        var answers = life.Replied.Concat(life.Resolved).ToList();
        if (answers.Any(at => life.ByEmail ? dayOf(at) < dayOf(life.Received).AddDays(2) : at <= life.Received.AddMinutes(5))) return true;
        bool Over(DateTime at) => life.ByEmail ? dayOf(at) >= dayOf(life.Received).AddDays(2) : at >= life.Received.AddMinutes(5);
        if (life.Withdrawn.Count > 0 && !Over(life.Withdrawn[0]) && !answers.Any(at => at <= life.Withdrawn[0])) return null;
        if (answers.Count > 0) return false;
        // A day is over, and so overdue, only after its last instant; five minutes after theirs.
        var late = Over(asOf.ToDateTimeUtc().AddTicks(-1));
        return late ? false : null;
    }

    private bool IsIn(DateTime at, DateOnly a, DateOnly b) => dayOf(at) >= a && dayOf(at) < b;

    private static bool Same(Happening one, Happening other) => (one.Customer, one.Request, one.About) == (other.Customer, other.Request, other.About);

    private static string Median(IEnumerable<TimeSpan> times) => Quantile(times, 0.5);

    private static string Quantile(IEnumerable<TimeSpan> times, double p)
    {
        var sorted = times.Select(time => time.TotalSeconds).Order().ToList();
        if (sorted.Count == 0) return "null";
        var h = (sorted.Count - 1) * p;
        var (low, high) = (sorted[(int)Math.Floor(h)], sorted[(int)Math.Ceiling(h)]);
        return (low + (h - Math.Floor(h)) * (high - low)).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string Mean(IEnumerable<TimeSpan> times)
    {
        var all = times.ToList();
        return all.Count == 0 ? "null" : ((double)all.Sum(time => time.Ticks) / all.Count / TimeSpan.TicksPerSecond).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed record Life(DateTime Received, bool ByEmail)
    {
        public List<DateTime> Acknowledged { get; } = [];
        public List<DateTime> Replied { get; } = [];
        public List<DateTime> Resolved { get; } = [];
        public List<DateTime> Reopened { get; } = [];
        public List<DateTime> Withdrawn { get; } = [];
        public List<(DateTime Message, DateTime Reply)> Waits { get; } = [];
    }
}
