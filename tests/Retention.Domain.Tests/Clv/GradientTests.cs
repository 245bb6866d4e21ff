using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

public class GradientTests
{
    private static readonly PurchaseStatistics Some = PurchaseStatistics.Of(
    [
        new(0, 0, 0, 3), new(0, 0, 270, 40), new(1, 12, 40, 7), new(1, 12, 270), new(2, 200, 270, 5), new(9, 30, 250, 2), new(60, 250, 270), new(900, 2_000, 5_000),
    ]);

    public static TheoryData<PurchaseModel> Models =>
    [
        new BgNbd(.24, 4.4, .79, 2.4, TimeUnit.Week), new BgNbd(3, 200, 1, 1e-2), new BgNbd(.01, 1, 1e-4, 1e3),
        new MbgNbd(.52, 6.2, .89, 1.6, TimeUnit.Week), new MbgNbd(3, 200, 1, 1e-2),
        new ParetoNbd(.55, 10.6, .61, 11.7, TimeUnit.Week), new ParetoNbd(.55, 11.7, .61, 10.6, TimeUnit.Week), new ParetoNbd(.8, 30, 1, 30),
        new ParetoNbd(2, 500, 3, 5), new ParetoNbd(.05, 2, .3, 4_000), new ParetoNbd(.3, 1, .4, 1e6), new ParetoNbd(.3, 1e6, .4, 1), new ParetoNbd(300, 5e4, 200, 1e3),
    ];

    [Theory, MemberData(nameof(Models))]
    public void The_analytic_gradient_is_the_numeric_one(PurchaseModel model)
    {
        Func<double[], LikelihoodTerms> terms = model switch
        {
            BgNbd => point => new BgNbd(point[0], point[1], point[2], point[3], model.Unit).Terms(),
            MbgNbd => point => new MbgNbd(point[0], point[1], point[2], point[3], model.Unit).Terms(),
            _ => point => new ParetoNbd(point[0], point[1], point[2], point[3], model.Unit).Terms(),
        };

        ShouldAgree(new PurchaseLikelihood(Some, terms).At, [.. model.Parameters]);
    }

    [Theory]
    [InlineData(6.25, 3.744, 15.44)]
    [InlineData(.1, .4, 300)]
    [InlineData(2_000, 9_000, 80)]
    public void The_analytic_gradient_of_GammaGamma_is_the_numeric_one(double p, double q, double gamma) =>
        ShouldAgree(GammaGamma.Mean([new(1, 12.5, 3), new(1, 40), new(2, 33, 2), new(700, 20)]), [p, q, gamma]);

    // A difference of fourth order by the logarithm of each parameter.
    private static void ShouldAgree(Func<double[], Evaluation> likelihood, double[] point)
    {
        var gradient = likelihood(point).Gradient;
        for (var index = 0; index < point.Length; index++)
        {
            double At(double by)
            {
                var moved = (double[])point.Clone();
                moved[index] *= Math.Exp(by);
                return likelihood(moved).Value;
            }
            const double step = 2e-3;
            var numeric = (8 * (At(step) - At(-step)) - (At(2 * step) - At(-2 * step))) / (12 * step);
            gradient[index].ShouldBe(numeric, 1e-8 * Math.Max(0.1, Math.Abs(numeric)), $"parameter {index}");
        }
    }
}
