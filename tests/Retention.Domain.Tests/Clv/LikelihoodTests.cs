using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>
/// The log-likelihood of one customer against the published formulas, with the integral of Pareto/NBD by quadrature, all computed with 30
/// digits: r, α, a, b or r, α, s, β, the days of the unit, then x, t_x and T.
/// </summary>
public class LikelihoodTests
{
    [Theory]
    [InlineData(0.2426, 4.4136, 0.7929, 2.4259, 7, 2, 200, 270, -9.413987880364126)]
    [InlineData(0.2426, 4.4136, 0.7929, 2.4259, 7, 0, 0, 0, 0.0)]
    [InlineData(0.2426, 4.4136, 0.7929, 2.4259, 7, 0, 0, 10957, -1.425019949151994)]
    [InlineData(0.2426, 4.4136, 0.7929, 2.4259, 7, 1, 1, 1, -2.94061461096899)]
    [InlineData(0.2426, 4.4136, 0.7929, 2.4259, 7, 5000, 10900, 10957, 799.924484768193)]
    [InlineData(0.2426, 4.4136, 0.7929, 2.4259, 7, 5000, 5000, 10957, 4680.089048238153)]
    [InlineData(60, 300, 1, 0.001, 1, 2, 200, 270, -42.47564036457609)]
    [InlineData(60, 300, 1, 0.001, 1, 0, 0, 0, 0.0)]
    [InlineData(60, 300, 1, 0.001, 1, 0, 0, 10957, -217.4977777019162)]
    [InlineData(60, 300, 1, 0.001, 1, 1, 1, 1, -1.812433108087255)]
    [InlineData(60, 300, 1, 0.001, 1, 5000, 10900, 10957, -8950.003740976356)]
    [InlineData(60, 300, 1, 0.001, 1, 5000, 5000, 10957, -5164.076534831859)]
    [InlineData(0.01, 1e5, 0.01, 1e6, 1, 2, 200, 270, -27.6264904817723)]
    [InlineData(0.01, 1e5, 0.01, 1e6, 1, 0, 0, 0, 0)]
    [InlineData(0.01, 1e5, 0.01, 1e6, 1, 0, 0, 10957, -0.001039725528829775)]
    [InlineData(0.01, 1e5, 0.01, 1e6, 1, 1, 1, 1, -16.11810575090782)]
    [InlineData(0.01, 1e5, 0.01, 1e6, 1, 5000, 10900, 10957, -20506.3791719879)]
    [InlineData(0.01, 1e5, 0.01, 1e6, 1, 5000, 5000, 10957, -20248.89234401663)]
    public void BgNbd_agrees_with_its_formula(
        double r, double alpha, double a, double b, int unit, int x, int last, int age, double expected) =>
        ShouldGive(new BgNbd(r, alpha, a, b, (TimeUnit)unit), new PurchasePattern(x, last, age), expected);

    [Theory]
    [InlineData(0.5248, 6.1831, 0.8914, 1.6140, 7, 2, 200, 270, -9.434392293798912)]
    [InlineData(0.5248, 6.1831, 0.8914, 1.6140, 7, 0, 0, 0, 0)]
    [InlineData(0.5248, 6.1831, 0.8914, 1.6140, 7, 0, 0, 10957, -0.9390098511970195)]
    [InlineData(0.5248, 6.1831, 0.8914, 1.6140, 7, 1, 1, 1, -2.941119488508062)]
    [InlineData(0.5248, 6.1831, 0.8914, 1.6140, 7, 5000, 10900, 10957, 794.9871774314261)]
    [InlineData(0.5248, 6.1831, 0.8914, 1.6140, 7, 5000, 5000, 10957, 4668.737340782594)]
    [InlineData(60, 300, 1, 0.001, 1, 2, 200, 270, -43.57329014817575)]
    [InlineData(60, 300, 1, 0.001, 1, 0, 0, 0, 0)]
    [InlineData(60, 300, 1, 0.001, 1, 0, 0, 10957, -0.0009995003330835332)]
    [InlineData(60, 300, 1, 0.001, 1, 1, 1, 1, -8.721187887402476)]
    [InlineData(60, 300, 1, 0.001, 1, 5000, 10900, 10957, -8950.004140976274)]
    [InlineData(60, 300, 1, 0.001, 1, 5000, 5000, 10957, -5164.076934831785)]
    public void MbgNbd_agrees_with_its_formula(
        double r, double alpha, double a, double b, int unit, int x, int last, int age, double expected) =>
        ShouldGive(new MbgNbd(r, alpha, a, b, (TimeUnit)unit), new PurchasePattern(x, last, age), expected);

