namespace Retention.Domain.Clv;

/// <summary>
/// BG/NBD: while active, a customer buys at a rate λ, and after each repeat purchase drops out with a probability p; λ is gamma distributed
/// over customers with shape r and rate α, p beta distributed with a and b. Fader, Hardie &amp; Lee (2005), Marketing Science 24(2).
/// A customer can drop out only after a repeat purchase, so that everybody with x = 0 has P(alive) = 1, however long ago: lists of
/// customers at risk need <see cref="MbgNbd"/> or <see cref="ParetoNbd"/>.
/// </summary>
/// <param name="Alpha">In the unit of time.</param>
public sealed record BgNbd(double R, double Alpha, double A, double B, TimeUnit Unit = TimeUnit.Day) : PurchaseModel(Unit)
{
    public override IReadOnlyList<double> Parameters => [R, Alpha, A, B];

    /// <summary>The maximum of the likelihood.</summary>
    public static Fit<BgNbd> Fit(PurchaseStatistics statistics, TimeUnit unit = TimeUnit.Day) => BetaGeometric.Fit(
        statistics, unit, firstDropout: 0, found => new BgNbd(found[0], found[1], found[2], found[3], unit));

    internal override LikelihoodTerms Terms() => new BetaGeometricTerms(R, Alpha, A, B, firstDropout: 0, (int)Unit);

    internal override void LogDropped(ReadOnlySpan<int> x, ReadOnlySpan<int> ageAtLastPurchase, Span<double> logs) =>
        new BetaGeometricTerms(R, Alpha, A, B, firstDropout: 0, (int)Unit).LogDropped(x, ageAtLastPurchase, logs);

    internal override Outlook Ahead(int x, int age, Horizon horizon) =>
        new BetaGeometricForecast(R, Alpha, A, B, firstDropout: 0, (int)Unit).Of(x, age, horizon);
}
