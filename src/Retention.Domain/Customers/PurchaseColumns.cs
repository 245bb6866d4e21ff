namespace Retention.Domain.Customers;

/// <summary>
/// The purchases of many customers as plain numbers, a column each, so that a fold over millions of them reads memory in order and
/// allocates nothing. Rows are only ever added; readers may read those that were there when they looked.
/// </summary>
public sealed class PurchaseColumns
{
    private const long UnknownMargin = long.MinValue;

    private readonly TextCodes channels = new();
    private readonly Dictionary<int, long> knownUntil = [];
    private readonly Dictionary<int, PurchaseDetails> details = [];
    private readonly HashSet<long> keys = [];

    private long[] occurredAt = new long[64];
    private long[] order = new long[64];
    private long[] total = new long[64];
    private long[] knownFrom = new long[64];
    private int[] channel = new int[64];
    private long[]? margin;

    public int Count { get; private set; }

    /// <summary>UTC ticks.</summary>
    public ReadOnlySpan<long> OccurredAt => occurredAt.AsSpan(0, Count);

    /// <summary>Order keys, see <see cref="Fact.Key(string)"/>.</summary>
    public ReadOnlySpan<long> Order => order.AsSpan(0, Count);

    /// <summary>Minor units of the tenant's currency.</summary>
    public ReadOnlySpan<long> Total => total.AsSpan(0, Count);

    /// <summary>Log positions from which purchases are in the record.</summary>
    public ReadOnlySpan<long> KnownFrom => knownFrom.AsSpan(0, Count);

    /// <summary>About how much memory is held, in bytes.</summary>
    internal long Bytes =>
        occurredAt.LongLength * (4 * sizeof(long) + sizeof(int)) + (margin?.LongLength ?? 0) * sizeof(long) + details.Count * 200L;

    public string? ChannelOf(int row) => channels[channel[row]];

    /// <summary>Null where it is not known.</summary>
    public long? Margin(int row) => margin is null || margin[row] == UnknownMargin ? null : margin[row];

    /// <summary>Lines and codes; null where a purchase has none, or they were not loaded.</summary>
    public PurchaseDetails? DetailsOf(int row) => details.GetValueOrDefault(row);

    /// <summary>Whether a purchase was in the record as of a position.</summary>
    public bool IsKnown(int row, long position) =>
        knownFrom[row] <= position && !(knownUntil.TryGetValue(row, out var until) && until <= position);

    internal void Add(Known known, Fact.Purchase purchase)
    {
        if (purchase.Details is { } lines) details[Count] = lines;
        Add(known, purchase.Order, purchase.Total, purchase.Margin, channels.CodeOf(purchase.Channel));
    }

    internal void Add(Known known, long orderKey, long charged, long? ownMargin, ReadOnlySpan<byte> channelName) =>
        Add(known, orderKey, charged, ownMargin, channels.CodeOf(channelName));

    /// <summary>Whether one order stands in more than one of the rows.</summary>
    internal bool RepeatAnOrder(int from, int to)
    {
        var orders = order.AsSpan(from, to - from);
        // Up to about as many, comparing each with all before it is faster than hashing.
        const int few = 48;
        if (orders.Length <= few)
        {
            for (var i = 1; i < orders.Length; i++)
            {
                if (orders[..i].Contains(orders[i])) return true;
            }
            return false;
        }
        keys.Clear();
        foreach (var key in orders)
        {
            if (!keys.Add(key)) return true;
        }
        return false;
    }

    /// <summary>Whether any of the rows left the record again.</summary>
    internal bool RetractAny(int from, int to)
    {
        if (knownUntil.Count == 0) return false;
        for (var row = from; row < to; row++)
        {
            if (knownUntil.ContainsKey(row)) return true;
        }
        return false;
    }

    /// <summary>Gives back the room that nothing was put into.</summary>
    internal void Trim() => Resize(Count);

    /// <summary>Forgets all rows, and keeps the room that they took.</summary>
    internal void Clear()
    {
        Count = 0;
        knownUntil.Clear();
        details.Clear();
    }

    private void Add(Known known, long orderKey, long charged, long? ownMargin, int channelCode)
    {
        if (Count == occurredAt.Length) Resize(Math.Max(64, Count * 2));
        occurredAt[Count] = known.OccurredAt;
        order[Count] = orderKey;
        total[Count] = charged;
        knownFrom[Count] = known.From;
        channel[Count] = channelCode;
        if (ownMargin is { } stated) (margin ??= Unknown(occurredAt.Length))[Count] = stated;
        else if (margin is not null) margin[Count] = UnknownMargin;
        if (known.Until != 0) knownUntil[Count] = known.Until;
        Count++;
    }

    private void Resize(int size)
    {
        Array.Resize(ref occurredAt, size);
        Array.Resize(ref order, size);
        Array.Resize(ref total, size);
        Array.Resize(ref knownFrom, size);
        Array.Resize(ref channel, size);
        if (margin is not null) Array.Resize(ref margin, size);
    }

    private static long[] Unknown(int size)
    {
        var none = new long[size];
        none.AsSpan().Fill(UnknownMargin);
        return none;
    }
}
