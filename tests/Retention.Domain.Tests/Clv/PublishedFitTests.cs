using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>The published fits of the CDNOW sample, with times in weeks.</summary>
public class PublishedFitTests
{
    [Fact]
    public void BgNbd_of_CDNOW_is_the_published_one() =>
        ShouldBe(statistics => BgNbd.Fit(statistics, TimeUnit.Week), -9582.4292, .2426, 4.4136, .7929, 2.4259);

    [Fact]
    public void MbgNbd_of_CDNOW_is_the_published_one() =>
        ShouldBe(statistics => MbgNbd.Fit(statistics, TimeUnit.Week), -9582.136, .5248, 6.1831, .8914, 1.6140);

    [Fact]
    public void ParetoNbd_of_CDNOW_is_the_published_one() =>
        ShouldBe(statistics => ParetoNbd.Fit(statistics, TimeUnit.Week), -9594.976, .5533, 10.578, .6062, 11.669);

    [Fact]
    public void GammaGamma_of_CDNOW_is_the_published_one()
    {
        if (Cdnow.Read() is not { } cdnow) return;

        var (model, diagnostics) = GammaGamma.Fit(cdnow.Customers.Select(customer => customer.Spend).OfType<RepeatSpend>())
            .ShouldBeOfType<Fit<GammaGamma>.Accepted>();

        diagnostics.Customers.ShouldBe(946);
        diagnostics.LogLikelihood.ShouldBe(-4055.918, 1e-3);
        ShouldBeNear([model.P, model.Q, model.Gamma], [6.250, 3.744, 15.44]);
    }

    private static void ShouldBe<TModel>(Func<PurchaseStatistics, Fit<TModel>> fit, double logLikelihood, params double[] parameters)
        where TModel : PurchaseModel
    {
        if (Cdnow.Read() is not { } cdnow) return;

        var (model, diagnostics) = fit(cdnow.Statistics).ShouldBeOfType<Fit<TModel>.Accepted>();

        diagnostics.Customers.ShouldBe(2_357);
        diagnostics.LogLikelihood.ShouldBe(logLikelihood, 1e-3);
        ShouldBeNear(model.Parameters, parameters);
    }

    private static void ShouldBeNear(IEnumerable<double> actual, IEnumerable<double> expected) =>
        actual.Zip(expected, (own, published) => Math.Abs(own / published - 1)).Max().ShouldBeLessThan(1e-3);
}
