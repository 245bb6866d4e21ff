namespace Retention.Domain.Clv;

/// <summary>
/// Pareto/NBD: while active, a customer buys at a rate λ, and drops out at a rate μ at any time; λ is gamma distributed over customers with
/// shape r and rate α, μ with s and β. Schmittlein, Morrison &amp; Colombo (1987), Management Science 33(1).
/// </summary>
/// <param name="Alpha">In the unit of time.</param>
/// <param name="Beta">In the unit of time.</param>
public sealed record ParetoNbd(double R, double Alpha, double S, double Beta, TimeUnit Unit = TimeUnit.Day) : PurchaseModel(Unit)
{
    // Below it, dropout is not seen in the data.
    private const double LeastDropout = 1e-3;

    public override IReadOnlyList<double> Parameters => [R, Alpha, S, Beta];

    /// <summary>The maximum of the likelihood.</summary>
    public static Fit<ParetoNbd> Fit(PurchaseStatistics statistics, TimeUnit unit = TimeUnit.Day)
    {
        var longest = statistics.Patterns.Select(pattern => pattern.Age).DefaultIfEmpty().Max() / (double)unit;
        var interval = PurchaseFit.MeanInterval(statistics, unit);
        return PurchaseFit.Run(
            statistics,
            [1, interval, 1, interval],
            point => new ParetoTerms(point[0], point[1], point[2], point[3], (int)unit),
            point => point[2] < LeastDropout || point[2] * Special.Log1P(longest / point[3]) < LeastDropout,
            found => new ParetoNbd(found[0], found[1], found[2], found[3], unit));
    }

    internal override LikelihoodTerms Terms() => new ParetoTerms(R, Alpha, S, Beta, (int)Unit);

    internal override void LogDropped(ReadOnlySpan<int> x, ReadOnlySpan<int> ageAtLastPurchase, Span<double> logs) =>
        new ParetoTerms(R, Alpha, S, Beta, (int)Unit).LogDropped(x, ageAtLastPurchase, logs);

    internal override Outlook Ahead(int x, int age, Horizon horizon) => new ParetoForecast(R, Alpha, S, Beta, (int)Unit).Of(x, age, horizon);
}
