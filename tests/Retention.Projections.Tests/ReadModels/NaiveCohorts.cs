using NodaTime;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Projections.Tests;

/// <summary>
/// Cohorts recomputed from the list of what happened, by the letter of their definition: periods are found by walking the clock of the
/// zone, and every cell asks every customer again. It shares nothing with the code under test but the names of the parameters.
/// </summary>
internal sealed class NaiveCohorts
{
    private readonly CohortTrial trial;
    private readonly CohortAsking asking;
    private readonly DateTimeZone zone;
    private readonly Instant asOf;
    private readonly List<Instant> starts;
    private readonly List<Person> people;

    public NaiveCohorts(CohortTrial trial)
    {
        (this.trial, asking, zone, asOf) = (trial, trial.Asking, DateTimeZoneProviders.Tzdb[trial.Choice.Zone], Instant.FromDateTimeUtc(trial.AsOf));
        starts = Starts();
        people = [.. trial.Told.Where(happening => happening.At < trial.AsOf).OrderBy(happening => happening.At)
            .ThenBy(happening => happening.Source, StringComparer.Ordinal).ThenBy(happening => happening.Id, StringComparer.Ordinal)
            .GroupBy(happening => happening.Customer).Select(ToPerson).Where(IsChosen)];
    }

    /// <summary>Cohorts and summary of each group, and of all groups together.</summary>
    public IEnumerable<string> Lines()
    {
        if (!asking.ByTier) return LinesOf("all", people);
        var groups = people.Where(person => EntriesOf(person).Count > 0).GroupBy(person => person.Tier ?? "none")
            .OrderBy(group => group.Key, StringComparer.Ordinal);
        return [.. groups.SelectMany(group => LinesOf(group.Key, [.. group])), .. LinesOf("all", people)];
    }

    private List<string> LinesOf(string group, List<Person> members)
    {
        var entered = members.SelectMany(person => EntriesOf(person).Select(entry => (Person: person, Entry: entry)))
            .GroupBy(member => PeriodOf(member.Entry)).OrderBy(cohort => cohort.Key).ToList();
        var lines = new List<string>();
        var complete = asking.Periods.Select(_ => new List<(long Value, int Size)>()).ToList();
        foreach (var cohort in entered)
        {
            var again = cohort.Count(member => ReturnedBy(member.Person, member.Entry, 0));
            var line = $"{group} {starts[cohort.Key]} size={cohort.Count()} again={again}";
            foreach (var (place, (first, last)) in asking.Periods.Index())
            {
                var status = Status(cohort.Key, first, last);
                var value = asking.Measure == CohortMeasure.Customers
                    ? place == 0 ? cohort.Count() : cohort.Count(member => IsIn(member.Person, member.Entry, first, last))
                    : cohort.Sum(member => Amount(member.Person, member.Entry, first, last));
                line += status == "NotObservable" ? $" {status}" : $" {status},{Naive.Money(value)}";
                if (status != "NotObservable" && asking.Measure == CohortMeasure.Customers) line += $",{Naive.Share((long)value, cohort.Count())}";
                if (status == "Complete") complete[place].Add(((long)value, cohort.Count()));
            }
            lines.Add(line);
        }
        lines.Add($"{group} summary {string.Join(' ', complete.Select(column => $"{SummaryOf(column)},{column.Count}"))}");
        return lines;
    }

    private string SummaryOf(List<(long Value, int Size)> column) =>
        asking.Measure != CohortMeasure.Customers || column.Count == 0 ? "null"
        : asking.Summary == CohortSummaryKind.Pooled ? Naive.Share(column.Sum(cell => cell.Value), column.Sum(cell => cell.Size))
        : column.Average(cell => (double)cell.Value / cell.Size).ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The moment of the first activity of the start kind: over all history, or in each period that has one.</summary>
    private List<Instant> EntriesOf(Person person)
    {
        var firsts = person.Of(asking.Start).GroupBy(PeriodOf).OrderBy(period => period.Key).Select(period => period.Min()).ToList();
        return asking.Entry == CohortEntry.First ? [.. firsts.Take(1)] : firsts;
    }

    private bool IsIn(Person person, Instant entry, int first, int last) => Enumerable.Range(first, last - first + 1).Any(k => asking.Mode switch
    {
        CohortMode.On => EnoughIn(person, entry, period => period == k),
        CohortMode.OnOrAfter => EnoughIn(person, entry, period => period >= k),
        CohortMode.OnOrBefore => ReturnedBy(person, entry, k) && EnoughIn(person, entry, period => period <= k),
        _ => Survives(person, entry, k),
    });

