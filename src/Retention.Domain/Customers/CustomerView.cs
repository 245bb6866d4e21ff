using System.Runtime.InteropServices;
using Retention.Domain.Definitions;
using Retention.Domain.Events;

namespace Retention.Domain.Customers;

/// <summary>
/// One customer as seen under a definition: the facts known at a position and before a moment, resolved into orders, spans, complaints
/// and answers. Contributions read nothing else. One view looks at one customer after another; what it showed of the one before is gone.
/// </summary>
/// <param name="before">UTC ticks of the evaluation moment; facts at or after it are ignored.</param>
/// <param name="knownAt">The log position as of which the record is read.</param>
public sealed class CustomerView(Definition definition, long before = long.MaxValue, long knownAt = long.MaxValue)
{
    /// <summary>The dimension in which every customer has a value of its own: the id that it goes by.</summary>
    public const string Itself = "\0customer";

    private readonly List<Order> orders = [];
    private readonly List<Order> invalid = [];
    private readonly List<Booking> elsewhere = [];
    private readonly List<int> superseded = [];
    private readonly List<Told> others = [];
    private readonly List<int> otherRows = [];
    private readonly List<Span> spans = [];
    private readonly List<DateOnly> departures = [];
    private readonly Dictionary<long, int> places = [];
    private bool spansKnown;

    /// <summary>A view of one history.</summary>
    public CustomerView(CustomerHistory history, Definition definition, long before = long.MaxValue)
        : this(definition, before) => Look(Columns.Of(("", history.Entries)), 0);

    public Definition Definition => definition;

    /// <summary>
    /// Opens the value of a personal attribute, which histories hold sealed; null from it where its key is destroyed. Without it they are
    /// shown sealed.
    /// </summary>
    public Func<string, string, string?>? Open { get; init; }

    /// <summary>Where the customer's facts lie.</summary>
    public Columns Columns { get; private set; } = new();

    /// <summary>The customer's number in <see cref="Columns"/>.</summary>
    public int Customer { get; private set; }

    /// <summary>Valid orders, in order of (occurredAt, source, id); the first one acquired the customer.</summary>
    public ReadOnlySpan<Order> Orders => CollectionsMarshal.AsSpan(orders);

    /// <summary>Orders that were cancelled or refunded in full.</summary>
    public ReadOnlySpan<Order> Invalid => CollectionsMarshal.AsSpan(invalid);

    /// <summary>
    /// Revenue on other days than its valid order's: with refunds on days of their own, the refunds, and what invalid orders were charged.
    /// </summary>
    public ReadOnlySpan<Booking> Elsewhere => CollectionsMarshal.AsSpan(elsewhere);

    /// <summary>Rows of purchases that repeat an earlier purchase's order; they enter no figure.</summary>
    public ReadOnlySpan<int> Superseded => CollectionsMarshal.AsSpan(superseded);

    /// <summary>Every fact besides purchases, in order.</summary>
    public ReadOnlySpan<Told> Others => CollectionsMarshal.AsSpan(others);

    /// <summary>Whether nothing is known of the customer before the moment.</summary>
    public bool IsUnknown => orders.Count == 0 && invalid.Count == 0 && others.Count == 0;

    public ReadOnlySpan<Span> Spans
    {
        get
        {
            if (!spansKnown)
            {
                Span.AddTo(spans, Orders, CollectionsMarshal.AsSpan(departures), definition.ActivityDays);
                spansKnown = true;
            }
            return CollectionsMarshal.AsSpan(spans);
        }
    }

    /// <summary>The position in the log of the i-th of <see cref="Others"/>.</summary>
    public long PositionOfOther(int i) => Columns.OtherKnownFrom(otherRows[i]);

    public IReadOnlyList<Complaint> Complaints => Complaint.Of(this);

    /// <summary>Answers that stand, in order.</summary>
    public IReadOnlyList<GivenAnswer> Answers => GivenAnswer.Of(Others);

    /// <summary>Requests for answers, in order.</summary>
    public IReadOnlyList<AskedRequest> Requests => AskedRequest.Of(Others);

    /// <summary>Revenue to the moment, in ten-thousandths.</summary>
    public long Revenue
    {
        get
        {
            var sum = 0L;
            foreach (var order in orders) sum += order.Booked;
            foreach (var booking in elsewhere) sum += booking.Amount;
            return sum;
        }
    }

    /// <summary>Net revenue of valid orders to the moment, in ten-thousandths, wherever it is booked.</summary>
    public long Spent
    {
        get
        {
            var sum = 0L;
            foreach (var order in orders) sum += order.Net;
            return sum;
        }
    }

    /// <summary>Looks at a customer.</summary>
    public CustomerView Look(Columns columns, int customer)
    {
        (Columns, Customer, spansKnown) = (columns, customer, false);
        orders.Clear();
        invalid.Clear();
        elsewhere.Clear();
        superseded.Clear();
        others.Clear();
        otherRows.Clear();
        spans.Clear();
        departures.Clear();
        var traits = columns.TraitsOf(customer);
        var certain = (traits & Columns.Traits.Retracts) == 0 && columns.LastPosition <= knownAt;
        ReadOthers(certain);
        ReadPurchases(certain, (traits & Columns.Traits.Repeats) != 0);
        if ((traits & Columns.Traits.Adjusts) != 0) Adjust();
        return this;
    }

