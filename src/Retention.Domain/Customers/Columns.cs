namespace Retention.Domain.Customers;

/// <summary>A fact besides purchases and when it occurred, in UTC ticks.</summary>
public readonly record struct Told(long OccurredAt, Fact Fact);

/// <summary>
/// The facts of many customers, column by column: purchases as plain numbers, so that a fold over millions of them reads memory in
/// order and allocates nothing, and everything else as facts. What one customer has lies together, in order of (occurredAt, source, id).
/// Customers are only ever added; readers may read those that were there when they looked.
/// </summary>
public sealed class Columns
{
    /// <summary>Stands in <see cref="Margin"/> for a purchase whose margin is not known.</summary>
    public const long UnknownMargin = long.MinValue;

    private readonly Dictionary<string, int> channelCodes = new(StringComparer.Ordinal);
    private readonly List<string?> channels = [null];
    private readonly Dictionary<int, long> purchaseKnownUntil = [];
    private readonly Dictionary<int, long> otherKnownUntil = [];
    private readonly Dictionary<int, PurchaseDetails> details = [];
    private readonly HashSet<long> keys = [];

    private string[] ids = new string[16];
    private Traits[] traits = new Traits[16];
    private int[] purchaseEnds = new int[16];
    private int[] otherEnds = new int[16];

    private long[] occurredAt = new long[64];
    private long[] order = new long[64];
    private long[] total = new long[64];
    private long[] knownFrom = new long[64];
    private int[] channel = new int[64];
    private long[]? margin;

    private Told[] others = new Told[16];
    private long[] othersKnownFrom = new long[16];

    /// <summary>What the ordinary customer has none of, so that it need not be looked for.</summary>
    [Flags]
    public enum Traits : byte
    {
        None = 0,

        /// <summary>Two purchases have one order.</summary>
        Repeats = 1,

        /// <summary>Orders were refunded or cancelled.</summary>
        Adjusts = 2,

        /// <summary>Something was retracted.</summary>
        Retracts = 4,

        /// <summary>The customer departed.</summary>
        Departs = 8,
    }

    /// <summary>How many customers there are.</summary>
    public int Count { get; private set; }

    /// <summary>The highest position from which anything here is known.</summary>
    public long LastPosition { get; private set; }

    public int Purchases { get; private set; }

    public int Others { get; private set; }

    /// <summary>About how much memory is held, in bytes.</summary>
    public long Bytes =>
        ids.LongLength * (sizeof(long) + 48 + sizeof(byte) + 2 * sizeof(int)) + occurredAt.LongLength * (4 * sizeof(long) + sizeof(int))
        + (margin?.LongLength ?? 0) * sizeof(long) + others.LongLength * (3 * sizeof(long) + 32) + details.Count * 200L;

    public static Columns Of(params IEnumerable<(string Customer, IEnumerable<Entry> Entries)> customers)
    {
        var columns = new Columns();
        foreach (var (customer, entries) in customers) columns.Add(customer, entries);
        return columns;
    }

    public string IdOf(int customer) => ids[customer];

    public Traits TraitsOf(int customer) => traits[customer];

    /// <summary>The rows of a customer's purchases.</summary>
    public (int From, int To) PurchasesOf(int customer) => (customer == 0 ? 0 : purchaseEnds[customer - 1], purchaseEnds[customer]);

    /// <summary>The rows of a customer's other facts.</summary>
    public (int From, int To) OthersOf(int customer) => (customer == 0 ? 0 : otherEnds[customer - 1], otherEnds[customer]);

    public ReadOnlySpan<long> OccurredAt => occurredAt.AsSpan(0, Purchases);

    /// <summary>Order keys, see <see cref="Fact.Key(string)"/>.</summary>
    public ReadOnlySpan<long> Order => order.AsSpan(0, Purchases);

    public ReadOnlySpan<long> Total => total.AsSpan(0, Purchases);

    public ReadOnlySpan<long> KnownFrom => knownFrom.AsSpan(0, Purchases);

    public Told Other(int row) => others[row];

    public string? ChannelOf(int purchase) => channels[channel[purchase]];

    public long? Margin(int purchase) => margin is null || margin[purchase] == UnknownMargin ? null : margin[purchase];

    /// <summary>Lines and codes; null where a purchase has none, or they were not loaded.</summary>
    public PurchaseDetails? DetailsOf(int purchase) => details.GetValueOrDefault(purchase);