    /// <summary>A second activity of any date from the entry up to the end of period k.</summary>
    private bool ReturnedBy(Person person, Instant entry, int k)
    {
        var later = person.Of(asking.Return).Where(at => at >= entry).ToList();
        if (IsReturn(asking.Start) && later.Contains(entry)) later.Remove(entry);
        return later.Any(at => Elapsed(entry, at) <= k);
    }

    /// <summary>Whether an activity of the start kind can be one of the return kind.</summary>
    private bool IsReturn(CohortActivity start) => start == asking.Return || start == CohortActivity.Any || asking.Return == CohortActivity.Any;

    /// <summary>At least so many activities within one base period.</summary>
    private bool EnoughIn(Person person, Instant entry, Func<int, bool> wanted) =>
        person.Of(asking.Return).Where(at => at >= entry).GroupBy(at => Elapsed(entry, at))
            .Any(period => wanted(period.Key) && period.Count() >= asking.MinOrders);

    private bool Survives(Person person, Instant entry, int k)
    {
        var (from, to) = asking.Alignment == CohortAlignment.Rolling ? (entry + Unit * k, entry + Unit * (k + 1))
            : (StartOf(PeriodOf(entry) + k), StartOf(PeriodOf(entry) + k + 1));
        if (from >= asOf) return false;
        var day = DayOf(to <= asOf ? to : asOf);
        return person.Active.Contains(day.PlusDays(-1)) || (to > asOf && person.Active.Contains(day));
    }

    private decimal Amount(Person person, Instant entry, int first, int last)
    {
        bool IsBetween(Instant at, int from) => Elapsed(entry, at) >= from && Elapsed(entry, at) <= last;
        return asking.Measure switch
        {
            CohortMeasure.Orders => person.Orders.Count(at => IsBetween(at, first)),
            CohortMeasure.Revenue => person.Booked.Where(booked => IsBetween(booked.At, first)).Sum(booked => booked.Amount),
            _ => person.Booked.Where(booked => IsBetween(booked.At, 0)).Sum(booked => booked.Amount),
        };
    }

    /// <summary>k of a moment.</summary>
    private int Elapsed(Instant entry, Instant at) => asking.Alignment == CohortAlignment.Calendar ? PeriodOf(at) - PeriodOf(entry)
        : (int)Math.Floor((at - entry) / Unit);

    private string Status(int cohort, int first, int last)
    {
        var (from, to) = asking.Alignment == CohortAlignment.Rolling ? (starts[cohort] + Unit * first, starts[cohort + 1] + Unit * (last + 1))
            : (StartOf(cohort + first), StartOf(cohort + last + 1));
        return to <= asOf ? "Complete" : from >= asOf ? "NotObservable" : "InProgress";
    }

    private Duration Unit => asking.Grain switch
    {
        Grain.Hour => Duration.FromHours(1),
        Grain.Day => Duration.FromHours(24),
        Grain.Week => Duration.FromDays(7),
        Grain.Month => Duration.FromDays(30),
        Grain.Quarter => Duration.FromDays(91),
        _ => Duration.FromDays(365),
    };

    private int PeriodOf(Instant at) => starts.FindLastIndex(start => start <= at);

    /// <summary>Periods after those that were looked for begin after the moment.</summary>
    private Instant StartOf(int period) => period < starts.Count ? starts[period] : Instant.MaxValue;

    /// <summary>Where periods begin, from before everything to more than one period after the moment.</summary>
    private List<Instant> Starts()
    {
        var first = Instant.FromDateTimeUtc(trial.Told.Select(happening => happening.At).Append(trial.AsOf).Min());
        if (asking.Grain == Grain.Hour) return HourStarts(first - Duration.FromHours(3), asOf + Duration.FromHours(3));
        var found = new List<Instant>();
        for (var day = DayOf(first).PlusDays(-400); found.Count < 2 || found[^2] < asOf; day = day.PlusDays(1))
        {
            if (BeginsPeriod(day)) found.Add(zone.AtStartOfDay(day).ToInstant());
        }
        return found;
    }

