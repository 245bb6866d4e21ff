using System.Collections.Concurrent;

namespace Retention.Domain.Clv;

/// <summary>Scores of many customers, on all cores. What depends on (x, t_x) or on (x, T) alone is computed once for all who share it.</summary>
public static class Scoring
{
    /// <param name="value">Null: no money.</param>
    /// <returns>In the order of the customers, and the same as <see cref="PurchaseModel.Score"/> gives for each.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A pattern that no customer can have, or an impossible horizon.</exception>
    public static Score[] All(PurchaseModel model, GammaGamma? value, IReadOnlyList<CustomerPurchases> customers, Horizon horizon)
    {
        horizon.Valid();
        foreach (var customer in customers) customer.Pattern.Valid();
        var outlooks = new ConcurrentDictionary<(int X, int Age), Outlook>();
        var dropped = new ConcurrentDictionary<(int X, int AgeAtLastPurchase), double>();
        var scores = new Score[customers.Count];
        FixedBlocks.ForEach(scores.Length, range =>
        {
            for (var index = range.Start.Value; index < range.End.Value; index++)
            {
                var (x, last, age, mean) = customers[index];
                scores[index] = Score.Of(
                    dropped.GetOrAdd((x, last), pair => model.LogDropped(pair.X, pair.AgeAtLastPurchase)),
                    outlooks.GetOrAdd((x, age), pair => model.Ahead(pair.X, pair.Age, horizon)),
                    value?.ExpectedAverageValue(x, mean));
            }
        });
        return scores;
    }
}
