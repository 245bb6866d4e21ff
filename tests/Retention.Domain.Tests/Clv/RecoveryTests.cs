using Retention.Domain.Clv;

namespace Retention.Domain.Tests.Clv;

/// <summary>Fits of customers drawn from known models.</summary>
public class RecoveryTests
{
    public static TheoryData<PurchaseModel> Models =>
    [
        new BgNbd(.6, 90, .8, 2.4), new BgNbd(1.2, 60, .3, .9, TimeUnit.Week), new MbgNbd(.6, 90, .8, 2.4), new MbgNbd(1.5, 60, .4, 1.2, TimeUnit.Week),
        new ParetoNbd(.7, 90, .6, 120), new ParetoNbd(1.2, 60, 1, 60, TimeUnit.Week),
    ];

    [Theory, MemberData(nameof(Models))]
    public void The_parameters_lie_within_three_standard_errors(PurchaseModel model)
    {
        var statistics = PurchaseStatistics.Of(Simulated.Customers(model, 30_000, (200, 1_200), seed: 1));

        var (found, diagnostics) = Fitted(model, statistics);

        diagnostics.GradientNorm.ShouldBeLessThan(1e-8);
        diagnostics.LogLikelihood.ShouldBeGreaterThan(model.LogLikelihood(statistics));
        ShouldLieWithin(found.Parameters, model.Parameters, diagnostics);
    }

    [Fact]
    public void The_parameters_of_GammaGamma_lie_within_three_standard_errors()
    {
        var model = new GammaGamma(6.25, 3.744, 15.44);
        var spends = Simulated.Spends(model, Enumerable.Range(0, 30_000).Select(index => 1 + index % 7), seed: 1);

        var (found, diagnostics) = GammaGamma.Fit(spends).ShouldBeOfType<Fit<GammaGamma>.Accepted>();

        ShouldLieWithin([found.P, found.Q, found.Gamma], [model.P, model.Q, model.Gamma], diagnostics);
    }

    [Fact]
    public void A_fit_in_weeks_is_the_fit_in_days()
    {
        var statistics = PurchaseStatistics.Of(Simulated.Customers(new ParetoNbd(.7, 90, .6, 120), 5_000, (200, 1_200), seed: 2));

        var days = ParetoNbd.Fit(statistics).ShouldBeOfType<Fit<ParetoNbd>.Accepted>().Model;
        var weeks = ParetoNbd.Fit(statistics, TimeUnit.Week).ShouldBeOfType<Fit<ParetoNbd>.Accepted>().Model;

        ShouldBeNear(weeks.Alpha * 7, days.Alpha, 1e-6);
        ShouldBeNear(weeks.S, days.S, 1e-6);
        var (customer, horizon) = (new CustomerPurchases(3, 200, 300), new Horizon(365, 0.1));
        ShouldBeNear(weeks.Score(customer, null, horizon).ExpectedPurchases, days.Score(customer, null, horizon).ExpectedPurchases, 1e-6);
        ShouldBeNear(weeks.Score(customer, null, horizon).NextPurchase!.Value.Median, days.Score(customer, null, horizon).NextPurchase!.Value.Median, 1e-6);
    }

    [Fact]
    public void Compressed_counts_give_the_fit_of_the_customers()
    {
        var customers = Simulated.Customers(new MbgNbd(.6, 90, .8, 2.4), 20_000, (200, 260), seed: 3).ToArray();
        var end = new DateOnly(2025, 6, 30);
        var spans = customers.CountBy(customer => customer).Select(pattern => new PurchaseSpan(
            end.AddDays(-pattern.Key.Age), end.AddDays(pattern.Key.AgeAtLastPurchase - pattern.Key.Age), pattern.Key.Frequency, pattern.Value));

        var statistics = PurchaseStatistics.Of(spans, end);

        statistics.Customers.ShouldBe(20_000);
        statistics.Rows.ShouldBeLessThan(15_000);
        MbgNbd.Fit(statistics).ShouldBeEquivalentTo(MbgNbd.Fit(PurchaseStatistics.Of(customers.Reverse())));
    }

    private static (PurchaseModel Model, FitDiagnostics Diagnostics) Fitted(PurchaseModel model, PurchaseStatistics statistics)
    {
        switch (model)
        {
            case BgNbd:
                var bg = BgNbd.Fit(statistics, model.Unit).ShouldBeOfType<Fit<BgNbd>.Accepted>();
                return (bg.Model, bg.Diagnostics);
            case MbgNbd:
                var mbg = MbgNbd.Fit(statistics, model.Unit).ShouldBeOfType<Fit<MbgNbd>.Accepted>();
                return (mbg.Model, mbg.Diagnostics);
            default:
                var pareto = ParetoNbd.Fit(statistics, model.Unit).ShouldBeOfType<Fit<ParetoNbd>.Accepted>();
                return (pareto.Model, pareto.Diagnostics);
        }
    }

    private static void ShouldLieWithin(IReadOnlyList<double> found, IReadOnlyList<double> known, FitDiagnostics diagnostics)
    {
        diagnostics.Boundary.ShouldBe(Boundary.None);
        var errors = diagnostics.StandardErrors.ShouldNotBeNull();
        for (var index = 0; index < known.Count; index++)
        {
            // Three standard errors of a fit that tells nothing would be easily kept.
            (errors[index] / known[index]).ShouldBeLessThan(0.15);
            Math.Abs(found[index] - known[index]).ShouldBeLessThan(3 * errors[index], $"parameter {index}: {found[index]} for {known[index]}");
        }
    }

    private static void ShouldBeNear(double actual, double expected, double relative) => actual.ShouldBe(expected, relative * Math.Abs(expected));
}
