using Retention.Domain.Definitions;

namespace Retention.Domain.Customers;

/// <summary>An order as of the evaluation moment: one purchase with its refunds and cancellation applied.</summary>
/// <param name="Id">The order's key, see <see cref="Fact.Key(string)"/>.</param>
/// <param name="OccurredAt">UTC ticks.</param>
/// <param name="Day">The local day of the purchase.</param>
/// <param name="Total">As charged; <paramref name="Refunded"/> never exceeds it. Both in ten-thousandths.</param>
/// <param name="Margin">As sent with the purchase; null where unknown.</param>
/// <param name="Position">Where the purchase stands in the log.</param>
public sealed record Order(
    long Id, long OccurredAt, DateOnly Day, long Total, long Refunded, bool Cancelled, long? Margin, string? Channel, long Position)
{
    public long Net => Total - Refunded;

    /// <summary>Neither cancelled nor, when anything was charged, refunded in full.</summary>
    public bool Valid => !Cancelled && (Total == 0 || Refunded < Total);

    /// <summary>The margin that is left of the order after its refunds, in proportion, rounded half away from zero; null where unknown.</summary>
    public long? NetMargin => Margin is not { } margin ? null
        : Total == 0 ? margin
        : decimal.ToInt64(decimal.Round((decimal)margin * Net / Total, MidpointRounding.AwayFromZero));
}

/// <summary>An amount of revenue and the local day that it is booked on; refunds are negative.</summary>
public readonly record struct Booking(DateOnly Day, long Amount);

/// <summary>What one customer bought, as of a moment: orders by (occurredAt, source, id) and where their revenue is booked.</summary>
/// <param name="All">Every order, valid or not, in order.</param>
/// <param name="Valid">The orders that count in orders, customers and activity.</param>
/// <param name="Bookings">Revenue by day, by the definition's refund attribution.</param>
/// <param name="Superseded">Log positions of purchases that repeat an earlier purchase's orderId; they enter no figure.</param>
public sealed record Purchases(
    IReadOnlyList<Order> All, IReadOnlyList<Order> Valid, IReadOnlyList<Booking> Bookings, IReadOnlyList<long> Superseded)
{
    /// <param name="entries">The facts known, in order of (occurredAt, source, id), all before the evaluation moment.</param>
    public static Purchases Of(IEnumerable<Entry> entries, Definition definition)
    {
        var drafts = new List<Draft>();
        var byOrder = new Dictionary<long, Draft>();
        var superseded = new List<long>();
        var later = new List<Entry>();
        foreach (var entry in entries)
        {
            if (entry.Fact is not Fact.Purchase purchase)
            {
                if (entry.Fact is Fact.Refund or Fact.Cancellation) later.Add(entry);
            }
            else if (!byOrder.TryAdd(purchase.Order, new Draft(entry, purchase)))
                superseded.Add(entry.KnownFrom);
            else
                drafts.Add(byOrder[purchase.Order]);
        }
        foreach (var entry in later)
        {
            if (entry.Fact is Fact.Cancellation cancellation && byOrder.TryGetValue(cancellation.Order, out var cancelled)) cancelled.Cancelled = true;
            if (entry.Fact is Fact.Refund refund && byOrder.TryGetValue(refund.Order, out var refunded)) refunded.Refund(entry, refund.Amount);
        }
        var orders = drafts.ConvertAll(draft => draft.ToOrder(definition.Calendar));
        return new Purchases(orders, orders.FindAll(order => order.Valid), BookingsOf(orders, drafts, definition), superseded);
    }

    private static List<Booking> BookingsOf(List<Order> orders, List<Draft> drafts, Definition definition)
    {
        if (definition.Refunds == RefundAttribution.Order)
            return [.. orders.Where(order => order.Valid).Select(order => new Booking(order.Day, order.Net))];
        var bookings = orders.ConvertAll(order => new Booking(order.Day, order.Total));
        foreach (var (at, amount) in drafts.SelectMany(draft => draft.Refunds)) bookings.Add(new Booking(definition.Calendar.DayOf(at), -amount));
        return bookings;
    }

    private sealed class Draft(Entry made, Fact.Purchase purchase)
    {
        private long refunded;

        public bool Cancelled { get; set; }

        public List<(long At, long Amount)> Refunds { get; } = [];

        /// <summary>Refunds count in order and only up to the total.</summary>
        public void Refund(Entry entry, long amount)
        {
            var counted = Math.Clamp(amount, 0, Math.Max(0, purchase.Total - refunded));
            if (counted == 0) return;
            refunded += counted;
            Refunds.Add((entry.OccurredAt, counted));
        }

        public Order ToOrder(Calendar calendar) => new(
            purchase.Order, made.OccurredAt, calendar.DayOf(made.OccurredAt), purchase.Total, refunded, Cancelled, purchase.Margin,
            purchase.Channel, made.KnownFrom);
    }
}
