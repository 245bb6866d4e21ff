using System.Globalization;
using NodaTime;
using Retention.Domain.Events;

namespace Retention.Api.Tests.Recounting;

/// <summary>Revenue and cohorts straight from the events, in loops, with refunds on the order's day.</summary>
public sealed class Naive
{
    private readonly List<(string Customer, DateOnly Day, decimal Net)> valid = [];

    public Naive(IReadOnlyList<Envelope> events, string zone, DateTimeOffset asOf)
    {
        var tz = DateTimeZoneProviders.Tzdb[zone];
        var past = events.Where(made => made.OccurredAt < asOf).ToList();
        var refunds = past.Where(made => made.Type == "purchase_refunded").ToLookup(
            made => made.Data.GetProperty("orderId").GetString(), made => made.Data.GetProperty("amount").GetDecimal());
        foreach (var made in past.Where(made => made.Type == "purchase_made"))
        {
            var total = made.Data.GetProperty("total").GetDecimal();
            var net = total - refunds[made.Data.GetProperty("orderId").GetString()].Sum();
            if (total > 0 && net == 0) continue;
            valid.Add((made.Customer, Instant.FromDateTimeOffset(made.OccurredAt).InZone(tz).Date.ToDateOnly(), net));
        }
    }

    public IEnumerable<Recount.Period> Revenue(string grain) =>
        from order in valid
        group order by Start(grain, order.Day) into period
        orderby period.Key
        select new Recount.Period(
            period.Key, period.Count(), period.Select(order => order.Customer).Distinct().Count(), period.Sum(order => order.Net));

    /// <summary>The cells that hold a customer, columns 0 … 14.</summary>
    public IEnumerable<(DateOnly Cohort, long Size, int K, long Customers, long Orders, decimal Revenue)> Cells(string grain)
    {
        var cohorts = valid.GroupBy(order => order.Customer).ToDictionary(
            orders => orders.Key, orders => Start(grain, orders.Min(order => order.Day)));
        var sizes = cohorts.Values.CountBy(cohort => cohort).ToDictionary();
        return from order in valid
               let cohort = cohorts[order.Customer]
               group order by (cohort, k: Index(grain, Start(grain, order.Day)) - Index(grain, cohort)) into cell
               where cell.Key.k <= 14
               orderby cell.Key
               select (cell.Key.cohort, (long)sizes[cell.Key.cohort], cell.Key.k, cell.Select(order => order.Customer).Distinct().LongCount(),
                   cell.LongCount(), cell.Sum(order => order.Net));
    }

    private static DateOnly Start(string grain, DateOnly day) =>
        grain == "month" ? new DateOnly(day.Year, day.Month, 1) : DateOnly.FromDateTime(ISOWeek.ToDateTime(
            ISOWeek.GetYear(day.ToDateTime(default)), ISOWeek.GetWeekOfYear(day.ToDateTime(default)), DayOfWeek.Monday));

    private static int Index(string grain, DateOnly start) => grain == "month" ? start.Year * 12 + start.Month : start.DayNumber / 7;
}
