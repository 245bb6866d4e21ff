namespace Retention.Domain.Clv;

/// <summary>A fitted model of when customers buy and when they stop for good.</summary>
/// <param name="Unit">Of its times and rates.</param>
public abstract record PurchaseModel(TimeUnit Unit)
{
    /// <summary>The parameters in the order in which the diagnostics state their standard errors.</summary>
    public abstract IReadOnlyList<double> Parameters { get; }

    /// <summary>The log-likelihood of the statistics at these parameters.</summary>
    public double LogLikelihood(PurchaseStatistics statistics) =>
        statistics.Rows == 0 ? 0 : statistics.Customers * new PurchaseLikelihood(statistics, _ => Terms()).At([.. Parameters]).Value;

    /// <summary>What is expected of one customer. For many, <see cref="Scoring"/> is faster.</summary>
    /// <param name="value">Null: no money.</param>
    public Score Score(CustomerPurchases customer, GammaGamma? value, Horizon horizon)
    {
        customer.Pattern.Valid();
        return Clv.Score.Of(
            LogDropped(customer.Frequency, customer.AgeAtLastPurchase), Ahead(customer.Frequency, customer.Age, horizon.Valid()),
            value?.ExpectedAverageValue(customer.Frequency, customer.MeanRepeatValue));
    }

    internal abstract LikelihoodTerms Terms();

    /// <summary>ln D(x, t_x).</summary>
    internal abstract double LogDropped(int x, int ageAtLastPurchase);

    internal abstract Outlook Ahead(int x, int age, Horizon horizon);
}
