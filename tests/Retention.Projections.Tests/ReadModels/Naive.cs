using System.Globalization;
using NodaTime;
using Retention.Domain.Definitions;
using Calendar = Retention.Domain.Definitions.Calendar;

namespace Retention.Projections.Tests;

/// <param name="Zone">A tz database name.</param>
/// <param name="Window">W of the activity policy, in days.</param>
/// <param name="RefundsOnOwnDays">The definition refunds=refund.</param>
internal sealed record Choice(string Zone, DayOfWeek WeekStart, int Window, bool RefundsOnOwnDays)
{
    public Definition ToDefinition() =>
        new(Calendar.In(Zone)!, WeekStart, Window, RefundsOnOwnDays ? RefundAttribution.Refund : RefundAttribution.Order);
}

/// <summary>
/// Every figure recomputed from the list of what happened, slowly and by the letter of the metric definitions: days are walked one by
/// one, every sum goes over all customers. It shares nothing with the code under test but the spelling of an answer's lines.
/// </summary>
internal sealed class Naive
{
    private readonly Choice choice;
    private readonly DateTimeZone zone;
    private readonly Instant asOf;
    private readonly List<Happening> known;
    private readonly List<Buyer> buyers;
    private readonly NaiveVoice voice;

    public Naive(IEnumerable<Happening> told, Choice choice, DateTime asOf)
    {
        this.choice = choice;
        zone = DateTimeZoneProviders.Tzdb[choice.Zone];
        this.asOf = Instant.FromDateTimeUtc(asOf);
        known = [.. told.Where(happening => happening.At < asOf)
            .OrderBy(happening => happening.At).ThenBy(happening => happening.Source, StringComparer.Ordinal).ThenBy(happening => happening.Id, StringComparer.Ordinal)];
        buyers = [.. known.GroupBy(happening => happening.Customer).Select(ToBuyer)];
        voice = new NaiveVoice(known, DayOf, this.asOf);
    }

    private DateOnly Today => DayOf(asOf.ToDateTimeUtc());

    /// <summary>Every figure of the periods that touch the days from … to, and of all cohorts with so many columns.</summary>
    public IEnumerable<string> Lines(Grain grain, (DateOnly From, DateOnly To) days, int columns)
    {
        var periods = new List<DateOnly> { Floor(grain, days.From) };
        while (Next(grain, periods[^1]) <= days.To) periods.Add(Next(grain, periods[^1]));
        return
        [
            .. periods.Select(start => Retention(start, Next(grain, start))),
            .. periods.Select(start => Revenue(start, Next(grain, start))),
            .. Cohorts(grain, columns),
            .. Lifetimes(grain),
            .. periods.SelectMany(start => voice.Feedback(start, Next(grain, start))),
            .. periods.Select(start => voice.Complaints(start, Next(grain, start))),
        ];
    }

    /// <summary>How many customers have a first and a last purchase day and so many days with a purchase after the first.</summary>
    public IEnumerable<string> PurchaseSpans() => buyers.Where(buyer => buyer.Orders.Count > 0)
        .Select(buyer => buyer.Orders.Select(order => order.Day).Distinct().ToList())
        .GroupBy(days => $"{days.Min():O} {days.Max():O} x={days.Count - 1}", (span, customers) => $"{span}: {customers.Count()}").Order(StringComparer.Ordinal);

    private string Retention(DateOnly a, DateOnly b)
    {
        var status = Status(a, b);
        if (status == "NotObservable") return $"retention {a:O} {status}";
        var end = status == "Complete" ? b : Today;
        bool ActiveAtEnd(Buyer buyer) => buyer.Active.Contains(end.AddDays(-1)) || (status == "InProgress" && buyer.Active.Contains(end));
        bool ActiveAtStart(Buyer buyer) => buyer.Active.Contains(a.AddDays(-1));
        var (s, n, r, lapsed, old, lost, e) = (0, 0, 0, 0, 0, 0, 0);
        foreach (var buyer in buyers)
        {
            if (ActiveAtStart(buyer)) s++;
            if (ActiveAtEnd(buyer)) e++;
            if (ActiveAtStart(buyer) && !ActiveAtEnd(buyer)) lost++;
            for (var day = a; day < b; day = day.AddDays(1))
            {
                var (before, on) = (buyer.Active.Contains(day.AddDays(-1)), buyer.Active.Contains(day));
                if (!before && on && buyer.Active.Min == day) n++;
                if (!before && on && buyer.Active.Min < day) r++;
                if (before && !on && day < Today) lapsed++;
                if (before && !on && day < Today && ActiveAtStart(buyer)) old++;
            }
        }
        e.ShouldBe(s + n + r - lapsed, "the invariant of the definitions");
        return $"retention {a:O} {status} S={s} N={n} R={r} L={lapsed} old={old} E={e} lost={lost} retained={s - lost} "
            + $"rate={Share(s - lost, s)} formula={Share(e - n, s)} churn={Share(lost, s)}";
    }

