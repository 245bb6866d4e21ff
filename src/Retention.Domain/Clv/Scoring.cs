using System.Numerics;

namespace Retention.Domain.Clv;

/// <summary>Scores of many customers, on all cores. What depends on (x, T) alone is computed once for most who share it.</summary>
public static class Scoring
{
    // A power of two; 4 MB.
    private const int Remembered = 1 << 19;

    private sealed record Entry(int X, int Age, Outlook Outlook);

    /// <param name="value">Null: no money.</param>
    /// <returns>In the order of the customers, and the same as <see cref="PurchaseModel.Score"/> gives for each.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A pattern that no customer can have, or an impossible horizon.</exception>
    public static Score[] All(PurchaseModel model, GammaGamma? value, IReadOnlyList<CustomerPurchases> customers, Horizon horizon)
    {
        horizon.Valid();
        foreach (var customer in customers) customer.Pattern.Valid();
        var outlooks = new Entry?[Math.Min(Remembered, (int)BitOperations.RoundUpToPowerOf2((uint)customers.Count + 1))];
        var scores = new Score[customers.Count];
        FixedBlocks.ForEach(scores.Length, range =>
        {
            var start = range.Start.Value;
            var (frequencies, ages) = (new int[range.End.Value - start], new int[range.End.Value - start]);
            for (var index = 0; index < ages.Length; index++) (frequencies[index], ages[index], _, _) = customers[start + index];
            var dropped = new double[ages.Length];
            model.LogDropped(frequencies, ages, dropped);
            for (var index = 0; index < dropped.Length; index++)
            {
                var (x, _, age, mean) = customers[start + index];
                // Where two pairs share a place the later one takes it. Threads may overwrite each other's: every entry is right.
                ref var place = ref outlooks[HashCode.Combine(x, age) & (outlooks.Length - 1)];
                var entry = place;
                if (entry is null || entry.X != x || entry.Age != age) place = entry = new Entry(x, age, model.Ahead(x, age, horizon));
                scores[start + index] = Score.Of(dropped[index], entry.Outlook, value?.ExpectedAverageValue(x, mean));
            }
        });
        return scores;
    }
}
