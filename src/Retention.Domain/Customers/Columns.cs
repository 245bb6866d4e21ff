namespace Retention.Domain.Customers;

/// <summary>A fact besides purchases and when it occurred, in UTC ticks.</summary>
public readonly record struct Told(long OccurredAt, Fact Fact);

/// <summary>When a fact occurred, and the log positions from which and, unless 0, until which it was in the record.</summary>
internal readonly record struct Known(long OccurredAt, long From, long Until);

/// <summary>
/// The facts of many customers: purchases column by column, and everything else as facts. What one customer has lies together, in order
/// of (occurredAt, source, id).
/// Customers are only ever added; readers may read those that were there when they looked.
/// </summary>
public sealed class Columns
{
    private readonly SharedProfiles profiles = new();
    private readonly CompactReader reader = new([]);
    private readonly Dictionary<int, long> otherKnownUntil = [];

    private string[] ids = new string[16];
    private Traits[] traits = new Traits[16];
    private int[] purchaseEnds = new int[16];
    private int[] otherEnds = new int[16];

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
    }

    /// <summary>How many customers there are.</summary>
    public int Count { get; private set; }

    /// <summary>The highest position from which anything here is known.</summary>
    public long LastPosition { get; private set; }

    /// <summary>The rows of all purchases.</summary>
    public PurchaseColumns Purchases { get; } = new();

    public int Others { get; private set; }

    /// <summary>About how much memory is held, in bytes.</summary>
    public long Bytes =>
        ids.LongLength * (sizeof(long) + 48 + sizeof(byte) + 2 * sizeof(int)) + Purchases.Bytes + others.LongLength * (3 * sizeof(long) + 32);

    public static Columns Of(params IEnumerable<(string Customer, IEnumerable<Entry> Entries)> customers)
    {
        var columns = new Columns();
        foreach (var (customer, entries) in customers) columns.Add(customer, entries);
        return columns;
    }

    /// <summary>Customers with their whole histories, without names and details.</summary>
    public static Columns OfCores(IEnumerable<KeyValuePair<string, CustomerHistory>> customers)
    {
        var columns = new Columns();
        foreach (var (customer, history) in customers) columns.AddCore(customer, history);
        return columns;
    }

    /// <summary>Gives back the room that nothing was put into, before columns are kept.</summary>
    public Columns Trim()
    {
        Array.Resize(ref ids, Count);
        Array.Resize(ref traits, Count);
        Array.Resize(ref purchaseEnds, Count);
        Array.Resize(ref otherEnds, Count);
        Purchases.Trim();
        Array.Resize(ref others, Others);
        Array.Resize(ref othersKnownFrom, Others);
        profiles.Clear();
        return this;
    }

    /// <summary>Forgets all customers, and keeps the room that they took; not for columns that anybody else reads.</summary>
    public void Clear()
    {
        (Count, Others, LastPosition) = (0, 0, 0);
        Purchases.Clear();
        otherKnownUntil.Clear();
    }

    public string IdOf(int customer) => ids[customer];

    public Traits TraitsOf(int customer) => traits[customer];

    /// <summary>The rows of a customer's purchases.</summary>
    public (int From, int To) PurchasesOf(int customer) => (customer == 0 ? 0 : purchaseEnds[customer - 1], purchaseEnds[customer]);

    /// <summary>The rows of a customer's other facts.</summary>
    public (int From, int To) OthersOf(int customer) => (customer == 0 ? 0 : otherEnds[customer - 1], otherEnds[customer]);

    public Told Other(int row) => others[row];

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
            var known = new Known(entry.OccurredAt, entry.KnownFrom, entry.KnownUntil);
            if (entry.Fact is not Fact.Purchase purchase)
            {
                AddOther(known, entry.Fact);
                continue;
            }
            Purchases.Add(known, purchase);
            LastPosition = Math.Max(LastPosition, known.From);
        }
        Close(customer);
    }

    /// <summary>Adds a customer whose whole history is one chunk.</summary>
    /// <param name="core">See <see cref="ChunkBytes"/>.</param>
    /// <exception cref="InvalidDataException">Another format wrote the chunk, or its bytes are broken.</exception>
    public void Add(string customer, ArraySegment<byte> core)
    {
        reader.Reset(core);
        ChunkFormat.Read(reader, this);
        Close(customer);
    }

    /// <summary>Adds a customer, without names and details.</summary>
    /// <exception cref="InvalidDataException">Another format wrote a chunk, or its bytes are broken.</exception>
    public void AddCore(string customer, CustomerHistory history)
    {
        foreach (var chunk in history.Chunks)
        {
            reader.Reset(chunk.Bytes.Core);
            ChunkFormat.Read(reader, this);
        }
        Close(customer);
    }

    internal void AddPurchase(Known known, long order, long total, long? margin, ReadOnlySpan<byte> channel)
    {
        Purchases.Add(known, order, total, margin, channel);
        LastPosition = Math.Max(LastPosition, known.From);
    }

    internal void AddProfile(Known known, CompactReader from) => AddOther(known, profiles.Read(from));

    internal void AddOther(Known known, Fact fact)
    {
        if (Others == others.Length)
        {
            var size = Math.Max(16, Others * 2);
            Array.Resize(ref others, size);
            Array.Resize(ref othersKnownFrom, size);
        }
        others[Others] = new Told(known.OccurredAt, fact);
        othersKnownFrom[Others] = known.From;
        if (known.Until != 0) otherKnownUntil[Others] = known.Until;
        LastPosition = Math.Max(LastPosition, known.From);
        Others++;
    }

    /// <summary>Ends the customer that everything added since the last one belongs to.</summary>
    private void Close(string customer)
    {
        if (Count == ids.Length)
        {
            var size = Math.Max(16, Count * 2);
            Array.Resize(ref ids, size);
            Array.Resize(ref traits, size);
            Array.Resize(ref purchaseEnds, size);
            Array.Resize(ref otherEnds, size);
        }
        ids[Count] = customer;
        purchaseEnds[Count] = Purchases.Count;
        otherEnds[Count] = Others;
        Count++;
        traits[Count - 1] = Judge(Count - 1);
    }

    private Traits Judge(int customer)
    {
        var (from, to) = PurchasesOf(customer);
        var found = Purchases.RepeatAnOrder(from, to) ? Traits.Repeats : Traits.None;
        if (Purchases.RetractAny(from, to)) found |= Traits.Retracts;
        (from, to) = OthersOf(customer);
        for (var row = from; row < to; row++)
        {
            if (others[row].Fact is Fact.Refund or Fact.Cancellation) found |= Traits.Adjusts;
            if (otherKnownUntil.Count > 0 && otherKnownUntil.ContainsKey(row)) found |= Traits.Retracts;
        }
        return found;
    }
}