    /// <summary>An hour begins where the clock of the zone shows another hour, or shows it anew after it was put back.</summary>
    private List<Instant> HourStarts(Instant from, Instant to)
    {
        var found = new List<Instant>();
        (LocalDate, int, Offset)? before = null;
        for (var at = Instant.FromUnixTimeSeconds(from.ToUnixTimeSeconds() / 900 * 900); at < to; at += Duration.FromMinutes(15))
        {
            var local = at.InZone(zone);
            var shown = (local.Date, local.Hour, local.Offset);
            if (before is not null && shown != before) found.Add(at);
            before = shown;
        }
        return found;
    }

    private bool BeginsPeriod(LocalDate day) => asking.Grain switch
    {
        Grain.Day => true,
        Grain.Week => (int)day.DayOfWeek % 7 == (int)trial.Choice.WeekStart,
        Grain.Month => day.Day == 1,
        Grain.Quarter => day is { Day: 1, Month: 1 or 4 or 7 or 10 },
        _ => day is { Day: 1, Month: 1 },
    };

    private LocalDate DayOf(Instant at) => at.InZone(zone).Date;

    private bool IsChosen(Person person) => asking.Filter switch
    {
        null => true,
        "tier:gold" => person.Tier == "gold",
        "spend:>=10" => person.Spent >= 10,
        var channel => person.Channel is not null && channel == $"channel:{person.Channel}",
    };

    private Person ToPerson(IGrouping<string, Happening> own)
    {
        var (orders, booked, spent, channel) = (new List<Instant>(), new List<(Instant At, decimal Amount)>(), 0m, (string?)null);
        foreach (var purchase in own.Where(happening => happening.What == What.Bought).DistinctBy(happening => happening.About))
        {
            var refunded = 0m;
            var refunds = new List<(Instant, decimal)>();
            foreach (var refund in own.Where(happening => happening.What == What.Refunded && happening.About == purchase.About))
            {
                var counted = Math.Min(refund.Amount, purchase.Amount - refunded);
                refunded += counted;
                refunds.Add((AtOf(refund), -counted));
            }
            var valid = !own.Any(happening => happening.What == What.Cancelled && happening.About == purchase.About)
                && !(purchase.Amount > 0 && refunded == purchase.Amount);
            if (valid) (orders, spent, channel) = ([.. orders, AtOf(purchase)], spent + purchase.Amount - refunded, channel ?? purchase.Source);
            if (trial.Choice.RefundsOnOwnDays) booked.AddRange([(AtOf(purchase), purchase.Amount), .. refunds]);
            else if (valid) booked.Add((AtOf(purchase), purchase.Amount - refunded));
        }
        var withdrawn = own.Where(happening => happening.What == What.Withdrew).Select(happening => (happening.Source, happening.About)).ToList();
        return new Person(
            orders, booked, spent, channel, TierOf(own, orders), [.. own.Where(happening => happening.What == What.Registered).Select(AtOf)],
            [.. own.Where(happening => happening.What == What.Complained).DistinctBy(happening => happening.About).Select(AtOf)],
            [.. own.Where(happening => happening.What == What.Answered && !withdrawn.Contains((happening.Source, happening.Id))).Select(AtOf)],
            [.. orders.SelectMany(at => Enumerable.Range(0, trial.Choice.Window).Select(DayOf(at).PlusDays))]);
    }

    /// <summary>The value in force at the first order, else the first one later; without an order, the first one.</summary>
    private static string? TierOf(IEnumerable<Happening> own, List<Instant> orders)
    {
        var changes = own.Where(happening => happening.What == What.Changed).ToList();
        var inForce = orders.Count == 0 ? null : changes.LastOrDefault(change => AtOf(change) <= orders[0]);
        return (inForce ?? changes.FirstOrDefault())?.About;
    }

    private static Instant AtOf(Happening happening) => Instant.FromDateTimeUtc(happening.At);

    /// <param name="Orders">Valid ones, in order.</param>
    /// <param name="Booked">Revenue by moment.</param>
    /// <param name="Channel">Of the first valid order.</param>
    /// <param name="Active">Every day on which the customer is active.</param>
    private sealed record Person(
        List<Instant> Orders, List<(Instant At, decimal Amount)> Booked, decimal Spent, string? Channel, string? Tier, List<Instant> Registrations,
        List<Instant> Complaints, List<Instant> Answers, HashSet<LocalDate> Active)
    {
        public List<Instant> Of(CohortActivity kind) => kind switch
        {
            CohortActivity.Order => Orders,
            CohortActivity.Registration => Registrations,
            CohortActivity.Complaint => Complaints,
            CohortActivity.Feedback => Answers,
            _ => [.. Orders, .. Registrations, .. Complaints, .. Answers],
        };
    }
}