    /// <summary>Whether a purchase was in the record as of a position.</summary>
    public bool IsKnown(int purchase, long position) =>
        knownFrom[purchase] <= position && !(purchaseKnownUntil.TryGetValue(purchase, out var until) && until <= position);

    /// <summary>Whether another fact was in the record as of a position.</summary>
    public bool IsOtherKnown(int other, long position) =>
        othersKnownFrom[other] <= position && !(otherKnownUntil.TryGetValue(other, out var until) && until <= position);

    public long OtherKnownFrom(int other) => othersKnownFrom[other];

    /// <summary>Adds a customer.</summary>
    /// <param name="entries">In order of (occurredAt, source, id).</param>
    public void Add(string customer, IEnumerable<Entry> entries)
    {
        foreach (var entry in entries)
        {
            if (entry.Fact is Fact.Purchase purchase) Add(entry, purchase);
            else AddOther(entry);
        }
        Close(customer);
    }

    private void Add(Entry entry, Fact.Purchase purchase)
    {
        if (Purchases == occurredAt.Length) GrowPurchases();
        occurredAt[Purchases] = entry.OccurredAt;
        order[Purchases] = purchase.Order;
        total[Purchases] = purchase.Total;
        knownFrom[Purchases] = entry.KnownFrom;
        channel[Purchases] = CodeOf(purchase.Channel);
        if (purchase.Margin is { } known) (margin ??= NoMargins(occurredAt.Length))[Purchases] = known;
        else if (margin is not null) margin[Purchases] = UnknownMargin;
        if (purchase.Details is { } lines) details[Purchases] = lines;
        if (entry.KnownUntil != 0) purchaseKnownUntil[Purchases] = entry.KnownUntil;
        LastPosition = Math.Max(LastPosition, entry.KnownFrom);
        Purchases++;
    }

    private void AddOther(Entry entry)
    {
        if (Others == others.Length)
        {
            Array.Resize(ref others, Others * 2);
            Array.Resize(ref othersKnownFrom, Others * 2);
        }
        others[Others] = new Told(entry.OccurredAt, entry.Fact);
        othersKnownFrom[Others] = entry.KnownFrom;
        if (entry.KnownUntil != 0) otherKnownUntil[Others] = entry.KnownUntil;
        LastPosition = Math.Max(LastPosition, entry.KnownFrom);
        Others++;
    }

    /// <summary>Ends the customer that everything added since the last one belongs to.</summary>
    private void Close(string customer)
    {
        if (Count == ids.Length)
        {
            Array.Resize(ref ids, Count * 2);
            Array.Resize(ref traits, Count * 2);
            Array.Resize(ref purchaseEnds, Count * 2);
            Array.Resize(ref otherEnds, Count * 2);
        }
        ids[Count] = customer;
        purchaseEnds[Count] = Purchases;
        otherEnds[Count] = Others;
        Count++;
        traits[Count - 1] = Judge(Count - 1);
    }

    private Traits Judge(int customer)
    {
        var found = Traits.None;
        var (from, to) = PurchasesOf(customer);
        keys.Clear();
        for (var row = from; row < to; row++)
        {
            if (to - from > 1 && !keys.Add(order[row])) found |= Traits.Repeats;
            if (purchaseKnownUntil.Count > 0 && purchaseKnownUntil.ContainsKey(row)) found |= Traits.Retracts;
        }
        (from, to) = OthersOf(customer);
        for (var row = from; row < to; row++)
        {
            if (others[row].Fact is Fact.Refund or Fact.Cancellation) found |= Traits.Adjusts;
            if (otherKnownUntil.Count > 0 && otherKnownUntil.ContainsKey(row)) found |= Traits.Retracts;
        }
        return found;
    }

    private int CodeOf(string? name)
    {
        if (name is null) return 0;
        if (channelCodes.TryGetValue(name, out var code)) return code;
        channels.Add(name);
        return channelCodes[name] = channels.Count - 1;
    }

    private void GrowPurchases()
    {
        var size = Purchases * 2;
        Array.Resize(ref occurredAt, size);
        Array.Resize(ref order, size);
        Array.Resize(ref total, size);
        Array.Resize(ref knownFrom, size);
        Array.Resize(ref channel, size);
        if (margin is null) return;
        Array.Resize(ref margin, size);
        margin.AsSpan(Purchases).Fill(UnknownMargin);
    }

    private static long[] NoMargins(int size)
    {
        var none = new long[size];
        none.AsSpan().Fill(UnknownMargin);
        return none;
    }
}
