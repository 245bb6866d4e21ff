using Retention.Domain.Customers;
using Retention.Domain.Definitions;

namespace Retention.Domain.Metrics;

/// <summary>1 … 5 each; 5 is the most recent, the most frequent, the most valuable.</summary>
public readonly record struct RfmScore(int R, int F, int M);

/// <summary>What a customer with a valid order is judged by.</summary>
/// <param name="Recency">Days since the last purchase day.</param>
/// <param name="Frequency">Valid orders.</param>
/// <param name="Monetary">Net revenue in ten-thousandths.</param>
public readonly record struct RfmValues(int Recency, int Frequency, long Monetary)
{
    /// <returns>Null before a valid order.</returns>
    public static RfmValues? Of(CustomerView customer, AsOf asOf) => customer.Orders.IsEmpty ? null
        : new(asOf.Day.DayNumber - customer.Orders[^1].Day.DayNumber, customer.Orders.Length, customer.Revenue);
}

/// <summary>
/// What the edges of RFM follow from: recency, the days since the last purchase day; frequency, the valid orders; monetary, the net
/// revenue in ten-thousandths. Each core fills a sample of its own. The scheme of fifths is that of Hughes (1994),
/// <em>Strategic Database Marketing</em>.
/// </summary>
public sealed class RfmSample : IMergeable<RfmSample>
{
    private readonly DenseCells<Tally> recency = new();
    private readonly DenseCells<Tally> frequency = new();
    private long[] monetary = new long[64];
    private int customers;

    /// <summary>Adds a customer, who has at least one valid order before the moment.</summary>
    public void Add(int daysSinceLast, int orders, long net)
    {
        recency.At(daysSinceLast).Count++;
        frequency.At(orders).Count++;
        if (customers == monetary.Length) Array.Resize(ref monetary, customers * 2);
        monetary[customers++] = net;
    }

    public void Add(RfmSample others)
    {
        recency.Add(others.recency);
        frequency.Add(others.frequency);
        if (monetary.Length < customers + others.customers) Array.Resize(ref monetary, customers + others.customers);
        others.monetary.AsSpan(0, others.customers).CopyTo(monetary.AsSpan(customers));
        customers += others.customers;
    }

    /// <returns>Null without customers.</returns>
    public RfmEdges? Edges() => customers == 0
        ? null
        : new RfmEdges(Quintiles.Of(recency)!, Quintiles.Of(frequency)!, Quintiles.Of(monetary.AsMemory(0, customers))!);
}

/// <summary>
/// The edges at the 20, 40, 60 and 80 % quantiles, and the scores that follow: <c>F = 1 + edges below the value</c>, M likewise, and
/// <c>R = 6 − (1 + edges below the value)</c>, since few days are good. Equal values share a score. An edge that occurs twice counts
/// twice, so that a score always says in which fifth a value lies; the scores between are then given to nobody.
/// </summary>
/// <param name="Recency">In days.</param>
/// <param name="Frequency">In orders.</param>
/// <param name="Monetary">In ten-thousandths.</param>
public sealed record RfmEdges(Quintiles Recency, Quintiles Frequency, Quintiles Monetary)
{
    /// <summary>One sentence for each of the three whose edges are not all distinct.</summary>
    public IReadOnlyList<string> Warnings { get; } =
        [.. Warning("Recency", Recency), .. Warning("Frequency", Frequency), .. Warning("Monetary", Monetary)];

    public RfmScore Score(int daysSinceLast, int orders, long net) =>
        new(5 - Recency.Below(daysSinceLast), 1 + Frequency.Below(orders), 1 + Monetary.Below(net));

    private static IEnumerable<string> Warning(string name, Quintiles quintiles)
    {
        if (quintiles.Distinct < 4) yield return $"{name} has {quintiles.Distinct} distinct edges of 4, since many customers are equal in it: not all scores are given.";
    }
}
