namespace Retention.Domain.Clv;

/// <summary>
/// MBG/NBD: as <see cref="BgNbd"/>, but a customer may also drop out right after the first purchase, so that P(alive) falls for those who
/// have not come back. Batislam, Denizel &amp; Filiztekin (2007), International Journal of Research in Marketing 24(3).
/// </summary>
/// <param name="Alpha">In the unit of time.</param>
public sealed record MbgNbd(double R, double Alpha, double A, double B, TimeUnit Unit = TimeUnit.Day) : PurchaseModel(Unit)
{
    public override IReadOnlyList<double> Parameters => [R, Alpha, A, B];

    /// <summary>The maximum of the likelihood.</summary>
    public static Fit<MbgNbd> Fit(PurchaseStatistics statistics, TimeUnit unit = TimeUnit.Day) => BetaGeometric.Fit(
        statistics, unit, firstDropout: 1, found => new MbgNbd(found[0], found[1], found[2], found[3], unit));

    internal override LikelihoodTerms Terms() => new BetaGeometricTerms(R, Alpha, A, B, firstDropout: 1, (int)Unit);

    internal override void LogDropped(ReadOnlySpan<int> x, ReadOnlySpan<int> ageAtLastPurchase, Span<double> logs) =>
        new BetaGeometricTerms(R, Alpha, A, B, firstDropout: 1, (int)Unit).LogDropped(x, ageAtLastPurchase, logs);

    internal override Outlook Ahead(int x, int age, Horizon horizon) =>
        new BetaGeometricForecast(R, Alpha, A, B, firstDropout: 1, (int)Unit).Of(x, age, horizon);
}