    private string Revenue(DateOnly a, DateOnly b)
    {
        var status = Status(a, b);
        if (status == "NotObservable") return $"revenue {a:O} {status}";
        var inside = buyers.Select(buyer => (Buyer: buyer, Orders: buyer.Orders.Count(order => order.Day >= a && order.Day < b))).Where(row => row.Orders > 0).ToList();
        var orders = inside.Sum(row => row.Orders);
        var revenue = buyers.SelectMany(buyer => buyer.Booked).Where(booked => booked.Day >= a && booked.Day < b).Sum(booked => booked.Amount);
        var acquired = buyers.Where(buyer => buyer.Orders.Any(order => order.Day < b)).ToList();
        return $"revenue {a:O} {status} orders={orders} customers={inside.Count} revenue={Money(revenue)} frequency={Share(orders, inside.Count)} "
            + $"window={Share(inside.Count(row => row.Orders >= 2), inside.Count)} "
            + $"returning={Share(inside.Count(row => row.Buyer.Orders.Any(order => order.Day < a)), inside.Count)} "
            + $"lifetime={Share(acquired.Count(buyer => buyer.Orders.Count(order => order.Day < b) >= 2), acquired.Count)}";
    }

    private IEnumerable<string> Cohorts(Grain grain, int columns)
    {
        var cohorts = buyers.Where(buyer => buyer.Orders.Count > 0).GroupBy(buyer => Floor(grain, buyer.Orders[0].Day)).OrderBy(cohort => cohort.Key).ToList();
        foreach (var mode in (string[])["On customers", "OnOrAfter customers", "On orders", "On revenue"])
        {
            var pooled = new (long Value, long Size, int Cohorts)[columns + 1];
            foreach (var cohort in cohorts)
            {
                var line = $"cohort {mode} {cohort.Key:O} size={cohort.Count()} again={cohort.Count(buyer => buyer.Orders.Count(order => Floor(grain, order.Day) == cohort.Key) >= 2)}";
                var start = cohort.Key;
                for (var k = 0; k <= columns; k++, start = Next(grain, start))
                {
                    var status = Status(start, Next(grain, start));
                    var value = Cell(mode, [.. cohort], start, Next(grain, start), k);
                    if (status == "Complete") pooled[k] = (pooled[k].Value + (long)value, pooled[k].Size + cohort.Count(), pooled[k].Cohorts + 1);
                    var rate = mode.EndsWith("customers", StringComparison.Ordinal) ? Share((long)value, cohort.Count()) : "";
                    line += status == "NotObservable" ? $" {k}:{status}" : $" {k}:{status},{Money(value)},{rate}";
                }
                yield return line;
            }
            if (mode.EndsWith("customers", StringComparison.Ordinal))
                yield return $"cohort {mode} summary {string.Join(' ', pooled.Select((column, k) => $"{k}:{Share(column.Value, column.Size)},{column.Cohorts}"))}";
        }
    }

    private static decimal Cell(string mode, List<Buyer> cohort, DateOnly a, DateOnly b, int k) => mode switch
    {
        "On customers" when k == 0 => cohort.Count,
        "OnOrAfter customers" when k == 0 => cohort.Count,
        "On customers" => cohort.Count(buyer => buyer.Orders.Any(order => order.Day >= a && order.Day < b)),
        "OnOrAfter customers" => cohort.Count(buyer => buyer.Orders.Any(order => order.Day >= a)),
        "On orders" => cohort.Sum(buyer => buyer.Orders.Count(order => order.Day >= a && order.Day < b)),
        _ => cohort.Sum(buyer => buyer.Booked.Where(booked => booked.Day >= a && booked.Day < b).Sum(booked => booked.Amount)),
    };

