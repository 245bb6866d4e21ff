namespace Retention.Domain.Clv;

/// <summary>What BG/NBD and MBG/NBD share beside the likelihood.</summary>
internal static class BetaGeometric
{
    // Mean dropout below which the data show none.
    private const double LeastDropout = 1e-3;

    public static Fit<TModel> Fit<TModel>(PurchaseStatistics statistics, TimeUnit unit, int firstDropout, Func<double[], TModel> model) =>
        PurchaseFit.Run(
            statistics,
            [1, PurchaseFit.MeanInterval(statistics, unit), 1, 3],
            point => new BetaGeometricTerms(point[0], point[1], point[2], point[3], firstDropout, (int)unit),
            point => point[2] / (point[2] + point[3]) < LeastDropout,
            model);
}