    [Theory]
    [InlineData(0.5533, 10.578, 0.6062, 11.669, 7, 2, 200, 270, -9.496721654864449)]
    [InlineData(0.5533, 10.578, 0.6062, 11.669, 7, 0, 0, 0, 0.0)]
    [InlineData(0.5533, 10.578, 0.6062, 11.669, 7, 0, 0, 10957, -0.6710237232868942)]
    [InlineData(0.5533, 10.578, 0.6062, 11.669, 7, 1, 1, 1, -2.978844725321785)]
    [InlineData(0.5533, 10.578, 0.6062, 11.669, 7, 5000, 10900, 10957, 785.2182655154799)]
    [InlineData(0.5533, 10.578, 0.6062, 11.669, 7, 5000, 5000, 10957, 4643.083916314265)]
    [InlineData(0.8, 30, 1, 30, 1, 2, 200, 270, -14.80973342934447)]
    [InlineData(0.8, 30, 1, 30, 1, 0, 0, 0, 0.0)]
    [InlineData(0.8, 30, 1, 30, 1, 0, 0, 10957, -0.5877672416653765)]
    [InlineData(0.8, 30, 1, 30, 1, 1, 1, 1, -3.71615243688074)]
    [InlineData(0.8, 30, 1, 30, 1, 5000, 10900, 10957, -8926.178988953137)]
    [InlineData(0.8, 30, 1, 30, 1, 5000, 5000, 10957, -5044.32543422173)]
    [InlineData(2, 500, 3, 5, 1, 2, 200, 270, -23.36416395570133)]
    [InlineData(2, 500, 3, 5, 1, 0, 0, 0, 0.0)]
    [InlineData(2, 500, 3, 5, 1, 0, 0, 10957, -0.009779991174145219)]
    [InlineData(2, 500, 3, 5, 1, 1, 1, 1, -6.074419596232129)]
    [InlineData(2, 500, 3, 5, 1, 5000, 10900, 10957, -9143.873631928738)]
    [InlineData(2, 500, 3, 5, 1, 5000, 5000, 10957, -5495.703357683144)]
    [InlineData(0.05, 2, 0.3, 4000, 1, 2, 200, 270, -14.41704389132199)]
    [InlineData(0.05, 2, 0.3, 4000, 1, 0, 0, 0, 0.0)]
    [InlineData(0.05, 2, 0.3, 4000, 1, 0, 0, 10957, -0.4046752023514247)]
    [InlineData(0.05, 2, 0.3, 4000, 1, 1, 1, 1, -4.114692808254071)]
    [InlineData(0.05, 2, 0.3, 4000, 1, 5000, 10900, 10957, -8914.282675589375)]
    [InlineData(0.05, 2, 0.3, 4000, 1, 5000, 5000, 10957, -5018.825274410153)]
    public void ParetoNbd_agrees_with_its_integral(
        double r, double alpha, double s, double beta, int unit, int x, int last, int age, double expected) =>
        ShouldGive(new ParetoNbd(r, alpha, s, beta, (TimeUnit)unit), new PurchasePattern(x, last, age), expected);

    [Fact]
    public void Customers_with_the_same_pattern_count_each()
    {
        var model = new MbgNbd(.5, 6, .9, 1.6, TimeUnit.Week);
        var (one, other) = (new PurchasePattern(2, 30, 90), new PurchasePattern(0, 0, 40));

        var together = model.LogLikelihood(PurchaseStatistics.Of([one with { Customers = 3 }, other, one]));

        together.ShouldBe(4 * model.LogLikelihood(PurchaseStatistics.Of([one])) + model.LogLikelihood(PurchaseStatistics.Of([other])), 1e-12);
    }

    [Fact]
    public void The_sum_is_the_same_to_the_last_bit_however_the_cores_share_it()
    {
        var customers = Simulated.Customers(new ParetoNbd(.7, 90, .6, 120), 60_000, (200, 1_200), seed: 6).ToArray();
        var model = new ParetoNbd(.5, 80, .7, 100);
        var likelihood = model.LogLikelihood(PurchaseStatistics.Of(customers));

        for (var round = 0; round < 20; round++)
        {
            new Random(round).Shuffle(customers);
            model.LogLikelihood(PurchaseStatistics.Of(customers)).ShouldBe(likelihood);
        }
    }

    // The error of a logarithm near 0 is the relative error of the likelihood itself.
    private static void ShouldGive(PurchaseModel model, PurchasePattern customer, double expected) =>
        model.LogLikelihood(PurchaseStatistics.Of([customer])).ShouldBe(expected, 1e-12 * Math.Max(1, Math.Abs(expected)));
}