    /// <summary>The margin that is left of an order after its refunds, in proportion, rounded half away from zero; null where unknown.</summary>
    public long? MarginOf(Order order) => Columns.Purchases.Margin(order.Row) is not { } margin ? null
        : order.Total == 0 ? margin
        : decimal.ToInt64(decimal.Round((decimal)margin * order.Net / order.Total, MidpointRounding.AwayFromZero));

    public string? ChannelOf(Order order) => Columns.Purchases.ChannelOf(order.Row);

    /// <summary>Where the purchase of an order stands in the log.</summary>
    public long PositionOf(Order order) => Columns.Purchases.KnownFrom[order.Row];

    public DateOnly DayOf(long ticks) => definition.Calendar.DayOf(ticks);

    /// <summary>Lines and codes of an order; null where it has none, or they were not loaded.</summary>
    public PurchaseDetails? DetailsOf(Order order) => Columns.Purchases.DetailsOf(order.Row);

    /// <summary>Lines and codes of the order of a key, valid or not; null where there is none.</summary>
    public PurchaseDetails? DetailsOf(long order)
    {
        foreach (var known in orders)
        {
            if (Columns.Purchases.Order[known.Row] == order) return DetailsOf(known);
        }
        foreach (var known in invalid)
        {
            if (Columns.Purchases.Order[known.Row] == order) return DetailsOf(known);
        }
        return null;
    }

    /// <summary>
    /// What the customer is grouped and filtered by: <c>channel</c> is that of the first order; an attribute is the value in force at the
    /// first order, else the first one later. Null where there is none.
    /// </summary>
    public string? DimensionOf(string name)
    {
        if (name == Itself) return Columns.IdOf(Customer);
        if (name == "channel") return orders.Count == 0 ? null : ChannelOf(orders[0]);
        return ToldAttributes.InForce(Others, name, orders.Count == 0 ? long.MinValue : orders[0].OccurredAt) is { } value ? Opened(name, value) : null;
    }

    /// <summary>The attributes in force after the last fact.</summary>
    public IReadOnlyDictionary<string, string> Attributes() => ToldAttributes.Latest(Others, Opened);

    private string? Opened(string name, string value) => Open is null || !Impersonal.IsPersonal(name) ? value : Open(name, value);

    private void ReadOthers(bool certain)
    {
        var (from, to) = Columns.OthersOf(Customer);
        for (var row = from; row < to; row++)
        {
            var told = Columns.Other(row);
            if (told.OccurredAt >= before || (!certain && !Columns.IsOtherKnown(row, knownAt))) continue;
            others.Add(told);
            otherRows.Add(row);
            if (told.Fact is Fact.Departure) departures.Add(DayOf(told.OccurredAt));
        }
    }

    private void ReadPurchases(bool certain, bool repeats)
    {
        var occurredAt = Columns.Purchases.OccurredAt;
        var total = Columns.Purchases.Total;
        var calendar = definition.Calendar;
        var (from, to) = Columns.PurchasesOf(Customer);
        if (repeats) places.Clear();
        for (var row = from; row < to; row++)
        {
            var at = occurredAt[row];
            if (at >= before) break;
            if (!certain && !Columns.Purchases.IsKnown(row, knownAt)) continue;
            if (repeats && !places.TryAdd(Columns.Purchases.Order[row], row)) superseded.Add(row);
            else orders.Add(new Order(at, calendar.DayOf(at), total[row], 0, total[row], false, row));
        }
    }

    /// <summary>Refunds count in order and only up to the total; what they leave decides which orders are valid.</summary>
    private void Adjust()
    {
        var all = CollectionsMarshal.AsSpan(orders);
        places.Clear();
        for (var i = 0; i < all.Length; i++) places.Add(Columns.Purchases.Order[all[i].Row], i);
        var own = definition.Refunds == RefundAttribution.Refund;
        foreach (var (at, fact) in others)
        {
            if (fact is Fact.Cancellation cancellation && places.TryGetValue(cancellation.Order, out var cancelled))
                all[cancelled] = all[cancelled] with { Cancelled = true };
            if (fact is not Fact.Refund refund || !places.TryGetValue(refund.Order, out var place)) continue;
            var counted = Math.Clamp(refund.Amount, 0, Math.Max(0, all[place].Net));
            if (counted == 0) continue;
            all[place] = all[place] with { Refunded = all[place].Refunded + counted, Booked = all[place].Booked - (own ? 0 : counted) };
            if (own) elsewhere.Add(new Booking(at, DayOf(at), -counted));
        }
        foreach (var order in orders)
        {
            if (order.Valid) continue;
            invalid.Add(order);
            if (own) elsewhere.Add(new Booking(order.OccurredAt, order.Day, order.Total));
        }
        if (invalid.Count > 0) orders.RemoveAll(order => !order.Valid);
    }
}
