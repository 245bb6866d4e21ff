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

    internal abstract LikelihoodTerms Terms();
}