    private IEnumerable<string> Lifetimes(Grain grain)
    {
        foreach (var cohort in buyers.Where(buyer => buyer.Orders.Count > 0).GroupBy(buyer => Floor(grain, buyer.Orders[0].Day)).OrderBy(cohort => cohort.Key))
        {
            var margins = cohort.SelectMany(buyer => buyer.Orders).Where(order => order.Margin is not null).ToList();
            var windows = ((int[])[30, 60, 90, 180, 365]).Select(days => Next(grain, cohort.Key).AddDays(days) > Today ? $"{days}:young"
                : $"{days}:{Money(cohort.Sum(buyer => buyer.Booked.Where(booked => booked.Day >= buyer.Orders[0].Day && booked.Day < buyer.Orders[0].Day.AddDays(days)).Sum(booked => booked.Amount)))}");
            yield return $"clv {cohort.Key:O} customers={cohort.Count()} revenue={Money(cohort.Sum(buyer => buyer.Booked.Sum(booked => booked.Amount)))} "
                + $"margin={Money(margins.Sum(order => MarginLeft(order)))} of={Money(margins.Sum(order => order.Total - order.Refunded))} {string.Join(' ', windows)}";
        }
    }

    private Buyer ToBuyer(IGrouping<string, Happening> own)
    {
        var orders = new List<Bought>();
        var booked = new List<(DateOnly Day, decimal Amount)>();
        foreach (var purchase in own.Where(happening => happening.What == What.Bought).DistinctBy(happening => happening.About))
        {
            var refunded = 0m;
            var charge = (Day: DayOf(purchase.At), purchase.Amount);
            var refunds = new List<(DateOnly Day, decimal Amount)>();
            foreach (var refund in own.Where(happening => happening.What == What.Refunded && happening.About == purchase.About))
            {
                var counted = Math.Min(refund.Amount, purchase.Amount - refunded);
                refunded += counted;
                refunds.Add((DayOf(refund.At), -counted));
            }
            var cancelled = own.Any(happening => happening.What == What.Cancelled && happening.About == purchase.About);
            var valid = !cancelled && !(purchase.Amount > 0 && refunded == purchase.Amount);
            if (valid) orders.Add(new Bought(charge.Day, purchase.Amount, refunded, purchase.Margin));
            if (choice.RefundsOnOwnDays) booked.AddRange([charge, .. refunds]);
            else if (valid) booked.Add((charge.Day, purchase.Amount - refunded));
        }
        var active = orders.SelectMany(order => Enumerable.Range(0, choice.Window).Select(order.Day.AddDays));
        return new Buyer(orders, booked, [.. active]);
    }

    private static decimal MarginLeft(Bought order) => order.Total == 0 ? order.Margin!.Value
        : decimal.Round(order.Margin!.Value * (order.Total - order.Refunded) / order.Total, 4, MidpointRounding.AwayFromZero);

    private DateOnly DayOf(DateTime at) => Instant.FromDateTimeUtc(at).InZone(zone).Date.ToDateOnly();

    private string Status(DateOnly a, DateOnly b)
    {
        var (start, end) = (zone.AtStartOfDay(LocalDate.FromDateOnly(a)).ToInstant(), zone.AtStartOfDay(LocalDate.FromDateOnly(b)).ToInstant());
        return end <= asOf ? "Complete" : start >= asOf ? "NotObservable" : "InProgress";
    }

    private DateOnly Floor(Grain grain, DateOnly day)
    {
        while (!(grain switch
        {
            Grain.Day => true,
            Grain.Week => day.DayOfWeek == choice.WeekStart,
            Grain.Month => day.Day == 1,
            Grain.Quarter => day is { Day: 1, Month: 1 or 4 or 7 or 10 },
            _ => day.DayOfYear == 1,
        })) day = day.AddDays(-1);
        return day;
    }

    private static DateOnly Next(Grain grain, DateOnly start) => grain switch
    {
        Grain.Day => start.AddDays(1),
        Grain.Week => start.AddDays(7),
        Grain.Month => start.AddMonths(1),
        Grain.Quarter => start.AddMonths(3),
        _ => start.AddYears(1),
    };

    internal static string Share(long numerator, long denominator) =>
        denominator == 0 ? "null" : ((double)numerator / denominator).ToString("R", CultureInfo.InvariantCulture);

    internal static string Money(decimal amount) => amount.ToString("0.####", CultureInfo.InvariantCulture);

    private sealed record Bought(DateOnly Day, decimal Total, decimal Refunded, decimal? Margin);

    /// <param name="Orders">Valid ones, in order.</param>
    /// <param name="Booked">Revenue by day.</param>
    /// <param name="Active">Every day on which the customer is active.</param>
    private sealed record Buyer(List<Bought> Orders, List<(DateOnly Day, decimal Amount)> Booked, SortedSet<DateOnly> Active);
}
