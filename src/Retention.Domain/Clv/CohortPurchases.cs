using Retention.Domain.Customers;
using Retention.Domain.Definitions;
using Retention.Domain.Metrics;

namespace Retention.Domain.Clv;

/// <summary>Customers as the models see them, each with the period of the first order; in no particular order.</summary>
public sealed class CohortPurchases(Partition partition, DateOnly observationEnd) : IMergeable<CohortPurchases>
{
    private readonly List<int> cohorts = [];
    private readonly List<CustomerPurchases> customers = [];

    public void Add(CustomerView customer)
    {
        if (CustomerPurchases.Of(customer, observationEnd) is not { } purchases) return;
        cohorts.Add(partition.IndexOf(customer.Orders[0].Day));
        customers.Add(purchases);
    }

    public void Add(CohortPurchases others)
    {
        cohorts.AddRange(others.cohorts);
        customers.AddRange(others.customers);
    }

    /// <summary>The scores of each cohort.</summary>
    /// <param name="score">The scores of customers, in their order.</param>
    public IReadOnlyDictionary<int, ScoreSums> Score(Func<IReadOnlyList<CustomerPurchases>, Score[]> score)
    {
        var (sums, scores) = (new Dictionary<int, ScoreSums>(), score(customers));
        for (var index = 0; index < scores.Length; index++) sums[cohorts[index]] = sums.GetValueOrDefault(cohorts[index]) + ScoreSums.Of(scores[index]);
        return sums;
    }
}
