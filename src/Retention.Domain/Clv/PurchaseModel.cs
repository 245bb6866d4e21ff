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
        var dropped = 0.0;
        LogDropped([customer.Frequency], [customer.AgeAtLastPurchase], new Span<double>(ref dropped));
        return Clv.Score.Of(
            dropped, Ahead(customer.Frequency, customer.Age, horizon.Valid()),
            value?.ExpectedAverageValue(customer.Frequency, customer.MeanRepeatValue));
    }

    internal abstract LikelihoodTerms Terms();

    /// <summary>ln D(x, t_x), for many customers at a time.</summary>
    internal abstract void LogDropped(ReadOnlySpan<int> x, ReadOnlySpan<int> ageAtLastPurchase, Span<double> logs);

    internal abstract Outlook Ahead(int x, int age, Horizon horizon);
}
