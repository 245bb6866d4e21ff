namespace Retention.Domain.Clv;

/// <summary>The common course of the fits of the purchase models: what is refused at once, the search, and what its end means.</summary>
internal static class PurchaseFit
{
    // So many rows show where the maximum lies, to a hundredth of a logarithm or so.
    private const int SampleRows = 16_384;

    /// <param name="scale">A plausible value of each parameter.</param>
    /// <param name="noDropout">Whether parameters mean that nobody ever drops out.</param>
    public static Fit<TModel> Run<TModel>(
        PurchaseStatistics statistics, double[] scale, Func<double[], LikelihoodTerms> terms, Func<double[], bool> noDropout,
        Func<double[], TModel> model)
    {
        if (statistics.Rows == 0) return new Fit<TModel>.Refused(FitRefusal.NoCustomers, "There is no customer.", null);
        if (statistics.Frequencies[^1].Frequency == 0)
            return new Fit<TModel>.Refused(FitRefusal.NoRepeatPurchases, "Nobody has bought on a second day.", null);

        var sample = statistics.Sample(SampleRows);
        var found = LikelihoodSearch.Run(
            scale, sample == statistics ? null : new PurchaseLikelihood(sample, terms).At, new PurchaseLikelihood(statistics, terms).At);
        var boundary = noDropout(found.Parameters) ? Boundary.NoDropout : Boundary.None;
        return found.Judge(statistics.Customers, boundary, boundary == Boundary.None ? found.Parameters.Length : 2, model);
    }

    /// <summary>Mean days between the repeat purchases of all customers together, in a unit: the scale of α.</summary>
    public static double MeanInterval(PurchaseStatistics statistics, TimeUnit unit)
    {
        var (purchases, days) = (0.0, 0.0);
        foreach (var pattern in statistics.Patterns)
        {
            purchases += (double)pattern.Customers * pattern.Frequency;
            days += (double)pattern.Customers * pattern.Age;
        }
        return Math.Max(days, 1) / Math.Max(purchases, 1) / (int)unit;
    }
}
